/**
 * The files of a workspace as they may be packaged: links followed, ignored names left out.
 * @module
 */
import { isAbsolute, join, relative, resolve, sep } from "../core/runtime/path.ts";
import * as posix from "../core/runtime/posix_path.ts";
import { safeRelativePath } from "../archive/safe_path.ts";
import { InvalidInputError, NotFoundError } from "../core/errors.ts";
import { lstatIfExists, readTextIfExists } from "../core/files.ts";
import { explainRead, fileFault } from "../core/file_errors.ts";
import { IgnoreRules } from "../core/ignore_rules.ts";
import type { OperationOptions } from "../core/operation.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { compareText, quote } from "../core/text.ts";
import type { FileOnDisk } from "./file_metadata.ts";
import { hubSnapshot } from "./source/hub_cache.ts";

/** Name of the file, in gitignore syntax, that lists what is never packaged. */
export const IGNORE_FILE = ".modignore";

/** Names that no pattern and no folder brings in: the history of the workspace may hold secrets. */
const NEVER_LISTED: ReadonlySet<string> = new Set([".git", IGNORE_FILE]);

/** How to see a workspace. */
export interface WorkspaceOptions extends OperationOptions {
  /** Patterns (gitignore syntax) of files that are left out, besides those of `.modignore`. */
  readonly exclude?: readonly string[];
  /** Follow links that leave the workspace. */
  readonly followLinks?: boolean;
  /** Refuse names that not every system can hold, and those that only case tells apart. */
  readonly portable?: boolean;
  /** Take a workspace without files too. */
  readonly allowEmpty?: boolean;
}

/**
 * A regular file, or a link to one: its path is relative to the workspace, with forward slashes;
 * its facts are those of the file, not of a link to it. Of what the system says only these stay:
 * there may be a hundred thousand.
 */
export interface TreeFile extends FileOnDisk {
  /** Tells it from the other nodes. */
  readonly type: "file";
  /** Path to read it from. */
  readonly absolute: string;
  /** Whether the content lies outside the workspace. */
  readonly leaves: boolean;
}

/** A folder, or a link to one. */
export interface TreeFolder {
  /** Tells it from the other nodes. */
  readonly type: "folder";
  /** Path relative to the workspace, with forward slashes; empty for the workspace itself. */
  readonly path: string;
  /** Whether the folder lies outside the workspace. */
  readonly leaves: boolean;
  /** Real paths of the folders from the workspace down to this one; they show cycles of links. */
  readonly trail: readonly string[];
}

/** Something that cannot be packaged. */
export interface TreeFault {
  /** Tells it from the other nodes. */
  readonly type: "fault";
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** What it is, in one clause. */
  readonly message: string;
  /** Whether it is its name that nothing can say: a pattern has to leave it out. */
  readonly isUnnameable?: boolean;
}

/** What a path of a workspace is. */
export type TreeNode = TreeFile | TreeFolder | TreeFault;

/** A name in a folder. What it is, is looked for when it is wanted: most match no pattern. */
export interface ListedName {
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Whether it is a folder, or a link to one. */
  readonly isFolder: boolean;
  /** What it is, where that is known already: of links, and of what cannot be read. */
  readonly node?: TreeNode;
}

/** Most names that are remembered: those of larger workspaces are read once for each pattern. */
const MOST_REMEMBERED = 100_000;

/** A workspace folder. */
export class WorkspaceTree {
  /** Real path of the workspace. */
  readonly root: string;
  /** The workspace itself. */
  readonly top: TreeFolder;
  /** Folders outside the workspace that its links may lead to. */
  readonly #links: readonly string[];
  readonly #given: string;
  readonly #options: WorkspaceOptions;
  readonly #rules: IgnoreRules;
  /** The names that patterns asked for, by folder. */
  readonly #names = new Map<string, readonly ListedName[]>();
  #remembered = 0;

  private constructor(given: string, root: string, options: WorkspaceOptions, rules: string) {
    this.root = root;
    this.top = { type: "folder", path: "", leaves: false, trail: [root] };
    this.#given = resolve(given);
    this.#links = snapshotBlobs(root);
    this.#options = options;
    this.#rules = new IgnoreRules([...rules.split("\n"), ...options.exclude ?? []]);
  }

  /**
   * Opens a workspace, which may be a link to a folder, and reads its `.modignore`. Of a model in
   * the cache of Hugging Face it is the snapshot that is meant.
   * @throws {NotFoundError} when there is no such folder.
   * @throws {InvalidInputError} when it is no folder, is empty, or may not be read.
   */
  static async open(workspace: string, options: WorkspaceOptions = {}): Promise<WorkspaceTree> {
    options.signal?.throwIfAborted();
    try {
      await checkFolder(workspace, options.allowEmpty ?? false);
    } catch (error) {
      throw explainRead(workspace, error);
    }
    const folder = (await hubSnapshot(workspace))?.folder ?? workspace;
    const root = await Deno.realPath(folder);
    return new WorkspaceTree(folder, root, options, await readRules(root));
  }

  /** Whether names have to be ones that every system can hold. */
  get isPortable(): boolean {
    return this.#options.portable ?? false;
  }

  /** Whether links that leave the workspace are followed. */
  get followsLinks(): boolean {
    return this.#options.followLinks ?? false;
  }

  /** Whether `.modignore` or an exclude pattern leaves this path out. */
  ignores(node: TreeNode): boolean {
    return this.#isIgnored(node.path, node.type === "folder");
  }

  /** The part of an absolute path below the workspace, `undefined` when it lies elsewhere. */
  relative(absolute: string): string | undefined {
    for (const root of [this.#given, this.root]) {
      if (absolute === root) return "";
      if (absolute.startsWith(root + sep)) return absolute.slice(root.length + 1);
    }
    return undefined;
  }

  /** What is at a path, whether ignored or not; `undefined` when nothing is. */
  async at(path: string): Promise<TreeNode | undefined> {
    if (path === "") return this.top;
    const parents = path.split("/").slice(0, -1).map((_, index, all) =>
      all.slice(0, index + 1).join("/")
    );
    try {
      if (await lstatIfExists(join(this.root, path)) === undefined) return undefined;
      const trail = [this.root];
      for (const parent of parents) trail.push(Deno.realPathSync(join(this.root, parent)));
      return this.#visit(path, trail);
    } catch (error) {
      return { type: "fault", path, message: faultOf(error) };
    }
  }

  /** What a folder holds, in bytewise order of names, without what is ignored. */
  async list(folder: TreeFolder): Promise<TreeNode[]> {
    const nodes: TreeNode[] = [];
    for (const listed of await this.#read(folder)) {
      collectInSeries(nodes.push(this.look(folder, listed)));
    }
    return nodes;
  }

  /**
   * The names that a folder holds, as {@linkcode list} has them. They are remembered, since every
   * pattern asks for them.
   */
  async names(folder: TreeFolder): Promise<readonly ListedName[]> {
    const known = this.#names.get(folder.path);
    if (known !== undefined) return known;
    const names = await this.#read(folder);
    this.#remembered += names.length;
    if (this.#remembered <= MOST_REMEMBERED) this.#names.set(folder.path, names);
    return names;
  }

  /** What a name in a folder is. */
  look({ trail }: TreeFolder, { path, node }: ListedName): TreeNode {
    if (node !== undefined) return node;
    // What is no link is really where it is listed: a system call less for each folder above.
    const [parent = this.root] = trail.slice(-1);
    return this.#visit(path, trail, join(parent, posix.basename(path)));
  }

  async #read(folder: TreeFolder): Promise<ListedName[]> {
    this.#options.signal?.throwIfAborted();
    const listed: ListedName[] = [];
    try {
      const entries = await Array.fromAsync(Deno.readDir(join(this.root, folder.path)));
      let earlier: string | undefined;
      for (const entry of entries.sort((a, b) => compareText(a.name, b.name))) {
        if (NEVER_LISTED.has(entry.name)) continue;
        const path = folder.path ? `${folder.path}/${entry.name}` : entry.name;
        // Where a file has that very name, those whose bytes are lost seem to be there twice.
        const isLost = entry.name === earlier && entry.name.includes("\uFFFD");
        earlier = entry.name;
        const node = isLost
          ? unnameable(path)
          : entry.isSymlink
          ? this.#visit(path, folder.trail)
          : undefined;
        const isFolder = node === undefined ? entry.isDirectory : node.type === "folder";
        if (!this.#isIgnored(path, isFolder)) {
          collectInSeries(listed.push({ path, isFolder, node }));
        }
      }
    } catch (error) {
      const path = folder.path || ".";
      const node: TreeFault = { type: "fault", path, message: faultOf(error) };
      listed.push({ path, isFolder: false, node });
    }
    return listed;
  }

  #isIgnored(path: string, isFolder: boolean): boolean {
    return path !== "" && this.#rules.ignores(isFolder ? `${path}/` : path);
  }

  /**
   * What is at a path whose parent folders have the real paths of `trail`; its own is looked for
   * where it is not known.
   */
  #visit(path: string, trail: readonly string[], known?: string): TreeNode {
    const absolute = join(this.root, path);
    try {
      const real = known ?? Deno.realPathSync(absolute);
      const info = Deno.statSync(absolute);
      const leaves = ![this.root, ...this.#links].some((folder) => isWithin(folder, real));
      if (info.isFile) return { type: "file", absolute, leaves, ...factsOf(path, info) };
      if (!info.isDirectory) return { type: "fault", path, message: "it is not a regular file" };
      if (trail.some((parent) => isWithin(real, parent))) {
        const message = "it is a link that leads back to a folder above it";
        return { type: "fault", path, message };
      }
      return { type: "folder", path, leaves, trail: [...trail, real] };
    } catch (error) {
      // The system gives names that are no UTF-8 with replacement characters, which name nothing.
      return path.includes("\uFFFD")
        ? unnameable(path)
        : { type: "fault", path, message: faultOf(error) };
    }
  }
}

function factsOf(path: string, { size, mode, uid, gid, mtime }: Deno.FileInfo): FileOnDisk {
  return {
    path,
    size,
    mode: mode ?? 0o644,
    uid: uid ?? 0,
    gid: gid ?? 0,
    mtime: mtime?.getTime() ?? 0,
  };
}

function unnameable(path: string): TreeFault {
  return { type: "fault", path, message: "its name is not valid UTF-8", isUnnameable: true };
}

/**
 * Where the files of a snapshot in the cache of Hugging Face are: every file of the snapshot is a
 * link to one of them.
 */
function snapshotBlobs(root: string): string[] {
  const model = /^(.*[\\/](?:models|datasets)--[^\\/]+)[\\/]snapshots[\\/][^\\/]+(?:[\\/]|$)/
    .exec(root)?.[1];
  return model === undefined ? [] : [join(model, "blobs")];
}

/** The text of a workspace's `.modignore`; empty when it has none. */
async function readRules(root: string): Promise<string> {
  const path = join(root, IGNORE_FILE);
  try {
    return await readTextIfExists(path) ?? "";
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** Why a path may not be packaged, `undefined` when it may: what no reader could extract again. */
export function unsafeName(path: string, portable = false): string | undefined {
  try {
    safeRelativePath(path, { action: "package", portable });
    return undefined;
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message;
    throw error;
  }
}

async function checkFolder(workspace: string, allowEmpty: boolean): Promise<void> {
  const info = await Deno.stat(workspace).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new NotFoundError(`Cannot package ${quote(workspace)}: no such folder`, {
      path: workspace,
      cause: error,
    });
  });
  if (!info.isDirectory) throw unusable(workspace, "the workspace is not a folder");
  if (allowEmpty) return;
  for await (const _ of Deno.readDir(workspace)) return;
  throw unusable(workspace, "the workspace is empty");
}

function unusable(workspace: string, found: string): InvalidInputError {
  return new InvalidInputError(`Cannot package ${quote(workspace)}: ${found}`, { path: workspace });
}

/** Whether `path` is `folder` or lies below it; both are real paths. */
function isWithin(folder: string, path: string): boolean {
  if (path.startsWith(folder) && path[folder.length] === sep) return true;
  const rest = relative(folder, path);
  return rest !== ".." && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

/** What an operating-system error says about a path, in one clause; other errors are thrown on. */
function faultOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is a link to nothing";
  if (error instanceof Deno.errors.FilesystemLoop) return "it is a link that leads back to itself";
  const reason = fileFault("read", error);
  if (reason === undefined) throw error;
  return reason;
}
