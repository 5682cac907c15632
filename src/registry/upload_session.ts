/**
 * One upload session at a registry: the requests, without a policy of what to do when they fail.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { BlobSource, ByteRange } from "../core/source.ts";
import { sized, streamOf } from "../core/streams.ts";
import { withTimeLimit } from "../core/time_limit.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "../http/bodies.ts";
import { SourceFailure } from "../http/faults.ts";
import { type Channel, PART_SIZE } from "./session.ts";
import { checkedLocation } from "../http/redirects.ts";

/** A range with both ends. */
type Span = Required<ByteRange>;

/** Milliseconds that a registry has to cancel an upload: a person is waiting for the prompt. */
const CANCEL_TIME = 2_000;

/** An open session, at the place where the registry wants the next bytes. */
export class UploadSession {
  /** Bytes that a part has to have at least, save the last one. */
  readonly partSize: number;
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #signal: AbortSignal | undefined;
  #location: URL;

  private constructor(
    channel: Channel,
    blob: Descriptor,
    place: { location: URL; partSize: number; signal: AbortSignal | undefined },
  ) {
    this.#channel = channel;
    this.#blob = blob;
    this.#location = place.location;
    this.partSize = place.partSize;
    this.#signal = place.signal;
  }

  /** Opens a session; `undefined` when the registry says that it has the blob already. */
  static async open(
    channel: Channel,
    blob: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<UploadSession | undefined> {
    const response = await channel.send("POST", "blobs/uploads/", { signal });
    if (response.status !== 201 && response.status !== 202) {
      throw await channel.error(response, "write", blob.digest);
    }
    await discard(response);
    if (response.status === 201) return undefined;
    const base = await channel.session.base(signal);
    const location = checkedLocation(response.headers.get("Location"), base, base);
    const least = Number(response.headers.get("OCI-Chunk-Min-Length") ?? 0);
    const partSize = Math.max(PART_SIZE, Number.isSafeInteger(least) ? least : 0);
    return new UploadSession(channel, blob, { location, partSize, signal });
  }

  /** Sends the last bytes, or all of them, and the digest. */
  async finish(source: BlobSource, span: Span): Promise<Response> {
    return await this.#send("PUT", withDigest(this.#location, this.#blob.digest), source, span);
  }

  /** Sends some bytes. */
  async append(source: BlobSource, span: Span): Promise<Response> {
    const response = await this.#send("PATCH", this.#location, source, span);
    if (response.ok) await this.#follow(response);
    return response;
  }

  /**
   * How many bytes the registry has kept; `undefined` when it does not say, or the session is gone.
   * An answer of `0-0` is given for no byte and for one, so nothing follows from it.
   */
  async kept(): Promise<number | undefined> {
    const response = await this.#channel.send("GET", this.#location, { signal: this.#signal });
    await discard(response);
    const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("Range") ?? "")?.[1];
    if (!response.ok || last === undefined || Number(last) === 0) return undefined;
    await this.#follow(response);
    const kept = Number(last) + 1;
    return kept <= this.#blob.size ? kept : undefined;
  }

  /** Tells the registry to forget what it has kept, also when the operation was stopped. */
  async cancel(): Promise<void> {
    await withTimeLimit(CANCEL_TIME, async (signal) => {
      await discard(await this.#channel.send("DELETE", this.#location, { signal }));
    });
  }

  async #send(method: string, url: URL, source: BlobSource, span: Span): Promise<Response> {
    const length = span.end - span.start;
    return await this.#channel.send(method, url, {
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Length": String(length),
        ...(method === "PATCH" && { "Content-Range": `${span.start}-${span.end - 1}` }),
      },
      signal: this.#signal,
      body: length === 0 ? undefined : streamOf(this.#read(source, span)),
    });
  }

  async *#read(source: BlobSource, range: Span): AsyncGenerator<Uint8Array, void> {
    try {
      const stream = await source.open({ range, signal: this.#signal });
      yield* sized(stream, { digest: this.#blob.digest, size: range.end - range.start });
    } catch (error) {
      throw new SourceFailure(error);
    }
  }

  /** Goes on at the `Location` of an answer; without one, where it is. */
  async #follow(response: Response): Promise<void> {
    const text = response.headers.get("Location");
    if (text === null) return;
    const base = await this.#channel.session.base(this.#signal);
    this.#location = checkedLocation(text, base, this.#location);
  }
}

/** Adds the digest to a URL whose query has to stay as the registry wrote it. */
function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  const query = url.search === "" ? "?" : `${url.search}&`;
  url.search = `${query}digest=${encodeURIComponent(digest)}`;
  return url;
}
