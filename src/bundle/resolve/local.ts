/**
 * Bundles that are not in a registry: a working directory, or an export archive.
 * @module
 */
import { basename } from "node:path";
import { InvalidInputError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { bytesSource } from "../../core/source.ts";
import { explainRead } from "../../core/file_errors.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { memoryStore } from "../../oci/memory_store.ts";
import { OverlayStore } from "../../oci/overlay_store.ts";
import { capability } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import { type ArchiveContents, BundleArchive, memberPath } from "../archive/contents.ts";
import { workdirBundle } from "../publish/content.ts";
import type { BundleRefFields } from "../documents/bundle.ts";
import type { IndexEntry } from "../documents/layer_index.ts";
import { type ReadBundle, readBundle } from "./read.ts";
import type { OpenLocalBundle } from "./resolver.ts";
import { isReserved } from "../workspace/path.ts";
import { writeBundleDocuments } from "../documents/writer.ts";

/** How to read bundles that are not in a registry. */
export interface LocalBundleOptions {
  /** Takes the files of an archive, which cannot be read in any order: a repository of the local store. */
  readonly scratch?: () => ContentStore;
  /** Where objects go for rules without a template, as for publishing. */
  readonly externalBase?: string;
}

/**
 * Makes the reader of local paths for `resolveBundle`. The bundle of a directory is what publishing it
 * would make. The bundle of an archive has one layer and one role, `default`, with all its files.
 */
export function localBundleOpener(local: LocalBundleOptions = {}): OpenLocalBundle {
  return async (path, options) => {
    const info = await statPath(path);
    if (info.isDirectory) {
      return await workdirBundle(path, { ...options, externalBase: local.externalBase });
    }
    return await archiveBundle(path, local, options);
  };
}

async function statPath(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** The layer that all files of an archive are in: archives do not record the layers of files. */
const ARCHIVE_LAYER = "workspace";

async function archiveBundle(
  path: string,
  { scratch = () => memoryStore(path) }: LocalBundleOptions,
  options: OperationOptions,
): Promise<ReadBundle> {
  const archive = await BundleArchive.open(path, options);
  const contents = await archive.contents(options);
  const files = scratch();
  await unpackInto(files, archive, { contents, path, ...operationOptions(options) });
  const written = writeBundleDocuments({
    ...archiveName(path, contents),
    roles: { default: [ARCHIVE_LAYER] },
    layers: [{ name: ARCHIVE_LAYER, entries: archiveEntries(contents) }],
  });
  const store = new OverlayStore(files);
  for (const { descriptor, bytes } of [...written.documents, written.manifest]) {
    await store.write(descriptor, bytesSource(bytes));
  }
  return await readBundle(store, written.manifest.descriptor, options);
}

/** Puts the files of an archive, which was verified, into a store. */
async function unpackInto(
  store: ContentStore,
  archive: BundleArchive,
  { contents, path, ...options }: OperationOptions & {
    readonly contents: ArchiveContents;
    readonly path: string;
  },
): Promise<void> {
  const start = capability(store, "ingest");
  if (!start) {
    throw new InvalidInputError(
      `Cannot read ${quote(path)} as a bundle: ${store.name} takes no single-pass content`,
      { path },
    );
  }
  for await (const member of archive.members(options)) {
    const file = contents.files.get(memberPath(member));
    if (file === undefined || isReserved(file.path)) continue;
    await using ingest = await start(options);
    await ingest.append(streamOf(verified(member.body, file, quote(file.path))), options);
    await ingest.commit(file.digest, options);
  }
}

function archiveEntries({ files, pointers }: ArchiveContents): IndexEntry[] {
  const stored = Array.from(files.values()).filter(({ path }) => !isReserved(path))
    .map(({ path, digest, size, mode }): IndexEntry => ({
      path,
      mode: (mode & 0o100) === 0 ? 0o644 : 0o755,
      storage: { kind: "registry", digest, size },
    }));
  // A file that is both here and pointed to is read from here.
  const external = Array.from(pointers.values()).filter(({ path }) => !files.has(path))
    .map(({ path, uri, sha256, size, tier }): IndexEntry => ({
      path,
      storage: { kind: "external", uri, sha256, size, tier },
    }));
  return [...stored, ...external];
}

/** What an archive's bundle is called: as the bundle it was made from, else after the archive. */
function archiveName(
  path: string,
  { provenance }: ArchiveContents,
): { name: string; version: string } {
  const { name, version }: BundleRefFields = provenance?.ref ?? {};
  if (name !== undefined && version !== undefined) return { name, version };
  const base = basename(path).replace(/(\.tar)?(\.zst)?$/, "").toLowerCase();
  return {
    name: base.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "archive",
    version: "0",
  };
}
