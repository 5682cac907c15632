/**
 * All that the program needs on a Linux system that has nothing: Deno, the loader and libraries
 * that it is linked with, and the certificates of public authorities.
 * @module
 */
import { basename, join } from "node:path";
import { COMPRESSIONS } from "../../src/archive/compression.ts";
import { readTar } from "../../src/archive/tar_reader.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import type { BlobSource } from "../../src/core/content/source.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { concatBytes, readAll } from "../../src/core/streams.ts";
import { compareText } from "../../src/core/text.ts";
import type { Architecture } from "./architectures.ts";
import { elfNeeds } from "./elf.ts";
import {
  debianPackages,
  denoPackage,
  type FetchedPackage,
  type PackagePlaces,
} from "./packages.ts";

/** A file of the runtime. */
export interface RuntimeFile {
  /** Absolute path that it has in a system. */
  readonly path: string;
  readonly content: BlobSource;
}

/** The runtime of one machine. */
export interface LinuxRuntime {
  readonly architecture: Architecture;
  /** The packages that everything comes from. */
  readonly packages: readonly FetchedPackage[];
  /** The executable of Deno. */
  readonly deno: BlobSource;
  /** What loads it, at the path that it has in the executable. */
  readonly loader: RuntimeFile;
  /** The libraries, in the order of their paths. */
  readonly libraries: readonly RuntimeFile[];
  /** Certificates of public authorities, PEM. */
  readonly authorities: BlobSource;
  /** The terms under which the packages are passed on. */
  readonly notices: readonly RuntimeFile[];
}

/** Which packages of Debian have what Deno is linked with, and what is trusted. */
const DEBIAN_PACKAGES = ["ca-certificates", "libc6", "libgcc-s1"];

/** The files of packages that can be of use: libraries, certificates and terms. */
const WANTED =
  /^(\/usr)?\/lib(64)?\/([^/]+\/)?[^/]+\.so[.\d]*$|\.crt$|^\/usr\/share\/doc\/[^/]+\/copyright$/;

/** The largest file of a package that is looked at; the C library has two megabytes. */
const FILE_LIMIT = 64 * 1024 * 1024;

/** Files of packages by their path; a link has the content of what it leads to. */
type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Collects the runtime of a machine; large files are unpacked into the folder `scratch`.
 * @throws {MissingPackage} when a package cannot be had.
 * @throws {Error} when Deno needs a library that none of the packages has.
 */
export async function linuxRuntime(
  architecture: Architecture,
  { scratch, ...places }: PackagePlaces & { readonly scratch: string },
): Promise<LinuxRuntime> {
  const [runtime, ...debian] = await runtimePackages(architecture, places);
  const executable = join(scratch, `deno-${architecture.name}`);
  await unpackDeno(runtime, executable);
  const files = new Map<string, Uint8Array>();
  for (const each of debian) await addFiles(each, files);
  return {
    architecture,
    packages: [runtime, ...debian],
    deno: await fileSource(executable),
    ...linkedFiles(await Deno.readFile(executable), files),
    authorities: bytesSource(authorities(files)),
    notices: runtimeFiles(files, (path) => path.endsWith("/copyright")),
  };
}

/**
 * The packages of a machine's runtime, Deno first.
 * @throws {MissingPackage} when one cannot be had.
 */
export async function runtimePackages(
  architecture: Architecture,
  places: PackagePlaces = {},
): Promise<[deno: FetchedPackage, ...debian: FetchedPackage[]]> {
  return [
    await denoPackage(architecture, places),
    ...await debianPackages(architecture, DEBIAN_PACKAGES, places),
  ];
}

async function unpackDeno({ path }: FetchedPackage, executable: string): Promise<void> {
  const archive = await (await fileSource(path)).open();
  for await (const { name, body } of readTar(COMPRESSIONS.gzip.decompress(archive))) {
    if (name === "package/deno") return await writeFileAtomic(executable, body, { mode: 0o755 });
  }
  throw new Error(`Cannot find the executable of Deno in ${path}`);
}

/** Adds the files of a package that can be of use here. */
async function addFiles({ path }: FetchedPackage, files: Map<string, Uint8Array>): Promise<void> {
  const child = new Deno.Command("dpkg-deb", {
    args: ["--fsys-tarfile", path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const links = new Map<string, string>();
  for await (const { name, type, linkName, body } of readTar(child.stdout)) {
    const place = name.replace(/^\./, "");
    if (!WANTED.test(place)) continue;
    if (type === "symbolic link" && place.includes(".so")) {
      links.set(place, basename(linkName ?? ""));
    }
    if (type === "file") files.set(place, await readAll(body, FILE_LIMIT));
  }
  if (!(await child.status).success) throw new Error(`Cannot read ${path}: dpkg-deb failed`);
  for (const [place, target] of links) {
    const [, content] = [...files].find(([each]) => basename(each) === target) ?? [];
    if (content !== undefined) files.set(place, content);
  }
}

/** The loader and all libraries that an executable needs, and those that they need in turn. */
function linkedFiles(executable: Uint8Array, files: Files) {
  const { loader, libraries } = elfNeeds(executable);
  if (loader === undefined) throw new Error("Cannot use Deno: it names no loader");
  const found = new Map<string, RuntimeFile>();
  const wanted = [...libraries];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (found.has(name) || name === basename(loader)) continue;
    const [path, content] = libraryOf(name, files);
    found.set(name, { path, content: bytesSource(content) });
    wanted.push(...elfNeeds(content).libraries);
  }
  const byPath = (a: RuntimeFile, b: RuntimeFile) => compareText(a.path, b.path);
  const [, content] = libraryOf(basename(loader), files);
  return {
    loader: { path: loader, content: bytesSource(content) },
    libraries: [...found.values()].sort(byPath),
  };
}

function libraryOf(name: string, files: Files): [string, Uint8Array] {
  const found = [...files].find(([path]) => basename(path) === name);
  if (found !== undefined) return found;
  throw new Error(`Cannot find ${name}, which Deno needs, in ${DEBIAN_PACKAGES.join(", ")}`);
}

/** All certificates in one file, as Debian's `update-ca-certificates` puts them together. */
function authorities(files: Files): Uint8Array {
  const paths = [...files.keys()].filter((path) => path.endsWith(".crt")).sort(compareText);
  if (paths.length === 0) throw new Error("Cannot find certificates in ca-certificates");
  return concatBytes(paths.map((path) => files.get(path)!));
}

function runtimeFiles(files: Files, wanted: (path: string) => boolean): RuntimeFile[] {
  return [...files].filter(([path]) => wanted(path)).sort(([a], [b]) => compareText(a, b))
    .map(([path, content]) => ({ path, content: bytesSource(content) }));
}
