/**
 * The certificate of a server: read from files, and read again when they change.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import { markOf, readText } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { RegistryListener, ServerTls } from "../server/listen.ts";
import { every } from "../server/schedule.ts";

/** Files with a certificate and its key (PEM). */
export interface TlsFiles {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** How often the files are looked at, in milliseconds. */
const LOOK_INTERVAL = 1000;

/** A certificate that is followed. */
export class FollowedTls {
  readonly #cert: string;
  readonly #key: string;
  #mark: string;
  /** The certificate and its key, as they were read last. */
  tls: ServerTls;

  private constructor(cert: string, key: string, mark: string, tls: ServerTls) {
    [this.#cert, this.#key, this.#mark, this.tls] = [cert, key, mark, tls];
  }

  /**
   * Reads the files; `undefined` where none are named.
   * @throws {InvalidInputError} when only one is named, or one cannot be read.
   * @throws {NotFoundError} when one is not there.
   */
  static async open({ tlsCert, tlsKey }: TlsFiles): Promise<FollowedTls | undefined> {
    if (tlsCert === undefined && tlsKey === undefined) return undefined;
    if (tlsCert === undefined || tlsKey === undefined) {
      throw new InvalidInputError("Cannot speak TLS: it takes both a certificate and its key", {
        remedy: "give --tls-cert FILE and --tls-key FILE",
      });
    }
    const mark = await markOf(tlsCert, tlsKey);
    return new FollowedTls(tlsCert, tlsKey, mark, await readTls(tlsCert, tlsKey));
  }

  /**
   * Has a listener use the certificate that the files have, from then on when they have changed.
   * One that cannot be used is a warning, and the earlier one stays. Ends with what is returned.
   */
  follow(
    listener: Pick<RegistryListener, "renewTls">,
    { log }: Pick<OperationOptions, "log">,
  ): Disposable {
    let isLooking = false;
    return every(LOOK_INTERVAL, async () => {
      if (isLooking) return;
      isLooking = true;
      try {
        if (await this.#renew(listener)) log?.("info", "Certificate read again", this.#facts);
      } catch (error) {
        log?.("warning", "Certificate cannot be used; the earlier one stays", {
          ...this.#facts,
          error,
        });
      } finally {
        isLooking = false;
      }
    });
  }

  get #facts() {
    return { path: this.#cert };
  }

  /** Whether there was another certificate. */
  async #renew(listener: Pick<RegistryListener, "renewTls">): Promise<boolean> {
    const mark = await markOf(this.#cert, this.#key);
    if (mark === this.#mark) return false;
    this.#mark = mark;
    const tls = await readTls(this.#cert, this.#key);
    if (tls.cert === this.tls.cert && tls.key === this.tls.key) return false;
    await listener.renewTls(tls);
    this.tls = tls;
    return true;
  }
}

async function readTls(cert: string, key: string): Promise<ServerTls> {
  const read = (path: string) =>
    readText(path).catch((error) => {
      throw explainRead(path, error);
    });
  return { cert: await read(cert), key: await read(key) };
}
