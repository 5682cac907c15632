/**
 * Writes the Modelfile of a workspace that has none.
 * @module
 */
import { basename, resolve } from "../../core/runtime/path.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { classify, isSkipped } from "../file_kinds.ts";
import { type Glob, parseGlob } from "../../core/glob.ts";
import type { ModelFacts } from "../facts/facts.ts";
import { localFacts, modelfileValues } from "../facts/local.ts";
import type { LayerKind } from "../media_types.ts";
import { pointerFault } from "../source/lfs_pointer.ts";
import { fileCommand, type Modelfile, type ModelfileValues, VALUE_INSTRUCTIONS } from "./values.ts";
import { unsayable } from "./format.ts";
import { hubSnapshot } from "../source/hub_cache.ts";
import { pathPattern } from "./path_pattern.ts";
import {
  type TreeFault,
  type TreeFile,
  type TreeFolder,
  unsafeName,
  WorkspaceTree,
} from "../workspace_tree.ts";

/** How to generate; a value given here replaces the one found, an empty one does not. */
export interface GenerateOptions extends ModelfileValues, OperationOptions {
  /** Patterns of paths to take although their names are usually passed over (hidden files). */
  readonly include?: readonly string[];
  /** Patterns of paths to leave out; they win over `include`. */
  readonly exclude?: readonly string[];
  /** Patterns (gitignore syntax) of files to leave out, besides those of `.modignore`. */
  readonly ignore?: readonly string[];
  /** Enter folders that links outside the workspace point to. */
  readonly followLinks?: boolean;
}

/** What was generated. */
export interface GenerateResult {
  /** The facts, and one entry a file. */
  readonly modelfile: Modelfile;
  /** What the files say of the model. */
  readonly facts: ModelFacts;
  /** Files that need a decision before they are packaged, and facts that could not be read. */
  readonly warnings: readonly string[];
}

/** Bounds of a workspace that is taken for a model; sizes in bytes. */
export const GENERATE_LIMITS = {
  files: 2048,
  fileSize: 128_000_000_000,
  totalSize: 8_000_000_000_000,
} as const;

/**
 * Makes a Modelfile of the files in a workspace: what each is by its name, and what the model is by
 * its configuration. Hidden files, Modelfiles and what Python leaves behind are passed over, and so
 * is what `.modignore` names. Wildcards in file names are escaped.
 * @throws {NotFoundError} when there is no workspace.
 * A workspace without any file gets a Modelfile of the values given, where there are any.
 * @throws {InvalidInputError} when the workspace cannot be used, holds no weights and no code, or
 * is beyond {@linkcode GENERATE_LIMITS}; with all the problems when patterns are malformed, names
 * unsafe or no UTF-8, files pointers of Git LFS, links to nothing or no files at all, as pipes are.
 *
 * @example A Modelfile for a folder
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatModelfile, generateModelfile, parseModelfile } from "@modelops/modelops";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/model.gguf`, "weights");
 * const { modelfile } = await generateModelfile(folder, { name: "demo" });
 * const text = formatModelfile(modelfile);
 * assert.match(text, /^MODEL model\.gguf$/m);
 * assert.equal(parseModelfile(text).name, "demo");
 * ```
 */
export async function generateModelfile(
  workspace: string,
  options: GenerateOptions = {},
): Promise<GenerateResult> {
  const selection = new Selection(workspace, options);
  // Facts that are given make sense before there is a file.
  const beginsModel = VALUE_INSTRUCTIONS.some(({ key }) => options[key]);
  const tree = await WorkspaceTree.open(workspace, {
    signal: options.signal,
    exclude: options.ignore,
    followLinks: options.followLinks,
    allowEmpty: beginsModel,
  });
  const warnings: string[] = [];
  const files: TreeFile[] = [];
  const faults: TreeFault[] = [];
  for await (const found of selectFiles(tree, tree.top, selection)) {
    if (found.type === "fault") {
      faults.push(found);
      continue;
    }
    files.push(found);
    if (SECRET_NAMES.test(basename(found.path))) {
      warnings.push(
        `${quote(found.path)} may hold secrets: leave it out with --exclude if it does`,
      );
    }
    if (found.leaves && !tree.followsLinks) {
      warnings.push(`${quote(found.path)} ${LEAVES}: building needs --follow-links`);
    }
    if (files.length > GENERATE_LIMITS.files) {
      throw beyondLimits(workspace, `more than ${GENERATE_LIMITS.files} files`);
    }
  }
  refuseFaults(workspace, faults);
  checkFiles(workspace, files);
  await checkContent(workspace, files, options);
  const kinds = files.map((file): [TreeFile, LayerKind] => [
    file,
    classify(basename(file.path), file.size),
  ]);
  if (beginsModel && files.length === 0) warnings.push(NO_FILES);
  else checkKinds(workspace, kinds.map(([, kind]) => kind));
  const known = await localFacts(
    files.map(({ path, absolute, size }) => ({ path, absolute, size })),
    options,
  );
  return {
    modelfile: {
      ...chosenValues(options, {
        name: (await hubSnapshot(workspace))?.name ?? basename(resolve(workspace)),
        ...modelfileValues(known.facts),
      }),
      entries: kinds.map(([file, kind]) => ({ kind, pattern: pathPattern(file.path) })),
    },
    facts: known.facts,
    warnings: [...warnings, ...known.warnings],
  };
}

/** Names of files that usually hold passwords, tokens or keys. */
const SECRET_NAMES = /(^|\.)env(\.|$)|\.(pem|key|p12|pfx)$|^id_(rsa|ecdsa|ed25519)$|^\.?netrc$/i;

const NO_FILES = "the workspace has no files yet: the Modelfile only holds the facts given";

const LEAVES = "is a link that leaves the workspace";

/** Which paths of a workspace are taken. */
class Selection {
  readonly #include: readonly Glob[];
  readonly #includeTexts: readonly string[];
  readonly #exclude: readonly Glob[];

  /** @throws {InvalidInputError} with every malformed pattern. */
  constructor(workspace: string, options: GenerateOptions) {
    this.#includeTexts = (options.include ?? []).map(withoutTrailingSlash);
    this.#include = this.#includeTexts.map((pattern) => parseGlob(pattern));
    const excludeTexts = (options.exclude ?? []).map(withoutTrailingSlash);
    this.#exclude = excludeTexts.map((pattern) => parseGlob(pattern));
    const problems = [
      ...patternProblems("include", this.#includeTexts, this.#include),
      ...patternProblems("exclude", excludeTexts, this.#exclude),
    ];
    if (problems.length > 0) {
      throw problemsError(`generate a Modelfile for ${quote(workspace)}`, problems, {
        path: workspace,
      });
    }
  }

  excludes(path: string): boolean {
    return this.#exclude.some((glob) => glob.matches(path));
  }

  takesFile(path: string): boolean {
    return !isSkipped(basename(path)) || this.#includes(path);
  }

  /** Whether an include pattern names a folder that is usually passed over, or starts in it. */
  entersFolder(path: string): boolean {
    return !isSkipped(basename(path)) || this.#includes(path) ||
      this.#includeTexts.some((pattern) => pattern.startsWith(`${path}/`));
  }

  #includes(path: string): boolean {
    return this.#include.some((glob) => glob.matches(path));
  }
}

function withoutTrailingSlash(pattern: string): string {
  return pattern.replace(/\/$/, "");
}

function patternProblems(flag: string, patterns: readonly string[], globs: readonly Glob[]) {
  return globs.flatMap(({ fault }, index): Problem[] =>
    fault === undefined ? [] : [{
      message: `malformed ${flag} pattern ${quote(patterns[index] ?? "")}: ${fault}`,
    }]
  );
}

/** The files of a folder that are taken, and what of it cannot be. */
async function* selectFiles(
  tree: WorkspaceTree,
  folder: TreeFolder,
  selection: Selection,
): AsyncGenerator<TreeFile | TreeFault> {
  for (const node of await tree.list(folder)) {
    if (selection.excludes(node.path)) continue;
    if (node.type === "folder") {
      if (!selection.entersFolder(node.path)) continue;
      if (node.leaves && !tree.followsLinks) {
        yield { ...node, type: "fault", message: `it ${LEAVES}` };
      } else yield* selectFiles(tree, node, selection);
    } else if (selection.takesFile(node.path)) {
      yield node;
    }
  }
}

/** Refuses what cannot be taken: without it the model would lack files, and nobody would know. */
function refuseFaults(workspace: string, faults: readonly TreeFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const problems = faults.map(({ path, message }) => ({ message: `${quote(path)}: ${message}` }));
  const pattern = pathPattern(first.path).replaceAll("\uFFFD", "?").replaceAll("'", "?");
  const them = faults.length === 1 ? "it" : "them";
  const mend = first.isUnnameable ? `rename ${them}` : `mend or remove ${them}`;
  const follow = faults.some(({ message }) => message === `it ${LEAVES}`)
    ? ", or enter folders elsewhere with --follow-links"
    : "";
  throw problemsError(`generate a Modelfile for ${quote(workspace)}`, problems, {
    path: workspace,
    remedy: `${mend}, or leave out what is no part of the model: --exclude '${pattern}'${follow}`,
  });
}

function checkFiles(workspace: string, files: readonly TreeFile[]): void {
  const tooLarge = files.find(({ size }) => size > GENERATE_LIMITS.fileSize);
  if (tooLarge !== undefined) {
    const limit = `${quote(tooLarge.path)} has ${tooLarge.size} bytes, more than`;
    throw beyondLimits(workspace, `${limit} ${GENERATE_LIMITS.fileSize}`);
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > GENERATE_LIMITS.totalSize) {
    const limit = `its files have ${total} bytes, more than ${GENERATE_LIMITS.totalSize}`;
    throw beyondLimits(workspace, limit);
  }
  const problems = files.flatMap(({ path }): Problem[] => {
    const message = unsafeName(path) ?? unsayable(path);
    return message === undefined ? [] : [{ message }];
  });
  if (problems.length > 0) {
    throw problemsError(`generate a Modelfile for ${quote(workspace)}`, problems, {
      path: workspace,
    });
  }
}

/** Refuses what Git LFS left in place of files: no build takes it, and it tells nothing. */
async function checkContent(
  workspace: string,
  files: readonly TreeFile[],
  options: OperationOptions,
): Promise<void> {
  const faults = await mapConcurrent(files, async ({ path, absolute, size }) => {
    try {
      return await pointerFault({ path, absolute, size });
    } catch (error) {
      throw explainRead(path, error);
    }
  }, options);
  const problems = faults.flatMap((message) => message === undefined ? [] : [{ message }]);
  if (problems.length === 0) return;
  throw problemsError(`generate a Modelfile for ${quote(workspace)}`, problems, {
    path: workspace,
    remedy: "fetch them with `git lfs pull`, or leave them out with `--exclude`",
  });
}

function checkKinds(workspace: string, kinds: readonly LayerKind[]): void {
  if (kinds.some((kind) => kind !== "config" && kind !== "doc")) return;
  throw new InvalidInputError(
    `Cannot generate a Modelfile for ${quote(workspace)}: no model and no code was found`,
    { path: workspace, remedy: `write a Modelfile with a ${fileCommand("model")} line by hand` },
  );
}

function beyondLimits(workspace: string, found: string): InvalidInputError {
  return new InvalidInputError(
    `Cannot generate a Modelfile for ${quote(workspace)}: ${found}`,
    { path: workspace, remedy: "leave files out with --exclude, or write the Modelfile by hand" },
  );
}

/** The values given, and where none is given the ones found. */
function chosenValues(given: ModelfileValues, found: ModelfileValues): ModelfileValues {
  return Object.fromEntries(
    VALUE_INSTRUCTIONS
      .map(({ key }) => [key, given[key] || found[key]] as const)
      .filter(([, value]) => value),
  );
}
