/**
 * A repository in a registry, as a content store.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource, bytesSource, type ToFileOptions } from "../core/content/source.ts";
import { later } from "../core/runtime/later.ts";
import { quote } from "../core/text.ts";
import type {
  Origin,
  ReferrerOptions,
  StoreCapabilities,
  WriteStreamOptions,
} from "../oci/capabilities.ts";
import { methods } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { isManifestType } from "../oci/media_types.ts";
import { isRepositoryName, isTag } from "../oci/reference.ts";
import type { ContentStore, OpenContentOptions } from "../oci/store.ts";
import { anonymousBlob, missing } from "../oci/store.ts";
import { discard } from "../http/bodies.ts";
import { askForBlob, WorthAsking } from "./blob_presence.ts";
import { ManifestClient } from "./manifests.ts";
import { listNames } from "./pagination.ts";
import { ReferrerClient } from "./referrers.ts";
import { Channel, type RegistrySession } from "./session.ts";
import { sendFollowing } from "./moved_requests.ts";

// A push with nothing to send needs none of these.
const downloads = later(() => import("./download.ts"));
const uploads = later(() => import("./upload.ts"));
const notes = later(() => import("./upload_notes.ts"));

/** One repository of a registry. */
export class RegistryRepository implements ContentStore, Partial<StoreCapabilities> {
  /** What people call the store in messages. */
  readonly name: string;
  readonly #channel: Channel;
  readonly #manifests: ManifestClient;
  readonly #referrers: ReferrerClient;
  /** Blobs that the registry just said it does not have, so that writing need not ask again. */
  readonly #absent = new Set<Digest>();
  readonly #worthAsking = new WorthAsking();

  /**
   * Opens the repository at a path of a registry; nothing is sent.
   * @throws {InvalidInputError} when `path` cannot be the path of a repository.
   */
  constructor(session: RegistrySession, path: string) {
    if (!isRepositoryName(path)) {
      throw new InvalidInputError(`Cannot use repository ${quote(path)}: not a valid name`);
    }
    this.#channel = new Channel(session, path);
    this.#manifests = new ManifestClient(this.#channel);
    this.#referrers = new ReferrerClient(this.#channel, this.#manifests);
    this.name = this.#channel.name;
  }

  /** As {@linkcode ContentStore.capabilities} says. */
  get capabilities(): Partial<StoreCapabilities> {
    return methods(this, [
      "stat",
      "origin",
      "mount",
      "writeTagged",
      "writeStream",
      "referrers",
      "delete",
      "untag",
      "toFile",
      "isWorthAsking",
      "elsewhere",
    ]);
  }

  /** As {@linkcode StoreCapabilities.isWorthAsking} says. */
  isWorthAsking({ mediaType, size }: Descriptor): boolean {
    return isManifestType(mediaType) || this.#worthAsking.isAsked(size);
  }

  /** As {@linkcode ContentStore.has} says. */
  async has(descriptor: Descriptor, options: OperationOptions = {}): Promise<boolean> {
    const { digest } = descriptor;
    const isBlob = !isManifestType(descriptor.mediaType);
    const found = isBlob
      ? await askForBlob(this.#channel, digest, options) !== undefined
      : await this.#manifests.has(digest, options);
    if (isBlob) this.#worthAsking.note(found);
    if (found && isBlob) await (await notes()).dropNote(this.#channel, descriptor);
    if (found) this.#absent.delete(digest);
    else this.#absent.add(digest);
    return found;
  }

  /** As {@linkcode StoreCapabilities.stat} says. */
  async stat(digest: Digest, options: OperationOptions = {}): Promise<Descriptor> {
    const response = await askForBlob(this.#channel, digest, options);
    if (!response) throw missing(this, digest);
    const size = Number(response.headers.get("content-length") ?? NaN);
    if (Number.isSafeInteger(size) && size >= 0) return anonymousBlob(digest, size);
    throw await this.#channel.error(response, "look for", digest);
  }

  /** As {@linkcode ContentStore.open} says. */
  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    if (!isManifestType(descriptor.mediaType)) {
      const { download } = await downloads();
      return await download(this.#channel, descriptor, options);
    }
    const { document } = await this.#manifests.get(descriptor.digest, options);
    return await bytesSource(document.bytes).open(options);
  }

  /** As {@linkcode StoreCapabilities.toFile} says. */
  async toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined> {
    const { downloadToFile } = await downloads();
    return await downloadToFile(this.#channel, descriptor, path, options);
  }

  /** As {@linkcode StoreCapabilities.elsewhere} says: what a Dragonfly daemon brought, directly. */
  async elsewhere({ digest }: Descriptor, failure: unknown): Promise<boolean> {
    const { session, path } = this.#channel;
    return await session.distrust(`/v2/${path}/blobs/${digest}`, failure);
  }

  /**
   * Takes content in; the registry verifies blobs. A manifest that refers to another is also put on
   * its subject's list where the registry does not do that.
   */
  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions = {},
  ): Promise<void> {
    const { digest } = descriptor;
    const isUnknown = !this.#absent.has(digest) && this.isWorthAsking(descriptor);
    if (isUnknown && await this.has(descriptor, options)) return;
    if (isManifestType(descriptor.mediaType)) {
      await this.#writeManifest(descriptor, source, options);
    } else {
      const { upload } = await uploads();
      await upload(this.#channel, descriptor, source, options);
    }
    this.#absent.delete(digest);
  }

  /** As {@linkcode StoreCapabilities.writeTagged} says. */
  async writeTagged(
    manifest: Descriptor,
    source: BlobSource,
    tag: string,
    options: OperationOptions = {},
  ): Promise<void> {
    await this.#writeManifest(manifest, source, { ...options, tag });
    this.#absent.delete(manifest.digest);
  }

  /** As {@linkcode StoreCapabilities.writeStream} says. */
  async writeStream(
    stream: ReadableStream<Uint8Array>,
    options?: WriteStreamOptions,
  ): Promise<Descriptor | undefined> {
    const { uploadStream } = await import("./upload_stream.ts");
    return await uploadStream(this.#channel, stream, options);
  }

  async #writeManifest(
    manifest: Descriptor,
    source: BlobSource,
    options: OperationOptions & { readonly tag?: string },
  ): Promise<void> {
    const { document, listsSubject } = await this.#manifests.write(manifest, source, options);
    if (!listsSubject) await this.#referrers.add(document, options);
  }

  /**
   * The descriptor of the manifest that a tag or a digest names. The manifest is read, not only
   * asked about: some registries answer HEAD with wrong digests and sizes, and reading it
   * afterwards then costs no request.
   */
  async resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    return (await this.#manifests.get(target, options)).descriptor;
  }

  /** As {@linkcode ContentStore.tag} says. */
  async tag(descriptor: Descriptor, tag: string, options: OperationOptions = {}): Promise<void> {
    const found = await this.#manifests.get(descriptor.digest, options);
    await this.#manifests.put(found, tag, options);
  }

  /** The tags in bytewise order; none when the registry does not know the repository. */
  tags(options: OperationOptions = {}): AsyncIterable<string> {
    const { session, path, name } = this.#channel;
    return listNames(session, `/v2/${path}/tags/list`, {
      signal: options.signal,
      action: `list the tags of ${quote(name)}`,
      missing: new Set([404]),
      key: "tags",
      what: `tags of ${name}`,
      accept: isTag,
    });
  }

  /** As {@linkcode StoreCapabilities.origin} says. */
  origin(): Origin {
    return { place: this.#channel.session, repository: this.#channel.path };
  }

  /** Takes a blob over from another repository of the same registry and client. */
  async mount(
    descriptor: Descriptor,
    from: Origin,
    options: OperationOptions = {},
  ): Promise<boolean> {
    const { session, path } = this.#channel;
    if (from.place !== session || from.repository === path) return false;
    if (isManifestType(descriptor.mediaType)) return false;
    const query = new URLSearchParams({ mount: descriptor.digest, from: from.repository });
    const { response, url } = await sendFollowing(this.#channel, "POST", {
      url: `blobs/uploads/?${query}`,
      parts: () => ({ signal: options.signal }),
    });
    await discard(response);
    if (response.status === 202) await this.#cancel(response, url, options);
    // After any other answer the blob is written, which shows what is wrong if anything is.
    return response.status === 201;
  }

  /** As {@linkcode StoreCapabilities.referrers} says. */
  referrers(subject: Descriptor, options: ReferrerOptions = {}): AsyncIterable<Descriptor> {
    return this.#referrers.list(subject, options);
  }

  /**
   * Removes a manifest or a blob, and a manifest that refers to another from the list of its
   * subject.
   * @throws {UnsupportedError} when the registry does not allow that.
   */
  async delete(descriptor: Descriptor, options: OperationOptions = {}): Promise<void> {
    const { digest } = descriptor;
    if (!isManifestType(descriptor.mediaType)) return await this.#delete("blobs", digest, options);
    const { document } = await this.#manifests.get(digest, options);
    await this.#delete("manifests", digest, options);
    this.#manifests.forget(digest);
    if (this.#channel.session.noReferrers) await this.#referrers.remove(document, options);
  }

  /**
   * Removes a tag and leaves the manifest.
   * @throws {UnsupportedError} when the registry can delete only manifests.
   */
  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await this.#delete("manifests", tag, options);
  }

  async #delete(
    kind: "blobs" | "manifests",
    target: string,
    { signal }: OperationOptions,
  ): Promise<void> {
    const response = await this.#channel.send("DELETE", `${kind}/${target}`, { signal });
    if (response.ok) return await discard(response);
    const error = await this.#channel.error(response, "delete", target);
    if (response.status === 404) throw missing(this, target);
    const refused = response.status === 405 || error.facts.code === "UNSUPPORTED" ||
      isTag(target) && response.status === 400;
    if (!refused) throw error;
    throw new UnsupportedError(error.message, { ...error.facts, remedy: deleteRemedy(target) });
  }

  async #cancel(response: Response, url: URL, { signal }: OperationOptions): Promise<void> {
    const { uploadLocation } = await import("./upload_session.ts");
    const location = await uploadLocation(this.#channel, response, { url, signal });
    await discard(await this.#channel.send("DELETE", location, { signal }));
  }
}

function deleteRemedy(target: string): string {
  return isTag(target)
    ? "delete the manifest by its digest, which removes all of its tags"
    : "ask whoever runs the registry to allow deleting";
}
