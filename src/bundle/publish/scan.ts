/**
 * The inventory of a working directory: which files each layer has, and what they are.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { Problem } from "../../core/errors.ts";
import { operationOptions } from "../../core/operation.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { messagesError } from "../../core/problems.ts";
import { listed, quote } from "../../core/text.ts";
import { findFiles, type FoundFile } from "../spec/files.ts";
import { hashFiles, type HashOptions } from "./hash_files.ts";
import { readSpecFile } from "../spec/read.ts";
import type { BundleSpec } from "../spec/description.ts";
import { type NameOptions, pathClashes, type PathProblem, unfitNames } from "../workspace/path.ts";

/** A file of an inventory. */
export interface ScannedFile {
  /** Normalised relative path. */
  readonly path: string;
  /** Name of the layer. */
  readonly layer: string;
  /** Size in bytes. */
  readonly size: number;
  /** Permission bits that the bundle carries: 0o755 or 0o644. */
  readonly mode: number;
  /** Digest of the content. */
  readonly digest: Digest;
  /** The content, which fails when the file changes. */
  readonly source: BlobSource;
}

/** A layer of an inventory. */
export interface ScannedLayer {
  /** Name of the layer. */
  readonly name: string;
  /** Kind of the layer, as the spec says. */
  readonly type: string;
  /** Its files in bytewise order of their paths. */
  readonly files: readonly ScannedFile[];
}

/** The inventory of a working directory. */
export interface Inventory {
  /** The working directory as it was given. */
  readonly workdir: string;
  /** What the spec says. */
  readonly spec: BundleSpec;
  /** The layers in the order of the spec. */
  readonly layers: readonly ScannedLayer[];
  /** What may be a mistake, such as patterns that match nothing. */
  readonly warnings: readonly string[];
}

/** How to scan. */
export interface ScanOptions extends HashOptions, NameOptions {
  /** What to scan by; the spec of the directory when absent. */
  readonly spec?: BundleSpec;
}

/**
 * Lists and hashes the files of a working directory by its spec. The same files give the same
 * inventory.
 * @throws {InvalidInputError} with every problem: of the spec, or of files that cannot be in a
 * bundle.
 * @throws {NotFoundError} when there is no such directory.
 */
export async function scanWorkdir(workdir: string, options: ScanOptions = {}): Promise<Inventory> {
  const spec = options.spec ?? (await readSpecFile(workdir, operationOptions(options))).spec;
  const root = await Deno.realPath(workdir);
  const found = [];
  for (const layer of spec.layers) {
    found.push({ layer, ...await findFiles(root, layer, operationOptions(options)) });
  }
  const paths = new Map(found.map(({ layer, files }) => [layer.name, files]));
  const names = nameProblems(spec, paths, options);
  refuseProblems(workdir, [...found.flatMap((layer) => layer.problems), ...names]);
  const hashed = await hashFiles(root, found.flatMap(({ files }) => files), options);
  const layers = found.map(({ layer: { name, type }, files }) => ({
    name,
    type,
    files: files.map(({ path, absolute, mode }) => {
      const { source, digest } = hashed.get(absolute)!;
      return { path, layer: name, size: source.size, mode, digest, source };
    }),
  }));
  const warnings = [
    ...found.flatMap(({ layer, unmatched }) =>
      unmatched.map((pattern) => `Layer ${quote(layer.name)}: ${quote(pattern)} matches no file`)
    ),
    ...portabilityWarnings(nameProblems(spec, paths, { portable: true })),
  ];
  return { workdir, spec, layers, warnings };
}

/** A problem of a name, and the path that it is about. */
type NameProblem = Problem & Pick<PathProblem, "path">;

/** Names that a system cannot hold, and paths that clash within a role on it. */
function nameProblems(
  { roles }: BundleSpec,
  layers: ReadonlyMap<string, readonly FoundFile[]>,
  options: NameOptions,
): NameProblem[] {
  const all = new Set([...layers.values()].flatMap((files) => files.map(({ path }) => path)));
  const unfit = unfitNames(all, options)
    .map(({ path, reason }) => ({ path, message: `Cannot publish ${quote(path)}: ${reason}` }));
  const clashes = Object.entries(roles).flatMap(([role, names]) => {
    const paths = [...new Set(names)].flatMap((name) =>
      (layers.get(name) ?? []).map(({ path }) => path)
    );
    const seen = new Set<string>();
    const twice = new Set(paths.filter((path) => seen.size === seen.add(path).size));
    return [
      ...Array.from(twice, (path) => ({ path, reason: "several of its layers have it" })),
      ...pathClashes(seen, options),
    ].map(({ path, reason }) => ({
      path,
      message: `Cannot publish ${quote(path)} in role ${quote(role)}: ${reason}`,
    }));
  });
  // Several roles may say the same.
  return [...new Map([...unfit, ...clashes].map((each) => [each.message, each])).values()];
}

/** Most names that a warning gives. */
const SHOWN_NAMES = 5;

/** What is said of names that this system holds and others do not. */
function portabilityWarnings(problems: readonly NameProblem[]): readonly string[] {
  const paths = [...new Set(problems.map(({ path }) => path))];
  if (paths.length === 0) return [];
  const shown = listed(paths.map((path) => quote(path, 200)), SHOWN_NAMES);
  return [`Not every system can hold the files ${shown}; --portable refuses them`];
}

function refuseProblems(workdir: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw messagesError(`publish ${quote(workdir)}`, problems, { path: workdir });
}
