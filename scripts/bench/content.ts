/**
 * What is packaged, moved and unpacked: random files, so that nothing can be compressed.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import type { Hash } from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { CHUNK_SIZE } from "../../src/core/streams.ts";

/** The shapes of content. */
export const CONTENTS = {
  large: { files: 4, share: 1 / 4 },
  one: { files: 1, share: 1 },
  small: { files: 2000, bytes: 1024 },
  many: { files: 10_000, bytes: 1024 },
  layers: { files: 1000, bytes: 1024 },
  huge: { files: 8, bytes: 1024 ** 3 },
} as const;

/** The name of a shape. */
export type ContentName = keyof typeof CONTENTS;

/** One file. */
export interface ContentFile {
  readonly name: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** A folder of files, with a Modelfile and a Kitfile that name them all. */
export interface Content {
  readonly folder: string;
  /** Without the Modelfile and the Kitfile. */
  readonly files: readonly ContentFile[];
  /** Sum of the files, in bytes. */
  readonly size: number;
}

/** Milliseconds after which a file's times tell a later write apart, so that digests are cached. */
const SETTLED_MS = 3000;

/** Writes the files of a shape; `size` is the sum of the large files, in bytes. */
export async function makeContent(
  folder: string,
  name: ContentName,
  size: number,
): Promise<Content> {
  const shape = CONTENTS[name];
  const bytes = "bytes" in shape ? shape.bytes : Math.ceil(size * shape.share);
  await Deno.mkdir(folder, { recursive: true });
  const files: ContentFile[] = [];
  for (let index = 0; index < shape.files; index++) {
    const file = `weights-${String(index).padStart(4, "0")}.bin`;
    files.push({ name: file, digest: await randomFile(join(folder, file), bytes) });
  }
  await Deno.writeTextFile(join(folder, "Modelfile"), "NAME bench\nMODEL *.bin\n");
  await Deno.writeTextFile(join(folder, "Kitfile"), kitfile(files));
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  return { folder, files, size: bytes * shape.files };
}

/**
 * The same files, new to everybody, in an empty folder; attributes of the files do not come along.
 */
export async function copyContent(content: Content, folder: string): Promise<Content> {
  for await (const { name } of Deno.readDir(content.folder)) {
    await Deno.copyFile(join(content.folder, name), join(folder, name));
  }
  return { ...content, folder };
}

/** JSON is YAML too. */
function kitfile([first, ...rest]: readonly ContentFile[]): string {
  const parts = rest.map(({ name }) => ({ path: name }));
  const model = { name: "bench", path: first?.name, parts };
  return JSON.stringify({ manifestVersion: "1.0.0", package: { name: "bench" }, model });
}

/** Writes a file of random bytes and returns its digest. */
async function randomFile(path: string, size: number): Promise<string> {
  const hash = createHash("sha256");
  await writeFileAtomic(path, hashed(randomChunks(size), hash), { flush: false });
  return `sha256:${hash.digest("hex")}`;
}

function* randomChunks(size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK_SIZE) yield randomBytes(Math.min(left, CHUNK_SIZE));
}

async function* hashed(chunks: Iterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Sum of the files below a folder, in bytes. */
export async function folderSize(folder: string): Promise<number> {
  let size = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) size += await folderSize(path);
    if (entry.isFile) size += (await Deno.stat(path)).size;
  }
  return size;
}

/** Removes what is in a folder, or makes the folder. */
export async function emptyFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.remove(join(folder, name), { recursive: true });
  }
}

/** Files from which on removing them would slow down whoever writes files next. */
const MANY_FILES = 100;

/**
 * How folders are emptied between runs with a content. Few files are removed, so that nobody pays
 * for writing them back. Many small ones are put aside, in a folder of the same disk: an ext4
 * without a journal does not use an inode again that was freed in the last minute, and passes all
 * of them in search of another. After 2,000 files were removed, making one took 0.5 ms, and 0.02 ms
 * otherwise.
 */
export function emptier({ files }: Content, aside: string): (folder: string) => Promise<void> {
  return files.length < MANY_FILES ? emptyFolder : (folder) => putAside(folder, aside);
}

/** Moves what is in a folder to a new folder below another, or makes the folder. */
async function putAside(folder: string, aside: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.mkdir(aside, { recursive: true });
  const place = await Deno.makeTempDir({ dir: aside });
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.rename(join(folder, name), join(place, name));
  }
}
