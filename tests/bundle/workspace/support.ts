/** Bundles, stores and folders for tests of workspaces. @module */
import { join } from "node:path";
import type {
  Bundle,
  BundleEntry,
  ExternalEntry,
  RegistryEntry,
} from "../../../src/bundle/documents/bundle.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { IntegrityError, NotFoundError } from "../../../src/core/errors.ts";
import { type BlobSource, bytesSource } from "../../../src/core/content/source.ts";
import { readAll } from "../../../src/core/streams.ts";
import type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
} from "../../../src/objects/object_store.ts";
import { describeBytes, type Descriptor } from "../../../src/oci/descriptor.ts";
import { type MemoryStore, memoryStore } from "../../../src/oci/memory_store.ts";
import type { ContentStore } from "../../../src/oci/store.ts";

/** The bytes of a text. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A memory store that counts what is opened. */
export function countingStore(name: string): MemoryStore & { readonly opened: string[] } {
  const store = memoryStore(name);
  const opened: string[] = [];
  const open = store.open.bind(store);
  store.open = async (descriptor, options) => {
    opened.push(descriptor.digest);
    return await open(descriptor, options);
  };
  return Object.assign(store, { opened });
}

/** Objects in memory; what is opened is counted. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  readonly opened: string[] = [];

  locate(uri: string): string {
    return uri;
  }

  stat(uri: string): Promise<ObjectFacts> {
    const bytes = this.objects.get(uri);
    if (!bytes) return Promise.reject(new NotFoundError(`Cannot find "${uri}": no such object`));
    return Promise.resolve({ uri, size: bytes.byteLength, etag: digestBytes(bytes) });
  }

  async open(uri: string, options: OpenObjectOptions = {}): Promise<ReadableStream<Uint8Array>> {
    await this.stat(uri);
    this.opened.push(uri);
    return await bytesSource(this.objects.get(uri)!).open(options);
  }

  async put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts> {
    const bytes = await readAll(await source.open(), source.size);
    if (digestHex(digestBytes(bytes)) !== options.sha256) throw new IntegrityError("other bytes");
    this.objects.set(uri, bytes);
    return await this.stat(uri);
  }
}

/** A file of a test bundle. */
export interface TestFile {
  readonly path: string;
  readonly text: string | Uint8Array;
  readonly mode?: number;
  readonly layer?: string;
}

/** Puts a file into a store and returns its entry. */
export async function registryEntry(store: ContentStore, file: TestFile): Promise<RegistryEntry> {
  const bytes = typeof file.text === "string" ? utf8(file.text) : file.text;
  const blob: Descriptor = describeBytes("application/octet-stream", bytes);
  await store.write(blob, bytesSource(bytes));
  const { path, mode, layer = "code" } = file;
  return { kind: "registry", path, layer, blob, mode };
}

/** Puts a file into an object store and returns its entry. */
export async function externalEntry(
  objects: ObjectStore,
  file: TestFile & { readonly uri?: string; readonly tier?: ExternalEntry["tier"] },
): Promise<ExternalEntry> {
  const bytes = typeof file.text === "string" ? utf8(file.text) : file.text;
  const sha256 = digestHex(digestBytes(bytes));
  const { path, mode, layer = "data", uri = `az://c/${path}`, tier } = file;
  await objects.put(uri, bytesSource(bytes), { sha256 });
  return { kind: "external", path, layer, uri, sha256, size: bytes.byteLength, tier, mode };
}

/** Entries of text files in a store. */
export async function registryEntries(
  store: ContentStore,
  files: Readonly<Record<string, string>>,
): Promise<RegistryEntry[]> {
  const found: RegistryEntry[] = [];
  for (const [path, text] of Object.entries(files)) {
    found.push(await registryEntry(store, { path, text }));
  }
  return found;
}

/** A resolved bundle over a store. */
export function bundleOver(store: ContentStore, entries: readonly BundleEntry[]): Bundle {
  const index = describeBytes("application/json", utf8("{}"));
  const layers = [...new Set(entries.map(({ layer }) => layer))];
  return {
    ref: { kind: "version", name: "my-model", version: "1.0.0" },
    manifestDigest: digestBytes(utf8("manifest")),
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    roles: { training: layers, default: layers },
    layers,
    layerIndexes: Object.fromEntries(layers.map((layer) => [layer, index])),
    externalIndexPresent: entries.some(({ kind }) => kind === "external"),
    store,
    entriesOf: (layer) => Promise.resolve(entries.filter((entry) => entry.layer === layer)),
  };
}

/** Everything below a folder: files with their text, folders with a slash, links with an arrow. */
export async function tree(root: string, prefix = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const entries = await Array.fromAsync(Deno.readDir(join(root, prefix)));
  for (const { name, isDirectory, isSymlink } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = prefix + name;
    if (isSymlink) found[path] = `-> ${await Deno.readLink(join(root, path))}`;
    else if (isDirectory) Object.assign(found, { [`${path}/`]: "" }, await tree(root, `${path}/`));
    else found[path] = await Deno.readTextFile(join(root, path));
  }
  return found;
}

/** The files of a tree that are the bundle's, and not in the reserved folder. */
export async function files(root: string): Promise<Record<string, string>> {
  const all = Object.entries(await tree(root));
  return Object.fromEntries(
    all.filter(([path]) => !path.endsWith("/") && !path.startsWith(".mops/")),
  );
}
