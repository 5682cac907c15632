/**
 * Whether a registry has a blob.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { discard } from "../http/bodies.ts";
import type { Channel } from "./session.ts";

/** Statuses by which a server says that it does not know a method. */
export const NO_SUCH_METHOD: ReadonlySet<number> = new Set([405, 501]);

/**
 * The registry's answer about a blob; `undefined` when it does not have it. Some know no HEAD for
 * blobs: they are asked with GET, whose body is not read. One that knows neither is taken not to
 * have it, since sending it shows what is wrong, if anything is.
 * @throws {ModelOpsError} when it refuses to tell.
 */
export async function askForBlob(
  channel: Channel,
  digest: Digest,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Response | undefined> {
  const { noHead = false } = await channel.session.limits();
  const ask = async (method: string) => {
    const response = await channel.send(method, `blobs/${digest}`, { signal });
    await discard(response);
    return response;
  };
  let response = await ask(noHead ? "GET" : "HEAD");
  if (!noHead && NO_SUCH_METHOD.has(response.status)) {
    await channel.session.learn({ noHead: true });
    response = await ask("GET");
  }
  if (response.ok) return response;
  if (response.status === 404 || NO_SUCH_METHOD.has(response.status)) return undefined;
  throw await channel.error(response, "look for", digest);
}

/** Blobs that are asked about before a repository is taken to have none of those that follow. */
const ASKED_FIRST = 16;

/** Bytes of a blob that are sent as fast as the registry is asked whether it has them. */
const CHEAP_TO_SEND = 16 * 1024;

/**
 * Whether asking about one more blob of a repository is worth a request: of thousands of small
 * files that are new, each request for nothing counts as much as a file. One that turns out to be
 * there brings the questions back.
 */
export class WorthAsking {
  #absent = 0;
  #found = 0;

  /** Takes note of an answer. */
  note(found: boolean): void {
    if (found) this.#found++;
    else this.#absent++;
  }

  /** Whether to ask about a blob of that size, in bytes. */
  isAsked(size: number): boolean {
    return size > CHEAP_TO_SEND || this.#found > 0 || this.#absent < ASKED_FIRST;
  }
}
