/**
 * The archives of a release. The same files give the same bytes.
 * @module
 */
import { basename, join } from "node:path";
import { COMPRESSIONS } from "../../src/archive/compression.ts";
import { packUstar } from "../../src/archive/tar_writer.ts";
import { digestHex, digestStream } from "../../src/core/digest.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";

/** The file that lists the digests of archives, in the form that `sha256sum --check` reads. */
export const SUMS = "SHA256SUMS";

/** A file of an archive. */
export interface ArchivePart {
  /** Path of the file. */
  readonly file: string;
  /** Its name in the archive. */
  readonly name: string;
  /** Its permission bits in the archive; those of a program when absent. */
  readonly mode?: number;
}

/** Writes a `.tar.gz` with files in it, in the order given. */
export async function writeArchive(path: string, ...parts: ArchivePart[]): Promise<void> {
  const files = await Promise.all(parts.map(async ({ file, name, mode = 0o755 }) => {
    const content = await fileSource(file);
    return { entry: { name, type: "file" as const, size: content.size, mode }, content };
  }));
  const stream = COMPRESSIONS.gzip.compress(await packUstar(files).open());
  await writeFileAtomic(path, stream, { mode: 0o644 });
}

/** Writes the digests of archives beside them, ordered by name. */
export async function writeSums(folder: string, archives: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    archives.toSorted().map(async (archive) => {
      const source = await fileSource(archive);
      const { digest } = await digestStream(await source.open());
      return `${digestHex(digest)}  ${basename(archive)}\n`;
    }),
  );
  const path = join(folder, SUMS);
  await writeFileAtomic(path, new TextEncoder().encode(lines.join("")), { mode: 0o644 });
  return path;
}
