/**
 * Blobs from a registry.
 * @module
 */
import { quote } from "../core/text.ts";
import { IntegrityError, type ModelOpsError, TransferError } from "../core/errors.ts";
import type { Digest } from "../core/digest.ts";
import { rangeBounds, type ToFileOptions } from "../core/content/source.ts";
import { streamOf } from "../core/streams.ts";
import { checkEncoding, discard } from "../http/bodies.ts";
import { transientFault } from "../http/faults.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { missing, type OpenContentOptions } from "../oci/store.ts";
import { answerBody, RangeRefused, type ReceivableContent } from "../transfer/resumable.ts";
import { openResuming, receiveResuming } from "../transfer/resuming_reader.ts";
import type { Channel } from "./session.ts";

/**
 * Opens a blob, or a range of it. When the connection is lost the stream goes on where it stopped:
 * the same digest is the same bytes. It gives up after as many losses in a row as requests are
 * tried, with no byte in between.
 * @throws {NotFoundError} when the repository does not have the blob.
 * @throws {IntegrityError} when the registry's blob has another size.
 */
export async function download(
  channel: Channel,
  blob: Descriptor,
  options: OpenContentOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const { start, end } = rangeBounds(options.range, blob.size);
  if (start === end && blob.size > 0) return streamOf([]);
  const { retry, log } = channel.session;
  const { signal } = options;
  const reading = { position: start, end, what: blob.digest, retry, signal, log };
  return await openResuming(contentOf(new BlobRequests(channel, blob, end), signal), reading);
}

/**
 * Writes a blob, or a range of it, into a file, going on as {@linkcode download} does.
 * @returns the digest of the file up to the end of the range, where an algorithm is given.
 */
export async function downloadToFile(
  channel: Channel,
  blob: Descriptor,
  path: string,
  options: ToFileOptions = {},
): Promise<Digest | undefined> {
  const { range, signal, onlyRange = false, ...toFile } = options;
  const { start, end } = rangeBounds(range, blob.size);
  const { retry, log } = channel.session;
  const receiving = { position: start, end, what: blob.digest, retry, signal, log };
  const requests = new BlobRequests(channel, blob, end, { bytesToFile: end - start, onlyRange });
  const content = contentOf(requests, signal);
  const receivable = onlyRange ? { ...content, askAll: undefined } : content;
  return await receiveResuming(receivable, path, { ...receiving, ...toFile });
}

function contentOf(requests: BlobRequests, signal: AbortSignal | undefined): ReceivableContent {
  return {
    ask: async (position, watch) => await requests.ask(position, watch.signal),
    askAll: async (watch) => await requests.askAll(watch.signal),
    explain: (error) => error instanceof RangeRefused ? error : transientFault(error, signal),
    giveUp: ({ message }, { position }) => requests.lost(message, position),
    tooLong: requests.tooLong,
  };
}

/** Answers with the whole blob, where the rest was asked for, that are taken. */
const MOST_BEGINNINGS = 5;

/** What becomes of the bytes that are asked for. */
interface BlobUse extends Pick<ToFileOptions, "onlyRange"> {
  /** How many of them go into a file. */
  readonly bytesToFile?: number;
}

/** Asks for a blob, and checks the answers. */
class BlobRequests {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #end: number;
  /** What messages call the blob. */
  readonly #name: string;
  readonly #use: BlobUse;
  /** The version of the blob in the last answer, where that said one. */
  #etag: string | undefined;
  #begunAnew = 0;

  constructor(channel: Channel, blob: Descriptor, end: number, use: BlobUse = {}) {
    this.#channel = channel;
    this.#blob = blob;
    this.#end = end;
    this.#name = quote(`${channel.name}@${blob.digest}`);
    this.#use = use;
  }

  /** The error when more comes than the blob has; a range may be followed by the rest. */
  get tooLong(): (() => Error) | undefined {
    const { size } = this.#blob;
    return this.#end < size ? undefined : () => this.wrongSize(`more than ${size}`);
  }

  /** Asks for the bytes from `position` on. */
  async ask(position: number, signal: AbortSignal) {
    if (position === 0 && this.#end === this.#blob.size) return await this.askAll(signal);
    return await this.#exchange({ Range: `bytes=${position}-${this.#end - 1}` }, {
      signal,
      check: async (response) => {
        if (response.status === 416) throw await this.#refused(response);
        if (response.status === 200 && this.#use.onlyRange) {
          throw new RangeRefused("all bytes", this.#wrongRange(response, position));
        }
        return response.status === 206
          ? this.#checkRange(response, position)
          : await this.#checkWhole(response, position);
      },
    });
  }

  /** Asks for the whole blob. */
  async askAll(signal: AbortSignal) {
    return await this.#exchange({}, {
      signal,
      check: async (response) => await this.#checkWhole(response, 0),
    });
  }

  /** `check` gives the position of the first byte. */
  async #exchange(headers: Readonly<Record<string, string>>, { signal, check }: {
    readonly signal: AbortSignal;
    readonly check: (response: Response) => Promise<number>;
  }) {
    const { digest } = this.#blob;
    const parts = { headers, signal, bytesToFile: this.#use.bytesToFile };
    const response = await this.#channel.send("GET", `blobs/${digest}`, parts);
    try {
      return { start: await check(response), body: answerBody(response) };
    } catch (error) {
      await discard(response);
      throw error;
    }
  }

  /** Checks an answer that has the whole blob, though bytes from `position` on were wanted. */
  async #checkWhole(response: Response, position: number): Promise<number> {
    const { digest, size } = this.#blob;
    if (response.status === 404) throw missing(this.#channel, digest);
    if (response.status !== 200) throw await this.#channel.error(response, "read", digest);
    await this.#checkEncoding(response);
    this.#etag = strongTag(response);
    const length = response.headers.get("Content-Length");
    if (length !== null && Number(length) !== size) throw this.wrongSize(length);
    if (position > 0 && ++this.#begunAnew > MOST_BEGINNINGS) {
      throw this.#wrongRange(response, position);
    }
    return 0;
  }

  /** Checks an answer that has a part of the blob: the one that was asked for. */
  async #checkRange(response: Response, position: number): Promise<number> {
    await this.#checkEncoding(response);
    const text = response.headers.get("Content-Range") ?? "";
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text) ?? [];
    const { size } = this.#blob;
    const fits = Number(first) === position && Number(last) < this.#end &&
      (total === "*" || Number(total) === size);
    const etag = strongTag(response);
    if (!fits) throw new RangeRefused("another range", this.#wrongRange(response, position));
    if (this.#etag !== undefined && etag !== undefined && etag !== this.#etag) {
      throw new RangeRefused("its content changed", this.lost("its content changed", position));
    }
    this.#etag = etag;
    return position;
  }

  async #checkEncoding({ headers }: Response): Promise<void> {
    checkEncoding(headers, (await this.#channel.session.base()).href);
  }

  async #refused(response: Response): Promise<RangeRefused> {
    const error = await this.#channel.error(response, "read", this.#blob.digest);
    return new RangeRefused(`status ${response.status}`, error);
  }

  #wrongRange({ headers }: Response, position: number): TransferError {
    const text = headers.get("Content-Range") ?? "";
    const want = `bytes ${position}-${this.#end - 1}/${this.#blob.size}`;
    return new TransferError(
      `Cannot read ${this.#name}: got Content-Range ${quote(text)}, want ${quote(want)}`,
      { registry: this.#channel.session.registry, expected: want, actual: text },
    );
  }

  lost(reason: string, position: number): ModelOpsError {
    return new TransferError(
      `Cannot read ${this.#name}: ${reason} after ${position} of ${this.#end} bytes`,
      { registry: this.#channel.session.registry, expected: this.#end, actual: position },
    );
  }

  wrongSize(got: string): ModelOpsError {
    const { size } = this.#blob;
    return new IntegrityError(
      `Cannot accept ${this.#name}: got ${got} bytes, want ${size}`,
      { registry: this.#channel.session.registry, expected: size, actual: got },
    );
  }
}

/** The entity tag of an answer, unless it is a weak one, which does not tell bytes apart. */
function strongTag({ headers }: Response): string | undefined {
  const etag = headers.get("ETag");
  return etag?.startsWith('"') ? etag : undefined;
}
