/**
 * Manifests of one repository of a registry.
 * @module
 */
import { checkDigest } from "../core/content/expected_content.ts";
import { type Digest, digestAlgorithm, digestDocument, isDigest } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { retried, TransientError } from "../core/retry.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import type { BlobSource } from "../core/content/source.ts";
import { readVerified } from "../core/content/read_source.ts";
import { quote } from "../core/text.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT, type ManifestDocument, parseManifest } from "../oci/manifest.ts";
import { ACCEPTED_MANIFESTS } from "../oci/media_types.ts";
import { describeManifest, missing, type WriteContentOptions } from "../oci/store.ts";
import { discard, readBody } from "../http/bodies.ts";
import { NO_SUCH_METHOD } from "./blob_presence.ts";
import { sendFollowing } from "./moved_requests.ts";
import type { Channel } from "./session.ts";
import { otherDigest, toldDigest } from "./told_digest.ts";

/** Bytes of manifests kept in memory: the largest one, or some thousand of the usual ones. */
const CACHE_LIMIT = 2 * MANIFEST_SIZE_LIMIT;

/** Bytes of a manifest behind which what lies about is collected. */
const LARGE_MANIFEST = 1024 * 1024;

/** Asks for a manifest in any form that this program knows. */
const HEADERS = { Accept: ACCEPTED_MANIFESTS.join(", ") };

/** A manifest, and the digest under which the registry knows it. */
export interface KnownManifest {
  readonly document: ManifestDocument;
  readonly descriptor: Descriptor;
}

/** Gets and puts manifests, and remembers the latest ones. */
export class ManifestClient {
  readonly #channel: Channel;
  readonly #known = new Map<Digest, KnownManifest>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /**
   * The manifest that a tag or a digest names, verified. A tag is asked for each time; what a
   * digest names does not change, so it may come from memory.
   * @throws {NotKnownManifestError} when there is none.
   * @throws {IntegrityError} when the bytes are not those of the digest.
   */
  async get(target: string, options: OperationOptions = {}): Promise<KnownManifest> {
    const known = isDigest(target) ? this.#known.get(target) : undefined;
    if (known) return known;
    const { signal } = options;
    const parts = { headers: HEADERS, signal, bodyLimit: MANIFEST_SIZE_LIMIT };
    const response = await this.#channel.send("GET", `manifests/${target}`, parts);
    if (response.status === 404) {
      await discard(response);
      throw missing(this.#channel, target);
    }
    if (response.status !== 200) throw await this.#channel.error(response, "read", target);
    const { session } = this.#channel;
    const { href: url } = await session.base(signal);
    const request = { url, signal, stallTime: session.retry.stallTime };
    const bytes = await readBody(response, request, MANIFEST_SIZE_LIMIT);
    const digest = await this.#checkedDigest(target, response.headers, bytes);
    const document = this.#known.get(digest)?.document ??
      parseManifest(bytes, contentType(response.headers), this.#what(target));
    const found = { document, descriptor: describeManifest(document, digest) };
    this.#remember(found);
    return found;
  }

  /** Whether the registry has a manifest; one that cannot be asked has none, as of blobs. */
  async has(digest: Digest, options: OperationOptions = {}): Promise<boolean> {
    const parts = { headers: HEADERS, signal: options.signal };
    let response = await this.#channel.send("HEAD", `manifests/${digest}`, parts);
    await discard(response);
    // Some proxies let only GET pass.
    if (NO_SUCH_METHOD.has(response.status)) {
      response = await this.#channel.send("GET", `manifests/${digest}`, parts);
      await discard(response);
    }
    if (response.status === 404 || NO_SUCH_METHOD.has(response.status)) return false;
    if (response.ok) return true;
    throw await this.#channel.error(response, "look for", digest);
  }

  /** Reads a manifest from a source and stores it under a tag or its digest, as `put` does. */
  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: WriteContentOptions & { readonly tag?: string } = {},
  ): Promise<{ document: ManifestDocument; listsSubject: boolean }> {
    const { signal } = options;
    const { digest, mediaType } = descriptor;
    const bytes = await readVerified(source, descriptor, { signal, limit: MANIFEST_SIZE_LIMIT });
    const document = options.document ?? this.#known.get(digest)?.document ??
      parseManifest(bytes, mediaType);
    const stored = { document, descriptor };
    return {
      document,
      listsSubject: await this.put(stored, options.tag ?? digest, options),
    };
  }

  /**
   * Stores a manifest under a tag or its digest, and tells whether the registry also lists it as a
   * referrer of its subject.
   */
  async put(
    found: KnownManifest,
    target: string,
    options: OperationOptions = {},
  ): Promise<boolean> {
    const { document, descriptor } = found;
    const { retry: policy, log } = this.#channel.session;
    const { signal } = options;
    const response = await retried((isLast) => this.#send(document, target, { signal, isLast }), {
      ...{ what: target, policy, signal },
      onRetry: ({ message }) => log?.("info", `Writing ${target} again`, { reason: message }),
    });
    await discard(response);
    const other = otherDigest(response.headers, descriptor.digest);
    if (other !== undefined) throw this.#mismatch(target, other, descriptor.digest);
    this.#remember(found);
    return response.headers.has("OCI-Subject");
  }

  /**
   * Sends a manifest. Its bytes are right, so a digest that is called wrong may be right next time:
   * the CNCF registry reads links that are just being written for another client, and says that.
   */
  async #send(
    { mediaType, bytes }: ManifestDocument,
    target: string,
    { signal, isLast }: { readonly signal: AbortSignal | undefined; readonly isLast: boolean },
  ): Promise<Response> {
    const { response } = await sendFollowing(this.#channel, "PUT", {
      url: `manifests/${target}`,
      parts: () => ({ headers: { "Content-Type": mediaType }, body: bytes, signal }),
    });
    if (response.ok) return response;
    const error = await this.#channel.error(response, "write", target);
    if (isLast || error.facts.code !== "DIGEST_INVALID") throw error;
    throw new TransientError(error.message);
  }

  /** Forgets a manifest that was deleted. */
  forget(digest: Digest): void {
    this.#known.delete(digest);
  }

  /** The digest of a manifest: what was asked for, the registry's or ours; proved in any case. */
  async #checkedDigest(
    target: string,
    headers: Headers,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Digest> {
    const what = `${this.#channel.name}${isDigest(target) ? "@" : ":"}${target}`;
    const told = toldDigest(headers);
    if (told !== null && !isDigest(told)) {
      throw this.#mismatch(target, told, await digestDocument(bytes));
    }
    for (const digest of [told, isDigest(target) ? target : null]) {
      if (digest) {
        checkDigest(digest, await digestDocument(bytes, digestAlgorithm(digest)), what);
      }
    }
    return isDigest(target) ? target : told ?? await digestDocument(bytes);
  }

  #mismatch(target: string, told: string, computed: Digest): IntegrityError {
    const actual = told.slice(0, 200);
    return new IntegrityError(
      `Cannot accept ${this.#what(target)}: ` +
        `the registry calls it ${quote(actual)}, its bytes are ${computed}`,
      { registry: this.#channel.session.registry, expected: computed, actual },
    );
  }

  /** How errors name a manifest. */
  #what(target: string): string {
    return `manifest ${quote(target)} of ${this.#channel.name}`;
  }

  #remember(found: KnownManifest): void {
    this.#known.delete(found.descriptor.digest);
    this.#known.set(found.descriptor.digest, found);
    let size = 0;
    for (const [digest, { document }] of [...this.#known].reverse()) {
      size += document.bytes.byteLength;
      if (size > CACHE_LIMIT) this.#known.delete(digest);
    }
    // What it was read from, and parsed to before it was checked, is many times as large.
    if (found.document.bytes.byteLength > LARGE_MANIFEST) collectGarbage();
  }
}

/** The media type of an answer, without parameters. */
export function contentType(headers: Headers): string | undefined {
  const type = headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  return type === "" ? undefined : type;
}
