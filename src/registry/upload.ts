/**
 * Blobs to a registry.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 * @module
 */
import { IntegrityError, TransferError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/source.ts";
import { sized, streamOf } from "../core/streams.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "./bodies.ts";
import type { Channel } from "./channel.ts";
import { isFault } from "./faults.ts";
import { PART_SIZE } from "./quirks.ts";
import { checkedLocation } from "./redirects.ts";
import { backoff, DEFAULT_ATTEMPTS, isRetriedStatus, sleep } from "./retry.ts";
import type { RequestParts } from "./session.ts";

/**
 * Sends a blob: as one body, or in parts where the registry turns out to want that. After a lost
 * connection it goes on where the registry says it stopped, else begins again; it gives up after as many
 * losses in a row as requests are tried, with no byte kept in between. The registry checks the digest.
 * @throws {IntegrityError} when the source is not what the descriptor says.
 */
export async function upload(
  channel: Channel,
  blob: Descriptor,
  source: BlobSource,
  options: OperationOptions = {},
): Promise<void> {
  const sender = new BlobSender(channel, blob, source, options);
  try {
    await sender.run();
  } catch (error) {
    await sender.abandon(error);
    throw error;
  }
}

const OCTETS = { "Content-Type": "application/octet-stream" };

/** Statuses by which registries refuse a body for its size. */
const TOO_LARGE = new Set([413, 416]);

/** The bytes from `start` up to, not including, `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

class BlobSender {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #source: BlobSource;
  readonly #signal: AbortSignal | undefined;
  /** Where to go on; there is no session when absent. */
  #location: URL | undefined;
  #partSize = PART_SIZE;
  /** Bytes the registry has kept. */
  #offset = 0;
  #failures = 0;
  #renewed = false;
  #mayResume = true;
  #resumed = false;
  #sourceFailure: { readonly error: unknown } | undefined;

  constructor(channel: Channel, blob: Descriptor, source: BlobSource, options: OperationOptions) {
    this.#channel = channel;
    this.#blob = blob;
    this.#source = source;
    this.#signal = options.signal;
  }

  /** Sends until the registry has the blob. */
  async run(): Promise<void> {
    for (;;) {
      if (!this.#location && await this.#start()) return;
      const response = await this.#advance();
      if (response === undefined) await this.#recover();
      else if (response.status === 201 && this.#isFinal) return await this.#finish(response);
      else if (response.ok) await this.#proceed(response);
      else await this.#consider(response);
    }
  }

  /** Tells the registry that nothing more will come, where it still listens. */
  async abandon(error: unknown): Promise<void> {
    if (!this.#location || this.#signal?.aborted || error instanceof TransferError) return;
    try {
      await discard(await this.#channel.send("DELETE", this.#location));
    } catch (failure) {
      // The first error is the one to report; the registry forgets the session by itself.
      this.#channel.session.log?.("debug", "Cannot cancel an upload", { failure: String(failure) });
    }
  }

  /** Opens a session; `true` when the registry has the blob already. */
  async #start(): Promise<boolean> {
    this.#offset = 0;
    this.#resumed = false;
    const response = await this.#channel.send("POST", "blobs/uploads/", { signal: this.#signal });
    if (response.status === 201) {
      await discard(response);
      return true;
    }
    if (response.status !== 202) throw await this.#error(response);
    const least = Number(response.headers.get("OCI-Chunk-Min-Length") ?? 0);
    this.#partSize = Math.max(PART_SIZE, Number.isSafeInteger(least) ? least : 0);
    await this.#moveTo(response);
    return false;
  }

  /** Whether the next request is the one that closes the session. */
  get #isFinal(): boolean {
    const whole = this.#offset === 0 && this.#blob.size <= this.#channel.session.quirks.wholeLimit;
    return whole || this.#offset === this.#blob.size;
  }

  /** Where the next part ends. */
  get #partEnd(): number {
    const { size } = this.#blob;
    const limited = size > this.#channel.session.quirks.wholeLimit;
    return limited ? Math.min(size, this.#offset + this.#partSize) : size;
  }

  /** Sends the next request: everything, a part, or the end; `undefined` when the connection is lost. */
  async #advance(): Promise<Response | undefined> {
    const { size, digest } = this.#blob;
    if (this.#isFinal) {
      return await this.#send("PUT", withDigest(this.#location!, digest), {
        start: this.#offset,
        end: size,
      });
    }
    return await this.#send("PATCH", this.#location!, { start: this.#offset, end: this.#partEnd });
  }

  async #send(
    method: string,
    url: URL,
    range: Span,
  ): Promise<Response | undefined> {
    const length = range.end - range.start;
    const parts: RequestParts = {
      headers: {
        ...OCTETS,
        "Content-Length": String(length),
        ...(method === "PATCH" ? { "Content-Range": `${range.start}-${range.end - 1}` } : {}),
      },
      signal: this.#signal,
      ...(length === 0 ? {} : { body: streamOf(this.#read(range, length)) }),
    };
    try {
      return await this.#channel.send(method, url, parts);
    } catch (error) {
      if (this.#sourceFailure) throw this.#sourceFailure.error;
      this.#signal?.throwIfAborted();
      if (error instanceof TransferError || isFault(error, this.#signal)) {
        return await this.#countFailure(error);
      }
      throw error;
    }
  }

  /** The bytes of a range; a failure of the source is noted, so that it is not taken for the network's. */
  async *#read(range: Span, length: number): AsyncGenerator<Uint8Array, void> {
    try {
      const stream = await this.#source.open({ range, signal: this.#signal });
      yield* sized(stream, { digest: this.#blob.digest, size: length });
    } catch (error) {
      this.#sourceFailure = { error };
      throw error;
    }
  }

  /** Waits before another try, or gives up. */
  async #countFailure(error: unknown): Promise<undefined> {
    const { retry } = this.#channel.session;
    if (++this.#failures >= (retry.attempts ?? DEFAULT_ATTEMPTS)) throw error;
    await sleep(backoff(this.#failures, retry), retry, this.#signal);
    return undefined;
  }

  /** Finds out how far the registry got; a session that cannot say so is given up. */
  async #recover(): Promise<void> {
    const location = this.#location;
    this.#location = undefined;
    if (!location || !this.#mayResume) return;
    const response = await this.#channel.send("GET", location, { signal: this.#signal });
    await discard(response);
    const kept = keptBytes(response.headers.get("Range"));
    if (!response.ok || kept === undefined || kept > this.#blob.size) return;
    if (kept > this.#offset) this.#failures = 0;
    this.#offset = kept;
    this.#resumed = true;
    this.#location = location;
    await this.#moveTo(response);
  }

  /** After a part was taken: on to the next. */
  async #proceed(response: Response): Promise<void> {
    if (this.#isFinal) {
      // Neither created nor refused: the blob may not exist yet, so it is no success.
      throw await this.#error(response);
    }
    this.#offset = this.#partEnd;
    this.#failures = 0;
    await this.#moveTo(response);
  }

  async #finish(response: Response): Promise<void> {
    await discard(response);
    this.#location = undefined;
    const told = response.headers.get("Docker-Content-Digest");
    if (told === null || told === this.#blob.digest) return;
    throw new IntegrityError(
      `Cannot write ${
        JSON.stringify(`${this.#channel.name}@${this.#blob.digest}`)
      }: the registry ` +
        `stored it as ${JSON.stringify(told.slice(0, 200))}`,
      { expected: this.#blob.digest, actual: told.slice(0, 200) },
    );
  }

  /** Decides what a refusal means: smaller parts, a new token, another try, or the end. */
  async #consider(response: Response): Promise<void> {
    const { status } = response;
    if (this.#learnsPartSize(status) || this.#getsNewToken(status)) {
      return await this.#restart(response);
    }
    const error = await this.#error(response);
    if (!this.#mayGoOn(status, error)) throw error;
    await this.#countFailure(error);
    await this.#recover();
  }

  /** Whether a refusal of the whole blob teaches that this registry wants parts. */
  #learnsPartSize(status: number): boolean {
    const { quirks } = this.#channel.session;
    const refused = TOO_LARGE.has(status) && this.#offset === 0;
    if (!refused || this.#blob.size > quirks.wholeLimit || this.#blob.size <= PART_SIZE) {
      return false;
    }
    quirks.wholeLimit = PART_SIZE;
    return true;
  }

  /** Whether the token ran out while a body was on its way; there is a new one by now. */
  #getsNewToken(status: number): boolean {
    const first = status === 401 && !this.#renewed;
    this.#renewed ||= first;
    return first;
  }

  #mayGoOn(status: number, error: Error): boolean {
    // The session is gone, or the registry stopped elsewhere than we think.
    if (status === 404 || status === 416 || isRetriedStatus(status)) return true;
    const misplaced = error instanceof IntegrityError && this.#resumed;
    if (misplaced) this.#mayResume = false;
    return misplaced;
  }

  async #restart(response: Response): Promise<void> {
    await discard(response);
    this.#location = undefined;
  }

  /** Goes on at the `Location` of an answer; without one, where it is. */
  async #moveTo(response: Response): Promise<void> {
    await discard(response);
    const base = await this.#channel.session.base(this.#signal);
    const text = response.headers.get("Location");
    if (text === null && this.#location) return;
    this.#location = checkedLocation(text, base, this.#location ?? base);
  }

  async #error(response: Response) {
    return await this.#channel.error(response, "write", this.#blob.digest);
  }
}

/** Adds the digest to a URL whose query has to stay as it is. */
function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  url.search = `${url.search === "" ? "?" : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/**
 * Bytes that a registry has kept, from a header like `0-1023`. `0-0` is said of no byte and of one, so
 * nothing can be concluded from it.
 */
function keptBytes(range: string | null): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(range ?? "")?.[1];
  return last === undefined || Number(last) === 0 ? undefined : Number(last) + 1;
}
