/**
 * An export archive as a bundle.
 * @module
 */
import { basename } from "../../core/runtime/path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { bytesSource } from "../../core/content/source.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import { overlayStore } from "../../oci/overlay_store.ts";
import { anonymousBlob, type ContentStore } from "../../oci/store.ts";
import { type ArchiveContents, ArchiveReader, memberPath } from "../archive/contents.ts";
import type { BundleEntry, BundleRefFields } from "../documents/bundle.ts";
import { writeDocuments } from "../documents/writer.ts";
import { isReserved } from "../workspace/path.ts";
import { type ReadBundle, readBundle, type ReadBundleOptions } from "./read.ts";

/** The layer that all files of an archive are in: archives do not record the layers of files. */
const ARCHIVE_LAYER = "workspace";

/**
 * Reads an archive as a bundle of one layer and one role, `default`, with all its files.
 *
 * @param files Takes the files, which an archive does not give in any order.
 * @throws {InvalidInputError | IntegrityError} when the archive cannot be read.
 */
export async function archiveBundle(
  path: string,
  files: ContentStore,
  { keeper, ...options }: ReadBundleOptions,
): Promise<ReadBundle> {
  const archive = await ArchiveReader.open(path, options);
  const contents = await archive.contents(options);
  await unpackInto(files, archive, { contents, path, ...operationOptions(options) });
  const written = writeDocuments({
    ...archiveName(path, contents),
    roles: { default: [ARCHIVE_LAYER] },
    layers: [{ name: ARCHIVE_LAYER, entries: archiveEntries(contents) }],
  });
  const store = overlayStore(files);
  for (const { descriptor, bytes } of [...written.documents, written.manifest]) {
    await store.write(descriptor, bytesSource(bytes));
  }
  return await readBundle(store, written.manifest.descriptor, { ...options, keeper });
}

/** Puts the files of an archive, which was verified, into a store. */
async function unpackInto(
  store: ContentStore,
  archive: ArchiveReader,
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

function archiveEntries({ files, pointers }: ArchiveContents): BundleEntry[] {
  const layer = ARCHIVE_LAYER;
  const stored = Array.from(files.values()).filter(({ path }) => !isReserved(path))
    .map(({ path, digest, size, mode }): BundleEntry => ({
      kind: "registry",
      path,
      layer,
      mode: (mode & 0o100) === 0 ? 0o644 : 0o755,
      blob: anonymousBlob(digest, size),
    }));
  // A file that is both here and pointed to is read from here.
  const external = Array.from(pointers.values()).filter(({ path }) => !files.has(path))
    .map((pointer): BundleEntry => ({ ...pointer, kind: "external", layer }));
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
