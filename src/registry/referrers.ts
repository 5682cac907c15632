/**
 * Manifests that refer to a manifest: from the registry's endpoint, or from the tag that stands in
 * for it.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers and
 * …#referrers-tag-schema
 * @module
 */
import { ifFound } from "../core/errors.ts";
import { encodeGoJson } from "../core/json.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { ReferrerOptions } from "../oci/capabilities.ts";
import { describeBytes, type Descriptor } from "../oci/descriptor.ts";
import { type ManifestDocument, parseManifest } from "../oci/manifest.ts";
import { isManifestType, MediaType } from "../oci/media_types.ts";
import { referrerDescriptor, referrersTag } from "../oci/referrer.ts";
import type { Channel } from "./session.ts";
import { contentType, type ManifestClient } from "./manifests.ts";
import { pages } from "./pagination.ts";

/** Statuses by which registries without the endpoint answer. */
const NO_ENDPOINT = new Set([400, 404, 405, 501]);

/** Lists referrers, and keeps the list itself where the registry does not. */
export class ReferrerClient {
  readonly #channel: Channel;
  readonly #manifests: ManifestClient;
  /** Changes of lists, one after the other: each reads the list, adds to it and writes it. */
  #lastChange: Promise<void> = Promise.resolve();

  constructor(channel: Channel, manifests: ManifestClient) {
    this.#channel = channel;
    this.#manifests = manifests;
  }

  /** The referrers of a manifest, each once. */
  async *list(
    subject: Descriptor,
    options: ReferrerOptions = {},
  ): AsyncGenerator<Descriptor, void> {
    const seen = new Set<string>([subject.digest]);
    for await (const referrer of this.#all(subject, options)) {
      if (seen.has(referrer.digest) || !isManifestType(referrer.mediaType)) continue;
      seen.add(referrer.digest);
      const { artifactType } = options;
      if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer;
    }
  }

  /** Adds a manifest to its subject's list, for a registry that did not do so itself. */
  async add(document: ManifestDocument, options: OperationOptions = {}): Promise<void> {
    await this.#change(document, options, (list, added) => {
      const isThere = list.some(({ digest }) => digest === added.digest);
      return isThere ? list : [...list, added];
    });
  }

  /** Takes a manifest off its subject's list. */
  async remove(document: ManifestDocument, options: OperationOptions = {}): Promise<void> {
    await this.#change(
      document,
      options,
      (list, removed) => list.filter(({ digest }) => digest !== removed.digest),
    );
  }

  async *#all(subject: Descriptor, options: ReferrerOptions): AsyncGenerator<Descriptor, void> {
    const { session } = this.#channel;
    if (!session.noReferrers) {
      if (yield* this.#fromEndpoint(subject, options)) return;
      session.noReferrers = true;
    }
    yield* await this.#fromTag(subject, options);
  }

  /** Lists from the endpoint; `false` when there is none. */
  async *#fromEndpoint(
    subject: Descriptor,
    options: ReferrerOptions,
  ): AsyncGenerator<Descriptor, boolean> {
    const { session, path, name } = this.#channel;
    const { artifactType, signal } = options;
    const query = artifactType ? `?artifactType=${encodeURIComponent(artifactType)}` : "";
    const what = `referrers of "${name}@${subject.digest}"`;
    const found = pages(session, `/v2/${path}/referrers/${subject.digest}${query}`, {
      signal,
      action: `list the ${what}`,
      missing: NO_ENDPOINT,
      headers: { Accept: MediaType.imageIndex },
    });
    let exists = false;
    for await (const { response, bytes } of found) {
      // Some servers answer everything they do not know with an HTML page.
      if (contentType(response.headers) === "text/html") return false;
      const index = parseManifest(bytes, MediaType.imageIndex, what);
      if (index.kind === "index") yield* index.manifests;
      exists = true;
    }
    return exists;
  }

  async #fromTag(subject: Descriptor, options: OperationOptions): Promise<readonly Descriptor[]> {
    const found = await ifFound(this.#manifests.get(referrersTag(subject), options));
    return found?.document.kind === "index" ? found.document.manifests : [];
  }

  /** Changes the list of a manifest's subject, if it has one. */
  async #change(
    document: ManifestDocument,
    options: OperationOptions,
    edit: (list: readonly Descriptor[], referrer: Descriptor) => readonly Descriptor[],
  ): Promise<void> {
    const { subject } = document;
    if (!subject) return;
    const referrer = referrerDescriptor(document);
    const change = this.#lastChange.then(async () => {
      const list = await this.#fromTag(subject, options);
      const edited = edit(list, referrer);
      if (edited.length !== list.length) await this.#writeList(subject, edited, options);
    });
    // A change that failed is its caller's to report; the next one starts afresh.
    this.#lastChange = change.catch(() => {});
    await change;
  }

  async #writeList(
    subject: Descriptor,
    manifests: readonly Descriptor[],
    options: OperationOptions,
  ): Promise<void> {
    const mediaType = MediaType.imageIndex;
    const bytes = encodeGoJson({ schemaVersion: 2, mediaType, manifests });
    const list = { document: parseManifest(bytes), descriptor: describeBytes(mediaType, bytes) };
    await this.#manifests.put(list, referrersTag(subject), options);
  }
}
