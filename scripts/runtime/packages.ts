/**
 * The packages that the Linux forms of the program are made of: fetched once, kept in the user's
 * cache, and compared with their digests whenever they are used.
 * @module
 */
import { basename, join } from "node:path";
import { type Digest, digestStream } from "../../src/core/digest.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { checkDigest } from "../../src/core/content/expected_content.ts";
import { outputOf } from "../programs.ts";
import { toolsFolder } from "../services.ts";
import { type Architecture, DENO_VERSION } from "./architectures.ts";
import { debianFileName, type DebianName, fetchDebian } from "./debian.ts";

/** A package on this disk. */
export interface FetchedPackage {
  /** What it is called where it comes from. */
  readonly name: string;
  readonly version: string;
  /**
   * Its package URL: where it comes from, in one line (https://github.com/package-url/purl-spec).
   */
  readonly purl: string;
  /** Digest of the archive. */
  readonly digest: Digest;
  /** Path of the archive. */
  readonly path: string;
}

/** Where packages are looked for. */
export interface PackagePlaces {
  /** A folder that has all of them; they are fetched when absent. */
  readonly folder?: string | undefined;
}

/** A package could not be had; the message says in one line what to do. */
export class MissingPackage extends Error {
  constructor(file: string, reason: string) {
    super(`Cannot get ${file}: ${reason}; --packages can name a folder that has it`);
  }
}

/** Where what was fetched is kept. */
const cacheFolder = () => toolsFolder("runtime");

/**
 * The archive of Deno for a machine.
 * @throws {MissingPackage} when it cannot be had.
 * @throws {IntegrityError} when it is not what this tree expects.
 */
export async function denoPackage(
  { npmPackage, integrity }: Architecture,
  { folder }: PackagePlaces,
): Promise<FetchedPackage> {
  const file = `${npmPackage.slice(1).replace("/", "-")}-${DENO_VERSION}.tgz`;
  const path = join(folder ?? cacheFolder(), file);
  if (!await isThere(path)) {
    if (folder !== undefined) throw new MissingPackage(file, `it is not in ${folder}`);
    await fetchNpm(`${npmPackage}@${DENO_VERSION}`, path);
  }
  const digest: Digest = `sha512:${Uint8Array.fromBase64(integrity).toHex()}`;
  checkDigest(digest, await digestOf(path, "sha512"), path);
  const purl = `pkg:npm/${npmPackage.replace("@", "%40")}@${DENO_VERSION}`;
  return { name: npmPackage, version: DENO_VERSION, purl, digest, path };
}

/** Has npm, which compares digests itself, write a package under its name once it is whole. */
async function fetchNpm(name: string, path: string): Promise<void> {
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "fetching-" });
  try {
    await outputOf("npm", ["pack", "--silent", "--pack-destination", scratch, name]);
    await Deno.rename(join(scratch, basename(path)), path);
  } catch (error) {
    throw new MissingPackage(basename(path), `npm did not bring it (${firstLine(error)})`);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/**
 * Packages of Debian for a machine, in the order of their names.
 * @throws {MissingPackage} when one cannot be had.
 * @throws {IntegrityError} when one is not what the index of Debian says.
 */
export async function debianPackages(
  { name: architecture }: Architecture,
  names: readonly string[],
  { folder }: PackagePlaces,
): Promise<FetchedPackage[]> {
  const found = folder === undefined
    ? await fetchDebian(architecture, names, cacheFolder()).catch((error) => {
      throw new MissingPackage(`${names.join(", ")} for ${architecture}`, firstLine(error));
    })
    : await Promise.all(names.map((name) => findDebian(folder, name, architecture)));
  return await Promise.all(found.map(async ({ path, digest: expected, distribution }) => {
    const digest = await digestOf(path, "sha256");
    if (expected !== undefined) checkDigest(expected, digest, path);
    return { ...describeDebian(debianFileName(basename(path)), distribution), digest, path };
  }));
}

function describeDebian({ name, version, architecture }: DebianName, distribution: string) {
  const purl = `pkg:deb/${distribution}/${name}@${
    encodeURIComponent(version)
  }?arch=${architecture}`;
  return { name, version, purl };
}

/** The package in a folder that somebody filled. */
async function findDebian(folder: string, name: string, architecture: string) {
  const pattern = new RegExp(`^${RegExp.escape(name)}_.+_(${architecture}|all)\\.deb$`);
  const entries = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  const file = entries.filter((entry) => pattern.test(entry)).sort().at(-1);
  const wanted = `${name}_VERSION_${architecture}.deb`;
  if (file === undefined) throw new MissingPackage(wanted, `it is not in ${folder}`);
  return { path: join(folder, file), digest: undefined, distribution: "debian" };
}

async function digestOf(path: string, algorithm: "sha256" | "sha512"): Promise<Digest> {
  return (await digestStream(await (await fileSource(path)).open(), { algorithm })).digest;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** What a failed program said that tells the reason, in one line. */
function firstLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return lines.find((line) => /^(E:|npm error (?!code))/.test(line)) ?? lines[0] ?? "";
}
