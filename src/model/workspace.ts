/**
 * From the lines of a Modelfile to the files of a workspace.
 * @module
 */
import { isAbsolute } from "../core/runtime/path.ts";
import * as posix from "../core/runtime/posix_path.ts";
import { duplicateKey } from "../archive/safe_path.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { ModelOpsError, type Problem } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import { Suggestions } from "../core/suggest.ts";
import { problemsError } from "../core/problems.ts";
import { compareText, quote } from "../core/text.ts";
import type { FileOnDisk } from "./file_metadata.ts";
import { type Glob, parseGlob } from "../core/glob.ts";
import { mayBePointer, pointerFault } from "./source/lfs_pointer.ts";
import { LAYER_KINDS, type LayerKind } from "./media_types.ts";
import { mayBeName, pathPattern } from "./modelfile/path_pattern.ts";
import { fileCommand, type Modelfile, type ModelfileEntry } from "./modelfile/values.ts";
import { quoteArgument, unsayable } from "./modelfile/format.ts";
import {
  IGNORE_FILE,
  type ListedName,
  type TreeFile,
  type TreeFolder,
  type TreeNode,
  unsafeName,
  type WorkspaceOptions,
  WorkspaceTree,
} from "./workspace_tree.ts";

/** What lets links out of the workspace, as a hint says it. */
const FOLLOW_LINKS_REMEDY = "use --follow-links to package what such links point to";

/** A file that becomes part of a model; `path` is relative to the workspace, with slashes. */
export interface WorkspaceFile extends FileOnDisk {
  /** What it is in the model. */
  readonly kind: LayerKind;
  /** Path to read it from. */
  readonly absolute: string;
  /** Line of the Modelfile that named it first. */
  readonly line?: number;
}

/** The files that a Modelfile names. */
export interface ResolvedFiles {
  /** By kind (config, model, code, doc, dataset), then bytewise by path; every path once. */
  readonly files: readonly WorkspaceFile[];
  /** Lines that brought nothing. */
  readonly warnings: readonly string[];
}

/**
 * Finds every file a Modelfile names in its workspace.
 *
 * A pattern that matches nothing is a warning; where a file has that very name, wildcards and all,
 * it is taken. A folder means the files below it, except `.git` and `.modignore`.
 * Of two lines that bring one file as different kinds the more exact wins, then the earlier, and a
 * warning says so. Everything that stands in the way of packaging is found before this returns:
 * missing and unreadable files, links that leave the workspace or go in circles, names that would
 * leave the folder they are extracted to.
 * @throws {InvalidInputError} with all the problems, or when the workspace cannot be used.
 * @throws {NotFoundError} when there is no workspace.
 */
export async function resolveModelfileFiles(
  modelfile: Modelfile,
  workspace: string,
  options: WorkspaceOptions = {},
): Promise<ResolvedFiles> {
  const tree = await WorkspaceTree.open(workspace, options);
  const resolver = new Resolver(tree);
  for (const [index, entry] of modelfile.entries.entries()) {
    await resolver.add(entry);
    collectInSeries(index);
  }
  await resolver.checkReadable(options);
  return resolver.result(workspace);
}

/** Collects files, problems and warnings entry by entry. */
class Resolver {
  readonly #tree: WorkspaceTree;
  readonly #files = new Map<string, WorkspaceFile>();
  readonly #problems = new Map<string, Problem>();
  readonly #warnings: string[] = [];
  /** Paths by what they are on systems that fold case. */
  readonly #names = new Map<string, string>();
  /** The line that brought each file. */
  readonly #namedBy = new Map<string, ModelfileEntry>();
  /** Files that two lines name as different kinds, by those lines: the first, and how many more. */
  readonly #overlaps = new Map<string, { readonly first: string; more: number }>();
  readonly #suggestions = new Suggestions();
  #leaves = false;

  constructor(tree: WorkspaceTree) {
    this.#tree = tree;
  }

  async add(entry: ModelfileEntry): Promise<void> {
    const pattern = this.#inWorkspace(entry.pattern);
    if (pattern === undefined) {
      return this.#problem(entry, `${shown(entry)} leads outside the workspace`);
    }
    const glob = parseGlob(pattern);
    // A name with braces or backslashes is written as it is: other tools know no braces.
    if (mayBeName(pattern) && await this.#tree.at(pattern)) {
      return await this.#addPath(entry, pattern);
    }
    if (glob.fault !== undefined) {
      return this.#problem(entry, `malformed pattern ${shown(entry)}: ${glob.fault}`);
    }
    if (glob.literal !== undefined) return await this.#addPath(entry, glob.literal);
    await this.#addMatches(entry, glob, pattern);
  }

  /** Opens every file once: permissions cannot be told from its facts, nor what LFS left. */
  async checkReadable({ signal }: WorkspaceOptions): Promise<void> {
    for (const file of this.#files.values()) {
      await giveWay();
      signal?.throwIfAborted();
      const fault = await readingFault(file);
      if (fault !== undefined) this.#problem(file, fault);
    }
  }

  result(workspace: string): ResolvedFiles {
    if (this.#problems.size > 0) {
      throw problemsError(`package ${quote(workspace)}`, [...this.#problems.values()], {
        path: workspace,
        remedy: this.#leaves ? FOLLOW_LINKS_REMEDY : undefined,
      });
    }
    const files = [...this.#files.values()].sort((a, b) =>
      LAYER_KINDS.indexOf(a.kind) - LAYER_KINDS.indexOf(b.kind) || compareText(a.path, b.path)
    );
    const overlaps = [...this.#overlaps].map(([what, { first, more }]) =>
      `${quote(first)}${more === 0 ? "" : ` and ${more} more`}: ${what}`
    );
    return { files, warnings: [...this.#warnings, ...overlaps] };
  }

  /** A pattern relative to the workspace without `.` and `..`, `undefined` when it leads out. */
  #inWorkspace(pattern: string): string | undefined {
    const inside = isAbsolute(pattern) ? this.#tree.relative(pattern) : pattern;
    const parts: string[] = [];
    for (const part of inside?.split("/") ?? [".."]) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.pop() === undefined) return undefined;
    }
    return parts.join("/");
  }

  async #addPath(entry: ModelfileEntry, path: string): Promise<void> {
    const node = await this.#tree.at(path);
    if (node === undefined) return await this.#missing(entry, path);
    if (this.#tree.ignores(node)) {
      this.#warn(entry, `${shown(entry)} is left out by ${IGNORE_FILE} or an exclude pattern`);
    } else if (await this.#addAll(entry, everything(this.#tree, node)) === 0) {
      this.#warn(entry, `${shown(entry)} is a folder without files`);
    }
  }

  async #addMatches(entry: ModelfileEntry, glob: Glob, pattern: string): Promise<void> {
    const found = await this.#addAll(entry, matching(this.#tree, this.#tree.top, glob));
    // Generators that do not escape write a name like `weights[1].bin` as it is.
    const named = await this.#tree.at(pattern);
    if (found === 0 && named !== undefined) return await this.#addPath(entry, pattern);
    if (found === 0) this.#warn(entry, `${shown(entry)} matches no file`);
    else if (named !== undefined && !glob.matches(pattern)) {
      const name = quoteArgument(pathPattern(pattern));
      this.#warn(entry, `${shown(entry)} is a pattern, and not the file of that name: ${name}`);
    }
  }

  /** Adds what a walk finds, problems too, and returns how much that was. */
  async #addAll(entry: ModelfileEntry, nodes: AsyncIterable<TreeNode>): Promise<number> {
    let found = 0;
    for await (const node of nodes) {
      collectInSeries(++found);
      if (node.type === "fault") {
        this.#problem(entry, `${quote(node.path)}: ${node.message}`);
      } else if (node.leaves && !this.#tree.followsLinks) {
        this.#leaves = true;
        this.#problem(entry, `${quote(node.path)} is a link that leaves the workspace`);
      } else if (node.type === "file") {
        this.#addFile(entry, node);
      }
    }
    return found;
  }

  #addFile(entry: ModelfileEntry, node: TreeFile): void {
    const known = this.#namedBy.get(node.path);
    if (known !== undefined && known.kind === entry.kind) return;
    if (known !== undefined) {
      const wins = exactness(entry, node.path) > exactness(known, node.path);
      this.#noteOverlap(node.path, wins ? [entry, known] : [known, entry]);
      if (!wins) return;
    }
    const unsafe = unsafeName(node.path, this.#tree.isPortable) ?? this.#twinOf(node.path);
    if (unsafe !== undefined) return this.#problem(entry, unsafe);
    const { path, absolute, size, mode, uid, gid, mtime } = node;
    this.#namedBy.set(node.path, entry);
    const facts = { path, absolute, size, mode, uid, gid, mtime };
    this.#files.set(path, { kind: entry.kind, line: entry.line, ...facts });
  }

  /** What a path meets on systems that fold case, where names have to be portable. */
  #twinOf(path: string): string | undefined {
    if (!this.#tree.isPortable) return undefined;
    const key = duplicateKey(path, "windows");
    const twin = this.#names.get(key) ?? path;
    this.#names.set(key, twin);
    if (twin === path) return undefined;
    return `${quote(path)} meets ${quote(twin)}, only case or Unicode form tells them apart`;
  }

  #noteOverlap(path: string, [winner, loser]: [ModelfileEntry, ModelfileEntry]): void {
    const line = ({ line }: ModelfileEntry) => line === undefined ? "" : `, line ${line}`;
    const what = `${shown(winner)}${line(winner)}, wins over ${shown(loser)}${line(loser)}`;
    const known = this.#overlaps.get(what);
    if (known) known.more++;
    else this.#overlaps.set(what, { first: path, more: 0 });
  }

  async #missing(entry: ModelfileEntry, path: string): Promise<void> {
    const folder = posix.dirname(path);
    const parent = await this.#tree.at(folder === "." ? "" : folder);
    const siblings = parent?.type === "folder" ? await this.#tree.names(parent) : [];
    const near = this.#suggestions.nearest(posix.basename(path), sayableNames(siblings));
    const instead = near === undefined ? undefined : pathPattern(posix.join(folder, near));
    const suggestion = instead && `${fileCommand(entry.kind)} ${quoteArgument(instead)}`;
    this.#problem(entry, `${shown(entry)} does not exist`, suggestion);
  }

  /** Notes a problem once, for the first line that has it. */
  #problem(where: { line?: number }, message: string, suggestion?: string): void {
    if (this.#problems.has(message)) return;
    this.#problems.set(message, {
      message,
      ...(where.line === undefined ? {} : { line: where.line }),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  #warn(entry: ModelfileEntry, message: string): void {
    this.#warnings.push(entry.line === undefined ? message : `line ${entry.line}: ${message}`);
  }
}

/** The names of a folder that a Modelfile can hold. */
function* sayableNames(listed: readonly ListedName[]): Generator<string> {
  for (const { path } of listed) {
    const name = posix.basename(path);
    if (!unsayable(name)) yield name;
  }
}

/** What keeps a file from being packaged, by opening it. */
async function readingFault(file: WorkspaceFile): Promise<string | undefined> {
  try {
    if (mayBePointer(file)) return await pointerFault(file);
    Deno.openSync(file.absolute).close();
    return undefined;
  } catch (error) {
    const explained = explainRead(file.path, error);
    if (explained instanceof ModelOpsError) return explained.message;
    throw error;
  }
}

/** How exactly a line names a file: by its path, or by the characters that are no wildcards. */
function exactness({ pattern }: ModelfileEntry, path: string): number {
  if (pattern === path || parseGlob(pattern).literal === path) return Infinity;
  return pattern.replace(/\[[^\]]*\]|[*?{}]/g, "").length;
}

/** A node, or all that lies below it; a folder that may not be entered is given as itself. */
async function* everything(tree: WorkspaceTree, node: TreeNode): AsyncGenerator<TreeNode> {
  if (node.type !== "folder" || (node.leaves && !tree.followsLinks)) yield node;
  else for (const child of await tree.list(node)) yield* everything(tree, child);
}

/** All that matches a pattern below a folder, and what prevents looking for it. */
async function* matching(
  tree: WorkspaceTree,
  folder: TreeFolder,
  glob: Glob,
): AsyncGenerator<TreeNode> {
  for (const listed of await tree.names(folder)) {
    const { path, isFolder } = listed;
    if (glob.matches(path)) {
      yield* everything(tree, tree.look(folder, listed));
    } else if (isFolder && glob.mayMatchBelow(path)) {
      const node = tree.look(folder, listed);
      if (node.type !== "folder") continue;
      if (node.leaves && !tree.followsLinks) yield node;
      else yield* matching(tree, node, glob);
    } else if (path === (folder.path || ".") && listed.node?.type === "fault") {
      yield listed.node;
    }
  }
}

/** An entry as a person wrote it. */
function shown(entry: ModelfileEntry): string {
  return `${fileCommand(entry.kind)} ${quote(entry.pattern)}`;
}
