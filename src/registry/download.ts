/**
 * Blobs from a registry.
 * @module
 */
import { quote } from "../core/text.ts";
import { IntegrityError, type ModelOpsError, TransferError } from "../core/errors.ts";
import type { Digest } from "../core/digest.ts";
import { rangeBounds, type ToFileOptions } from "../core/source.ts";
import { streamOf } from "../core/streams.ts";
import { checkEncoding, discard } from "../http/bodies.ts";
import { transientFault } from "../http/faults.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { missing, type OpenContentOptions } from "../oci/store.ts";
import type { ReceivableContent } from "../transfer/resuming_reader.ts";
import { answerBody, openResuming, receiveResuming } from "../transfer/resuming_reader.ts";
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
  const { range, signal, ...toFile } = options;
  const { start, end } = rangeBounds(range, blob.size);
  const { retry, log } = channel.session;
  const receiving = { position: start, end, what: blob.digest, retry, signal, log };
  const requests = new BlobRequests(channel, blob, end, end - start);
  return await receiveResuming(contentOf(requests, signal), path, { ...receiving, ...toFile });
}

function contentOf(requests: BlobRequests, signal: AbortSignal | undefined): ReceivableContent {
  return {
    ask: async (position, watch) => await requests.ask(position, watch.signal),
    explain: (error) => transientFault(error, signal),
    giveUp: ({ message }, { position }) => requests.lost(message, position),
    tooLong: requests.tooLong,
  };
}

/** Asks for a blob, and checks the answers. */
class BlobRequests {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #end: number;
  /** What messages call the blob. */
  readonly #name: string;
  readonly #bytesToFile: number | undefined;

  constructor(channel: Channel, blob: Descriptor, end: number, bytesToFile?: number) {
    this.#channel = channel;
    this.#blob = blob;
    this.#end = end;
    this.#name = quote(`${channel.name}@${blob.digest}`);
    this.#bytesToFile = bytesToFile;
  }

  /** The error when more comes than the blob has; a range may be followed by the rest. */
  get tooLong(): (() => Error) | undefined {
    const { size } = this.#blob;
    return this.#end < size ? undefined : () => this.wrongSize(`more than ${size}`);
  }

  async ask(position: number, signal: AbortSignal) {
    const { digest, size } = this.#blob;
    const whole = position === 0 && this.#end === size;
    const response = await this.#channel.send("GET", `blobs/${digest}`, {
      headers: whole ? {} : { Range: `bytes=${position}-${this.#end - 1}` },
      signal,
      bytesToFile: this.#bytesToFile,
    });
    try {
      const start = await this.#check(response, whole ? undefined : position);
      return { start, body: answerBody(response) };
    } catch (error) {
      await discard(response);
      throw error;
    }
  }

  /** Checks that an answer is what was asked for, and returns the position of its first byte. */
  async #check(response: Response, from: number | undefined): Promise<number> {
    const { digest } = this.#blob;
    if (response.status === 404) throw missing(this.#channel, digest);
    if (response.status !== 200 && response.status !== 206) {
      throw await this.#channel.error(response, "read", digest);
    }
    checkEncoding(response.headers, (await this.#channel.session.base()).href);
    if (response.status === 206) return this.#checkRange(response, from);
    const length = response.headers.get("Content-Length");
    if (length !== null && Number(length) !== this.#blob.size) throw this.wrongSize(length);
    return 0;
  }

  #checkRange(response: Response, from: number | undefined): number {
    const text = response.headers.get("Content-Range") ?? "";
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text) ?? [];
    if (from === undefined || Number(first) !== from || !(Number(last) < this.#end)) {
      const want = `bytes ${from ?? 0}-${this.#end - 1}/${this.#blob.size}`;
      throw new TransferError(
        `Cannot read ${this.#name}: got Content-Range ${quote(text)}, want ${quote(want)}`,
        { registry: this.#channel.session.registry, expected: want, actual: text },
      );
    }
    if (total !== "*" && Number(total) !== this.#blob.size) throw this.wrongSize(total ?? "");
    return from;
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
