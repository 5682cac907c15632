/**
 * An OCI image layout as a store: a folder that other tools of this field read.
 * See https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 *
 * `index.json` has an entry for each tag, and one for each manifest that refers to another, since
 * that is where readers look for referrers. One process writes a layout at a time.
 * @module
 */
import { join } from "node:path";
import { digestAlgorithm, digestHex, isDigest } from "../../src/core/digest.ts";
import { InvalidInputError, UnsupportedError } from "../../src/core/errors.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { lstatIfExists, readDocument } from "../../src/core/files.ts";
import { encodeGoJson } from "../../src/core/json.ts";
import type { OperationOptions } from "../../src/core/operation.ts";
import type { BlobSource } from "../../src/core/content/source.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { verified } from "../../src/core/streams.ts";
import { compareText } from "../../src/core/text.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT, parseManifest } from "../../src/oci/manifest.ts";
import { isManifestType, MediaType } from "../../src/oci/media_types.ts";
import { referrerDescriptor } from "../../src/oci/referrer.ts";
import {
  type ContentStore,
  describeManifest,
  missing,
  type OpenContentOptions,
} from "../../src/oci/store.ts";

/** The annotation of an entry of `index.json` that is the tag. */
const REF_NAME = "org.opencontainers.image.ref.name";

/** A layout in a folder, which need not be there yet. */
export class LayoutStore implements ContentStore {
  readonly name: string;
  readonly #folder: string;
  /** Changes of `index.json`, one after the other. */
  #lastChange: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.name = `layout ${folder}`;
    this.#folder = folder;
  }

  async has(descriptor: Descriptor): Promise<boolean> {
    return await lstatIfExists(this.#blob(descriptor)) !== undefined;
  }

  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    if (!await this.has(descriptor)) throw missing(this, descriptor.digest);
    return await (await fileSource(this.#blob(descriptor))).open(options);
  }

  async write(
    descriptor: Descriptor,
    source: BlobSource,
    { signal }: OperationOptions = {},
  ): Promise<void> {
    if (!await this.has(descriptor)) {
      const stream = verified(await source.open({ signal }), descriptor);
      await writeFileAtomic(this.#blob(descriptor), stream, { mode: 0o644 });
    }
    if (!isManifestType(descriptor.mediaType)) return;
    const document = await this.#document(descriptor);
    if (document.subject === undefined) return;
    await this.#change((entries) => replaced(entries, referrerDescriptor(document)));
  }

  async resolve(target: string): Promise<Descriptor> {
    if (!isDigest(target)) {
      const entry = (await this.#entries()).find((each) => tagOf(each) === target);
      if (entry === undefined) throw missing(this, target);
      const { annotations: _tag, ...descriptor } = entry;
      return descriptor;
    }
    const blob: Descriptor = { mediaType: MediaType.octetStream, digest: target, size: 0 };
    if (!await this.has(blob)) throw missing(this, target);
    try {
      return describeManifest(await this.#document(blob), target);
    } catch (error) {
      if (!(error instanceof InvalidInputError || error instanceof UnsupportedError)) throw error;
      throw missing(this, target); // It is content, but no manifest.
    }
  }

  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    const { mediaType, digest, size } = await this.resolve(descriptor.digest);
    const entry = { mediaType, digest, size, annotations: { [REF_NAME]: tag } };
    await this.#change((entries) => replaced(entries, entry));
  }

  async *tags(): AsyncIterable<string> {
    const tags = (await this.#entries()).flatMap((entry) => tagOf(entry) ?? []);
    yield* tags.sort(compareText);
  }

  #blob({ digest }: Descriptor): string {
    return join(this.#folder, "blobs", digestAlgorithm(digest), digestHex(digest));
  }

  async #document(descriptor: Descriptor) {
    const bytes = await readDocument(this.#blob(descriptor), MANIFEST_SIZE_LIMIT);
    return parseManifest(bytes, descriptor.mediaType);
  }

  async #entries(): Promise<readonly Descriptor[]> {
    const path = join(this.#folder, "index.json");
    if (await lstatIfExists(path) === undefined) return [];
    const index = parseManifest(
      await readDocument(path, MANIFEST_SIZE_LIMIT),
      MediaType.imageIndex,
    );
    return index.kind === "index" ? index.manifests : [];
  }

  async #change(change: (entries: readonly Descriptor[]) => Descriptor[]): Promise<void> {
    const run = async () => {
      const manifests = change(await this.#entries());
      const index = { schemaVersion: 2, mediaType: MediaType.imageIndex, manifests };
      await this.#writeJson("oci-layout", { imageLayoutVersion: "1.0.0" });
      await this.#writeJson("index.json", index);
    };
    this.#lastChange = this.#lastChange.then(run, run);
    await this.#lastChange;
  }

  async #writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.#folder, name), encodeGoJson(value), { mode: 0o644 });
  }
}

function tagOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[REF_NAME];
}

/** The entries with one more, in place of what had its tag, or its digest and no tag either. */
function replaced(entries: readonly Descriptor[], entry: Descriptor): Descriptor[] {
  const tag = tagOf(entry);
  const others = entries.filter((other) =>
    tag === undefined
      ? tagOf(other) !== undefined || other.digest !== entry.digest
      : tagOf(other) !== tag
  );
  return [...others, entry];
}
