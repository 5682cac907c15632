/**
 * One upload session at a registry: the requests, without a policy of what to do when they fail.
 * See
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import type { BlobSource, ByteRange } from "../core/content/source.ts";
import { observed, sized } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { withTimeLimit } from "../core/waiting/time_limit.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { discard } from "../http/bodies.ts";
import { SourceFailure } from "../http/faults.ts";
import { checkedLocation } from "../http/redirects.ts";
import { sendFollowing } from "./moved_requests.ts";
import type { Channel, RequestParts } from "./session.ts";
import { otherDigest } from "./told_digest.ts";

/** A range with both ends. */
type Span = Required<ByteRange>;

/**
 * Milliseconds that a registry has for the last word on an upload: a person is waiting for the
 * prompt.
 */
const LAST_WORD_TIME = 2_000;

/** How much a registry has kept: a count of bytes, or that it does not say or know. */
export type Kept = number | "unknown" | "gone";

/** An open session, at the place where the registry wants the next bytes. */
export class UploadSession {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #signal: AbortSignal | undefined;
  #location: URL;
  /** The byte after the last one that was handed to the network. */
  #handedTo = 0;

  private constructor(
    channel: Channel,
    blob: Descriptor,
    { location, signal }: { readonly location: URL; readonly signal: AbortSignal | undefined },
  ) {
    this.#channel = channel;
    this.#blob = blob;
    this.#location = location;
    this.#signal = signal;
  }

  /** Opens a session; `undefined` when the registry says that it has the blob already. */
  static async open(
    channel: Channel,
    blob: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<UploadSession | undefined> {
    const location = await openPlace(channel, blob.digest, signal);
    return location && new UploadSession(channel, blob, { location, signal });
  }

  /** Takes up a session of an earlier run: where it stands has to be asked next. */
  static async at(
    channel: Channel,
    blob: Descriptor,
    { location, signal }: { readonly location: string; readonly signal: AbortSignal | undefined },
  ): Promise<UploadSession> {
    const base = await channel.session.base(signal);
    const place = checkedLocation(location, base, base);
    const session = new UploadSession(channel, blob, { location: place, signal });
    session.#handedTo = blob.size;
    return session;
  }

  /** Where it goes on; whoever has this can write to it. */
  get location(): string {
    return this.#location.href;
  }

  /** Sends the last bytes, or all of them, and the digest. */
  async finish(source: BlobSource, span: Span): Promise<Response> {
    const url = withDigest(this.#location, this.#blob.digest);
    return (await this.#send("PUT", url, source, span)).response;
  }

  /** Sends some bytes. */
  async append(source: BlobSource, span: Span): Promise<Response> {
    const { response, url } = await this.#send("PATCH", this.#location, source, span);
    if (response.ok) await this.#follow(response, url);
    return response;
  }

  /**
   * How many bytes the registry has kept. An answer of `0-0` is given for no byte and for one, so
   * nothing follows from it; nor from a count of bytes that were never sent.
   */
  async kept(signal = this.#signal): Promise<Kept> {
    const response = await this.#channel.send("GET", this.#location, { signal });
    await discard(response);
    if (response.status === 404 || response.status === 410) return "gone";
    const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("Range") ?? "")?.[1];
    if (!response.ok || last === undefined || Number(last) === 0) return "unknown";
    await this.#follow(response, this.#location);
    const kept = Number(last) + 1;
    return kept <= this.#handedTo ? kept : "unknown";
  }

  /** How many bytes the registry has kept of an upload that was stopped, if it says so soon. */
  async left(): Promise<Kept> {
    return await withTimeLimit(LAST_WORD_TIME, (signal) => this.kept(signal));
  }

  /** Tells the registry to forget what it has kept, also when the operation was stopped. */
  async cancel(): Promise<void> {
    await withTimeLimit(LAST_WORD_TIME, async (signal) => {
      await discard(await this.#channel.send("DELETE", this.#location, { signal }));
    });
  }

  async #send(method: string, url: URL, source: BlobSource, span: Span) {
    const length = span.end - span.start;
    const parts = (): RequestParts => ({
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Length": String(length),
        ...(method === "PATCH" && { "Content-Range": `${span.start}-${span.end - 1}` }),
      },
      signal: this.#signal,
      body: length === 0 ? undefined : this.#read(source, span),
      // What the registry kept has to be asked before anything is sent again.
      once: true,
    });
    return await sendFollowing(this.#channel, method, { url, parts });
  }

  #read(source: BlobSource, range: Span): ReadableStream<Uint8Array> {
    const expected = { digest: this.#blob.digest, size: range.end - range.start };
    const open = async () => sized(await source.open({ range, signal: this.#signal }), expected);
    let position = range.start;
    return observed(open, {
      chunk: ({ byteLength }) => {
        position += byteLength;
        this.#handedTo = Math.max(this.#handedTo, position);
      },
      failed: (error) => new SourceFailure(error),
    });
  }

  async #follow(response: Response, asked: URL): Promise<void> {
    const where = { url: asked, signal: this.#signal };
    this.#location = await nextLocation(this.#channel, response, where) ?? this.#location;
  }
}

/**
 * Opens a session for `what`, and gives its place; `undefined` when the registry says that it has
 * it already. Takes note of how large parts have to be.
 */
export async function openPlace(
  channel: Channel,
  what: string,
  signal: AbortSignal | undefined,
): Promise<URL | undefined> {
  const parts = () => ({ signal });
  const { response, url } = await sendFollowing(channel, "POST", { url: "blobs/uploads/", parts });
  if (response.status !== 201 && response.status !== 202) {
    throw await channel.error(response, "write", what);
  }
  await discard(response);
  if (response.status === 201) return undefined;
  await noteLeastPart(channel, response);
  return await uploadLocation(channel, response, { url, signal });
}

/** An upload that is taken up by another run is not told once more. */
async function noteLeastPart({ session }: Channel, { headers }: Response): Promise<void> {
  const said = Number(headers.get("OCI-Chunk-Min-Length") ?? 0);
  const leastPart = Number.isSafeInteger(said) && said > 0 ? said : undefined;
  if (leastPart !== (await session.limits()).leastPart) await session.learn({ leastPart });
}

/** Where the answer to a request says that an upload is: its Location may be relative to that. */
export async function uploadLocation(
  channel: Channel,
  response: Response,
  { url, signal }: { readonly url: URL; readonly signal?: AbortSignal },
): Promise<URL> {
  const base = await channel.session.base(signal);
  return checkedLocation(response.headers.get("Location"), base, url);
}

/**
 * Checks the answer to the last bytes of a blob. Only "created" means that it exists.
 * @throws {IntegrityError} when the registry calls it by another digest.
 */
export async function checkStored(
  channel: Channel,
  response: Response,
  digest: Digest,
): Promise<void> {
  if (response.status !== 201) throw await channel.error(response, "write", digest);
  await discard(response);
  const other = otherDigest(response.headers, digest);
  if (other === undefined) return;
  const actual = other.slice(0, 200);
  throw new IntegrityError(
    `Cannot write ${quote(`${channel.name}@${digest}`)}: the registry stored it as ${
      quote(actual)
    }`,
    { registry: channel.session.registry, expected: digest, actual },
  );
}

/** Where the answer to some bytes says that the next ones go; `undefined` when it says nothing. */
export async function nextLocation(
  channel: Channel,
  response: Response,
  asked: { readonly url: URL; readonly signal?: AbortSignal },
): Promise<URL | undefined> {
  return response.headers.get("Location")
    ? await uploadLocation(channel, response, asked)
    : undefined;
}

/** Adds the digest to a URL whose query has to stay as the registry wrote it. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  const query = url.search === "" ? "?" : `${url.search}&`;
  url.search = `${query}digest=${encodeURIComponent(digest)}`;
  return url;
}
