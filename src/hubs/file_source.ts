/**
 * The bytes of one file of a hub.
 * @module
 */
import { IntegrityError, TransferError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { StallWatch } from "../core/waiting/time_limit.ts";
import { codingOf, discard } from "../http/bodies.ts";
import { transientFault } from "../http/faults.ts";
import { answerBody, RangeRefused, type ResumedAnswer } from "../transfer/resumable.ts";
import { openResuming } from "../transfer/resuming_reader.ts";
import type { TransferSource } from "../transfer/transfer_options.ts";
import type { HubClient } from "./client.ts";
import { contentCheck } from "./content_check.ts";
import type { HubFile } from "./hub.ts";

/**
 * A file of a hub as a source, whose streams go on over lost connections. They fail with an
 * {@linkcode IntegrityError} when the server's file has another size, and with a
 * {@linkcode TransferError} when the connection is lost too often in a row.
 */
export function hubFileSource(client: HubClient, file: HubFile): TransferSource {
  const { path: what, size } = file;
  const { retry, log } = client;
  return {
    size,
    async open({ range, signal } = {}) {
      const { start: position, end = size } = range ?? { start: 0 };
      const requests = new FileRequests(client, file);
      return await openResuming({
        ask: (position, watch) => requests.ask(position, watch),
        askAll: (watch) => requests.ask(0, watch),
        explain: (error) => transientFault(error, signal),
        giveUp: ({ message }, { position }) => requests.lost(message, position),
        tooLong: end === size ? () => requests.tooLong() : undefined,
      }, { position, end, what, compareRepeated: !requests.promised, retry, signal, log });
    },
  };
}

/** Asks for a file, and checks the answers. */
class FileRequests {
  readonly #client: HubClient;
  readonly #file: HubFile;
  /** Whether the hub says what the content is. */
  readonly promised: boolean;
  /** The version of the content that the first bytes came from, where the server says one. */
  #etag: string | undefined;
  #size: number | undefined;

  constructor(client: HubClient, file: HubFile) {
    this.#client = client;
    this.#file = file;
    this.promised = contentCheck(file) !== undefined;
    this.#size = file.size;
  }

  async ask(position: number, { signal }: StallWatch): Promise<ResumedAnswer> {
    const { url, headers } = await this.#file.request();
    const response = await this.#client.send(url, {
      headers: { ...headers, "Accept-Encoding": "identity", ...this.#rangeHeaders(position) },
      accept: [416],
      bytesToFile: this.#size === undefined ? undefined : this.#size - position,
      signal,
    });
    try {
      const start = this.#check(response, position);
      return { start, end: this.#size, body: answerBody(response) };
    } catch (error) {
      await discard(response);
      throw error;
    }
  }

  /** The error for a connection that was lost too often, or an answer that is of no use. */
  lost(found: string, position: number): TransferError {
    const { path } = this.#file;
    const size = this.#size ?? "unknown";
    return new TransferError(
      `Cannot download ${quote(path)}: ${found} after ${position} of ${size} bytes`,
      { path, actual: position, expected: this.#size },
    );
  }

  /** The error for an answer that does not go on; what was asked for no range stays as it is. */
  #refused(found: string, position: number): Error {
    const error = this.lost(found, position);
    return position === 0 ? error : new RangeRefused(found, error);
  }

  /** The error for a file that goes on after its end. */
  tooLong(): IntegrityError {
    return this.#wrongSize(`more than ${this.#size}`);
  }

  /** Bytes of unknown content are only continued when the server says that it is still the same. */
  #rangeHeaders(position: number): Record<string, string> {
    if (position === 0 || !this.promised && this.#etag === undefined) return {};
    const range = { Range: `bytes=${position}-` };
    return this.#etag === undefined ? range : { ...range, "If-Range": this.#etag };
  }

  /** Finds out which bytes the server sends: those that were asked for, or all of them. */
  #check(response: Response, position: number): number {
    if (response.status === 416) throw this.#refused("the server has no more bytes", position);
    if (response.status === 206) {
      const range = response.headers.get("Content-Range") ?? "";
      const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
      if (Number(first) !== position) {
        throw this.#refused(`got Content-Range ${quote(range)}`, position);
      }
      if (total !== "*") this.#checkSize(Number(total));
      return position;
    }
    const etag = response.headers.get("ETag") ?? undefined;
    this.#etag = etag?.startsWith('"') ? etag : undefined;
    const length = response.headers.get("Content-Length");
    if (length !== null && codingOf(response.headers) === undefined) {
      this.#checkSize(Number(length));
    }
    return 0;
  }

  #checkSize(size: number): void {
    this.#size ??= size;
    if (size !== this.#size) throw this.#wrongSize(size);
  }

  #wrongSize(got: number | string): IntegrityError {
    const { path } = this.#file;
    return new IntegrityError(
      `Cannot accept ${quote(path)}: got ${got} bytes, want ${this.#size}`,
      { path, expected: this.#size, actual: got },
    );
  }
}
