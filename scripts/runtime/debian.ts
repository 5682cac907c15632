/**
 * Packages of Debian for any architecture, from the sources that this machine's apt has. The index
 * is a private one beside the packages: nothing of the machine changes, and nobody has to be root.
 * @module
 */
import { join } from "node:path";
import type { Digest } from "../../src/core/digest.ts";
import { outputOf } from "../programs.ts";

/** What the name of a package's file says. */
export interface DebianName {
  readonly name: string;
  readonly version: string;
  /** `all` where it is the same for every machine. */
  readonly architecture: string;
}

/** A package that apt has brought. */
export interface DebianFile {
  /** Path of the archive. */
  readonly path: string;
  /** Its digest in the signed index. */
  readonly digest: Digest;
  /** Whose it is: `debian`, `ubuntu`. */
  readonly distribution: string;
}

/** After so many milliseconds the index is asked for again: a day. */
const INDEX_AGE = 24 * 60 * 60 * 1000;

/**
 * Fetches packages into a folder; what is there in the version of the index stays.
 * @throws {Error} when a package cannot be had.
 */
export async function fetchDebian(
  architecture: string,
  names: readonly string[],
  folder: string,
): Promise<DebianFile[]> {
  const index = join(folder, `apt-${architecture}`);
  const flags = await indexFlags(index, architecture);
  const stamp = join(index, "updated");
  const isOld = Date.now() - await writtenAt(stamp) > INDEX_AGE;
  // It ends well also where some source cannot be reached: what is missing shows below.
  if (isOld) await outputOf("apt-get", [...flags, "update"]);
  const listed = await outputOf("apt-get", [...flags, "--print-uris", "download", ...names]);
  const files = parseUris(listed);
  if (files.length !== names.length) throw new Error(`apt-get names ${files.length} packages`);
  if (isOld) await Deno.writeTextFile(stamp, "");
  await outputOf("apt-get", [...flags, "download", ...names], { cwd: folder });
  const distribution = await distributionName();
  return files.map(({ file, digest }) => ({ path: join(folder, file), digest, distribution }));
}

/** Makes room for a private index, and gives the flags that use it. */
async function indexFlags(folder: string, architecture: string): Promise<string[]> {
  const status = join(folder, "status");
  for (const part of ["state/lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(join(folder, part), { recursive: true });
  }
  // What is installed on this machine is nothing to these packages.
  await Deno.writeTextFile(status, "");
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Dir::State": join(folder, "state"),
    "Dir::State::status": status,
    "Dir::Cache": join(folder, "cache"),
  };
  return ["-q", ...Object.entries(settings).flatMap(([key, to]) => ["-o", `${key}=${to}`])];
}

/** When a file was written, in milliseconds since the epoch; 0 when it is not there. */
async function writtenAt(path: string): Promise<number> {
  return await Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, (error) => {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  });
}

/** The files that `apt-get --print-uris` names: `'URI' FILE SIZE SHA256:HEX`. */
export function parseUris(text: string): { file: string; digest: Digest }[] {
  const lines = text.matchAll(/^'[^']*' (\S+\.deb) \d+ SHA256:([0-9a-f]{64})$/gm);
  return Array.from(lines, ([, file = "", hex = ""]) => ({ file, digest: `sha256:${hex}` }));
}

/** What the name of a file says: `libc6_2.36-9_amd64.deb`, an epoch's colon written `%3a`. */
export function debianFileName(file: string): DebianName {
  const [, name, version, architecture] = /^([^_]+)_([^_]+)_([^_]+)\.deb$/.exec(file) ?? [];
  if (!name || !version || !architecture) throw new Error(`Cannot read the name of "${file}"`);
  return { name, version: decodeURIComponent(version), architecture };
}

async function distributionName(): Promise<string> {
  const text = await Deno.readTextFile("/etc/os-release");
  return /^ID="?([a-z0-9._-]+)"?$/m.exec(text)?.[1] ?? "debian";
}
