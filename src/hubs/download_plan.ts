/**
 * Which files of a snapshot are downloaded, and to which names.
 * @module
 */
import { duplicateKey, parentOf, safeRelativePath } from "../archive/safe_path.ts";
import { InvalidInputError, type Problem } from "../core/errors.ts";
import { type Glob, parseGlob } from "../core/glob.ts";
import { problemsError } from "../core/problems.ts";
import { quote } from "../core/text.ts";
import type { HubFile } from "./hub.ts";

/** Which files to take, by patterns of their paths. */
export interface FileSelection {
  /** Only files that match one of these; all when absent or empty. */
  readonly include?: readonly string[];
  /** No files that match one of these; they win over `include`. */
  readonly exclude?: readonly string[];
}

/** A file and the names it gets. */
export interface PlannedFile {
  readonly file: HubFile;
  /** Safe path in the folder. */
  readonly path: string;
  /** Safe, hidden path of the file while it is incomplete, without `.partial` and `.journal`. */
  readonly partialBase: string;
}

/**
 * Chooses and names the files.
 * @throws {InvalidInputError} with all the problems: malformed patterns, unsafe names, names that
 * meet.
 */
export function planDownload(
  files: readonly HubFile[],
  selection: FileSelection = {},
): PlannedFile[] {
  const include = globs("include", selection.include);
  const exclude = globs("exclude", selection.exclude);
  const wanted = files.filter(({ path }) =>
    (include.length === 0 || include.some((glob) => glob.matches(path))) &&
    !exclude.some((glob) => glob.matches(path))
  );
  const problems: Problem[] = [];
  const named = wanted.flatMap((file) => {
    try {
      return [{ file, path: safeRelativePath(file.path, { action: "download" }) }];
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      problems.push({ message: error.message });
      return [];
    }
  });
  refuse([...problems, ...collisions(named.map(({ path }) => path))]);
  const taken = new Set(named.map(({ path }) => duplicateKey(path)));
  return named.map((planned) => ({ ...planned, partialBase: partialBase(planned.path, taken) }));
}

/**
 * A name with which no file of the hub is `.NAME.partial` or `.NAME.journal`; it takes both. Hidden
 * files are no part of a model, so that nobody packages what is not complete.
 */
function partialBase(path: string, taken: Set<string>): string {
  const keys = (base: string) =>
    [".partial", ".journal"].map((ending) => duplicateKey(base + ending));
  const start = path.lastIndexOf("/") + 1;
  let base = `${path.slice(0, start)}.${path.slice(start)}`;
  while (keys(base).some((key) => taken.has(key))) base += ".partial";
  for (const key of keys(base)) taken.add(key);
  return base;
}

/** Paths that are one file on file systems that fold case, and files where folders have to be. */
function collisions(paths: readonly string[]): Problem[] {
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  for (const path of paths) {
    const twin = files.get(duplicateKey(path));
    if (twin !== undefined) problems.push({ message: `${quote(path)} meets ${quote(twin)}` });
    files.set(duplicateKey(path), path);
  }
  for (const path of paths) {
    for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) {
      const file = files.get(duplicateKey(folder));
      if (file === undefined) continue;
      problems.push({ message: `${quote(file)} is a file, and a folder for ${quote(path)}` });
    }
  }
  return problems;
}

function globs(option: string, patterns: readonly string[] = []): Glob[] {
  const parsed = patterns.map((pattern) => parseGlob(pattern.replace(/\/$/, "/**")));
  refuse(
    parsed.flatMap(({ fault }, index) =>
      fault === undefined
        ? []
        : [{ message: `malformed ${option} pattern ${quote(patterns[index] ?? "")}: ${fault}` }]
    ),
  );
  return parsed;
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw problemsError("download the model", problems);
}
