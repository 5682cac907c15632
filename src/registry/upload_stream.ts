/**
 * Content whose digest is not known yet, to a registry: read once, hashed on the way.
 * @module
 */
import { type Digest, Digester } from "../core/digest.ts";
import { digested, sized, streamOf } from "../core/streams.ts";
import { isAbort, TransferError } from "../core/errors.ts";
import { discard } from "../http/bodies.ts";
import { SourceFailure } from "../http/faults.ts";
import type { WriteStreamOptions } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { anonymousBlob } from "../oci/store.ts";
import { sendFollowing } from "./moved_requests.ts";
import type { Channel, RequestParts } from "./session.ts";
import { checkStored, nextLocation, openPlace, withDigest } from "./upload_session.ts";

/**
 * Sends content in one request, and its digest in a second. `undefined` when that did not work, for
 * whatever reason of the network or the registry: a stream cannot be read again, so the content has
 * to be sent as one whose digest is known, which says what is wrong if anything is.
 * @throws what the stream throws; {@link TransferError} when the registry cannot be reached before
 * anything is read: whoever hashes terabytes first would hear of it hours later.
 */
export async function uploadStream(
  channel: Channel,
  stream: ReadableStream<Uint8Array>,
  options: WriteStreamOptions = {},
): Promise<Descriptor | undefined> {
  const { largestBody = Infinity, wholeOnly = false } = await channel.session.limits();
  const sending = new StreamSender(channel, stream, options);
  const fits = (options.size ?? Infinity) <= largestBody;
  try {
    return fits && !wholeOnly ? await sending.run() : undefined;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof SourceFailure) throw error.error;
    if (isAbort(error) || error instanceof TransferError && !sending.isBegun) throw error;
    options.log?.("debug", "Cannot send content while it is hashed", { error: String(error) });
    return undefined;
  } finally {
    await sending.end();
  }
}

class StreamSender {
  readonly #channel: Channel;
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #options: WriteStreamOptions;
  readonly #digester = new Digester();
  /** Where the upload goes on; nowhere before it was begun and when it is finished. */
  #location: URL | undefined;

  constructor(
    channel: Channel,
    stream: ReadableStream<Uint8Array>,
    options: WriteStreamOptions,
  ) {
    this.#channel = channel;
    this.#stream = stream;
    this.#options = options;
  }

  /** Whether the registry has given the content a place. */
  get isBegun(): boolean {
    return this.#location !== undefined;
  }

  async run(): Promise<Descriptor | undefined> {
    const { signal } = this.#options;
    this.#location = await openPlace(this.#channel, "blob", signal);
    if (!this.#location || !await this.#sendAll(this.#location)) return undefined;
    const digest = this.#digester.digest();
    return await this.#finish(this.#location, digest)
      ? anonymousBlob(digest, this.#digester.size)
      : undefined;
  }

  /** Sends the content; whether the registry took it. */
  async #sendAll(location: URL): Promise<boolean> {
    const { size, signal } = this.#options;
    const headers = {
      "Content-Type": "application/octet-stream",
      ...(size === undefined ? {} : {
        "Content-Length": String(size),
        "Content-Range": `0-${Math.max(0, size - 1)}`,
      }),
    };
    const parts = (): RequestParts => ({
      headers,
      body: streamOf(this.#read()),
      signal,
      once: true,
    });
    const sent = await sendFollowing(this.#channel, "PATCH", { url: location, parts });
    await discard(sent.response);
    if (!sent.response.ok) return false;
    this.#location = await nextLocation(this.#channel, sent.response, sent) ?? this.#location;
    return true;
  }

  async #finish(location: URL, digest: Digest): Promise<boolean> {
    const { signal } = this.#options;
    const parts = () => ({ headers: { "Content-Length": "0" }, signal, once: true });
    const url = withDigest(location, digest);
    const { response } = await sendFollowing(this.#channel, "PUT", { url, parts });
    if (response.status !== 201) {
      await discard(response);
      return false;
    }
    this.#location = undefined;
    await checkStored(this.#channel, response, digest);
    return true;
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    // Sent on to another place it is read already.
    if (this.#stream.locked) throw new Error("The content cannot be read again");
    const { size } = this.#options;
    const chunks = size === undefined ? this.#stream : sized(this.#stream, { size });
    try {
      yield* digested(chunks, this.#digester);
    } catch (error) {
      throw new SourceFailure(error);
    }
  }

  /** Lets go of the stream, and lets the registry forget what was not finished. */
  async end(): Promise<void> {
    // One that broke needs no cancelling.
    if (!this.#stream.locked) await this.#stream.cancel().catch(() => undefined);
    if (this.#location === undefined) return;
    try {
      await discard(await this.#channel.send("DELETE", this.#location));
    } catch (failure) {
      // The registry forgets it by itself.
      this.#options.log?.("debug", "Cannot cancel an upload", { failure: String(failure) });
    }
  }
}
