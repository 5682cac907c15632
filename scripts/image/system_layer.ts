/**
 * Layers of an image: archives of files without owners and times, so that the same files give the
 * same layer.
 * See https://github.com/opencontainers/image-spec/blob/main/layer.md
 * @module
 */
import { dirname, join } from "node:path";
import { COMPRESSIONS } from "../../src/archive/compression.ts";
import { packUstar, type UstarFile } from "../../src/archive/tar_writer.ts";
import { type Digest, Digester } from "../../src/core/digest.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { digested, transformed } from "../../src/core/streams.ts";
import { compareText } from "../../src/core/text.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { ContentStore } from "../../src/oci/store.ts";

/** Media type of a layer. */
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";

/** What one layer of a system has. */
export interface SystemLayer {
  /** What it brings, in the words of the image's history. */
  readonly title: string;
  /** Files by their absolute path; all may be read by everyone. */
  readonly files: Readonly<Record<string, SystemFile>>;
  /** Folders by their absolute path, and their permission bits, beside those that files are in. */
  readonly folders?: Readonly<Record<string, number>>;
}

/** A file of a layer. */
export interface SystemFile {
  readonly content: BlobSource;
  /** Whether it is a program or a library. */
  readonly executable?: boolean;
}

/** A layer that was written. */
export interface WrittenLayer {
  readonly title: string;
  readonly descriptor: Descriptor;
  /** Digest of the archive before it is compressed. */
  readonly diffId: Digest;
}

/** A file with a text. */
export function textFile(text: string): SystemFile {
  return { content: bytesSource(new TextEncoder().encode(text)) };
}

/** The archive of a layer: parents before what is in them, by name. */
export function packLayer({ files, folders = {} }: Omit<SystemLayer, "title">): BlobSource {
  const all = new Map<string, UstarFile>();
  const addFolder = (path: string, mode: number) => {
    if (path === "/") return;
    addFolder(dirname(path), 0o755);
    if (all.has(path) && mode === 0o755) return;
    const entry = { name: path.slice(1), type: "directory", size: 0, mode } as const;
    all.set(path, { entry, content: bytesSource(new Uint8Array()) });
  };
  for (const [path, mode] of Object.entries(folders)) addFolder(path, mode);
  for (const [path, { content, executable }] of Object.entries(files)) {
    addFolder(dirname(path), 0o755);
    const mode = executable ? 0o755 : 0o644;
    const entry = { name: path.slice(1), type: "file", size: content.size, mode } as const;
    all.set(path, { entry, content });
  }
  const ordered = [...all].sort(([a], [b]) => compareText(a, b));
  return packUstar(ordered.map(([, file]) => file));
}

/** Compresses a layer into a file of the folder `scratch`, and writes it into a store. */
export async function writeLayer(
  store: ContentStore,
  layer: SystemLayer,
  scratch: string,
): Promise<WrittenLayer> {
  const [before, after] = [new Digester(), new Digester()];
  const archive = transformed(await packLayer(layer).open(), (all) => digested(all, before));
  const path = join(scratch, "layer");
  await writeFileAtomic(path, digested(COMPRESSIONS.gzip.compress(archive), after));
  const descriptor = { mediaType: LAYER_TYPE, digest: after.digest(), size: after.size };
  await store.write(descriptor, await fileSource(path));
  await Deno.remove(path);
  return { title: layer.title, descriptor, diffId: before.digest() };
}
