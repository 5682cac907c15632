/**
 * The program in one file that runs on every Linux: a script of the shell, and behind it an archive
 * of the runtime and the bundle. The same tree and packages give the same file.
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPRESSIONS } from "../../src/archive/compression.ts";
import { packUstar } from "../../src/archive/tar_writer.ts";
import { digestBytes, digestHex, digestStream } from "../../src/core/digest.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { compareText } from "../../src/core/text.ts";
import config from "../../deno.json" with { type: "json" };
import { BUNDLE_ENTRY } from "../bundle.ts";
import { permissionFlags } from "../compile/permissions.ts";
import { RUN_WORDS } from "../compile/run_words.ts";
import type { LinuxRuntime } from "../runtime/linux_runtime.ts";

/** The names under which the loader lies: a process is called what it was started as. */
const NAMES = ["modctl", "modelops", "modelops-bundles"];

/** What `uname -m` says on each machine. */
const MACHINES: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** A file of the archive; all of them lie in one folder. */
interface PortableFile {
  readonly content: BlobSource;
  readonly executable: boolean;
}

/** Writes the program for a machine into a file that can be run. */
export async function writePortable(
  path: string,
  runtime: LinuxRuntime,
  bundleFolder: string,
): Promise<void> {
  const files = await portableFiles(runtime, bundleFolder);
  const sums = new TextEncoder().encode(await sumsOf(files));
  files.set("SUMS", { content: bytesSource(sums), executable: false });
  const archive = packUstar(
    [...files].sort(([a], [b]) => compareText(a, b)).map(([name, { content, executable }]) => ({
      entry: { name, type: "file", size: content.size, mode: executable ? 0o700 : 0o600 },
      content,
    })),
  );
  const script = await stub({
    VERSION: config.version,
    MACHINE: MACHINES[runtime.architecture.name]!,
    SUMS: digestHex(digestBytes(sums)),
    PLACE: `${config.version}-${digestHex(digestBytes(sums)).slice(0, 16)}`,
    SIZE_MIB: String(Math.ceil(archive.size / 2 ** 20)),
    RUN: [...RUN_WORDS, ...permissionFlags()].join(" "),
    ENTRY: BUNDLE_ENTRY,
  });
  await writeFileAtomic(path, whole(script, archive), { mode: 0o755 });
}

async function* whole(script: Uint8Array, archive: BlobSource) {
  yield script;
  yield* COMPRESSIONS.gzip.compress(await archive.open());
}

async function portableFiles(
  { deno, loader, libraries }: LinuxRuntime,
  bundleFolder: string,
): Promise<Map<string, PortableFile>> {
  const files = new Map<string, PortableFile>([["deno", { content: deno, executable: true }]]);
  for (const name of NAMES) files.set(name, { content: loader.content, executable: true });
  for (const { path, content } of [loader, ...libraries]) {
    files.set(basename(path), { content, executable: true });
  }
  for await (const { name } of Deno.readDir(bundleFolder)) {
    files.set(name, { content: await fileSource(join(bundleFolder, name)), executable: false });
  }
  return files;
}

/** The digests of files, in the form that `sha256sum -c` reads. */
async function sumsOf(files: ReadonlyMap<string, PortableFile>): Promise<string> {
  const lines = await Promise.all(Array.from(files, async ([name, { content }]) => {
    const { digest } = await digestStream(await content.open());
    return `${digestHex(digest)}  ${name}\n`;
  }));
  return lines.sort(compareText).join("");
}

/** Where the script says the position of the first byte behind it, counted from 1. */
const ARCHIVE_AT = "@ARCHIVE_AT@";

/** The script with its values, among them where it ends. */
async function stub(values: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const template = await Deno.readTextFile(fileURLToPath(new URL("./stub.sh", import.meta.url)));
  const filled = template.replace(/@([A-Z_]+)@/g, (all, name) => {
    if (all === ARCHIVE_AT) return all;
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot fill in ${all} of the script`);
    return value;
  });
  // The position takes as much as the mark for it, so that it does not move what it tells.
  const length = new TextEncoder().encode(filled).byteLength;
  const position = String(length + 1).padEnd(ARCHIVE_AT.length);
  return new TextEncoder().encode(filled.replace(ARCHIVE_AT, position));
}
