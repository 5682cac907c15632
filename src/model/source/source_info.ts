/**
 * Where the files of a workspace come from, read from its git folder; git itself is only asked
 * whether they were changed since.
 * @module
 */
import { isAbsolute, join } from "../../core/runtime/path.ts";
import { readText, readTextIfExists } from "../../core/files.ts";
import { isAbort } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { remoteUrl } from "./git_config.ts";
import { gitHasChanges } from "./git_status.ts";
import { withoutCredentials } from "./public_url.ts";

/** Facts about the source of a workspace. */
export interface SourceInfo {
  /** URL of the remote `origin` without credentials. */
  readonly url?: string;
  /** The commit that is checked out, in hex; it ends in `-dirty` where files were changed. */
  readonly revision?: string;
  /** Why a fact is missing although the workspace is a git repository. */
  readonly warnings: readonly string[];
}

/** The most symbolic references that are followed, as in git itself. */
const DEEPEST_REFERENCE = 5;

/** How to look at a workspace. */
export interface SourceInfoOptions extends OperationOptions {
  /** Tells whether files were changed since the commit; asks git when absent. */
  readonly hasChanges?: (workspace: string, options: OperationOptions) => Promise<boolean>;
}

/**
 * Reads the facts of a workspace that has a `.git` folder or file; of others nothing is known, and
 * nothing is warned about. It fails only when it is stopped: a broken repository gives warnings, so
 * that it never stands in the way of a build. Where it cannot be told whether files were changed,
 * there is no revision: it would name sources that may not have these files.
 */
export async function readSourceInfo(
  workspace: string,
  options: SourceInfoOptions = {},
): Promise<SourceInfo> {
  const warnings: string[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    options.signal?.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      if (isAbort(error, options.signal)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      warnings.push(`the ${what} of the git repository is not known: ${reason}`);
      return undefined;
    }
  };
  const folders = await attempt("folder", () => findFolders(workspace));
  if (folders === undefined) return { warnings };
  const url = await attempt("origin", () => readOrigin(folders));
  const { hasChanges = gitHasChanges } = options;
  const revision = await attempt("revision", async () => {
    const commit = await readRevision(folders, "HEAD");
    return await hasChanges(workspace, options) ? `${commit}-dirty` : commit;
  });
  return { url, revision, warnings };
}

/** A worktree keeps its own HEAD in `own`, and shares branches and configuration in `common`. */
interface GitFolders {
  readonly own: string;
  readonly common: string;
}

async function findFolders(workspace: string): Promise<GitFolders | undefined> {
  const dotGit = join(workspace, ".git");
  const info = await Deno.stat(dotGit).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (info === undefined) return undefined;
  const own = info.isDirectory ? dotGit : await readGitFile(workspace, dotGit);
  const common = (await readTextIfExists(join(own, "commondir")))?.trim();
  return { own, common: common ? resolveFrom(own, common) : own };
}

/** The folder that a `.git` file points to, as worktrees and submodules have it. */
async function readGitFile(workspace: string, path: string): Promise<string> {
  const target = /^gitdir: (.+)$/m.exec(await readText(path))?.[1];
  if (target === undefined) throw new Error("its .git file names no folder");
  return resolveFrom(workspace, target.trim());
}

function resolveFrom(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

async function readOrigin(folders: GitFolders): Promise<string> {
  const config = await readText(join(folders.common, "config"));
  const url = remoteUrl(config, "origin");
  if (!url) throw new Error("it has no remote named origin");
  return withoutCredentials(url);
}

/** The commit that a reference leads to, through symbolic, loose and packed references. */
async function readRevision(folders: GitFolders, reference: string, depth = 0): Promise<string> {
  if (depth > DEEPEST_REFERENCE) throw new Error("its references lead in a circle");
  const text = (await readReference(folders, reference))?.trim();
  if (text === undefined) throw new Error(`${quote(reference)} has no commit yet`);
  const next = /^ref:\s*(\S+)$/.exec(text)?.[1];
  if (next !== undefined) {
    if (!isReferenceName(next)) throw new Error("HEAD is malformed");
    return await readRevision(folders, next, depth + 1);
  }
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) throw new Error("HEAD is malformed");
  return text;
}

/** Whether a name stays below the git folder. */
function isReferenceName(name: string): boolean {
  return name.startsWith("refs/") && !name.split("/").includes("..");
}

async function readReference(folders: GitFolders, name: string): Promise<string | undefined> {
  return await readTextIfExists(join(folders.own, name)) ??
    await readTextIfExists(join(folders.common, name)) ??
    await readPacked(folders, name);
}

async function readPacked(folders: GitFolders, name: string): Promise<string | undefined> {
  const packed = await readTextIfExists(join(folders.common, "packed-refs")) ?? "";
  const line = packed.split("\n").find((line) => line.trimEnd().endsWith(` ${name}`));
  return line?.slice(0, line.indexOf(" "));
}
