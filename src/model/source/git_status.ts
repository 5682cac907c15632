/**
 * Whether the files of a git workspace are those of its commit, as git itself tells.
 *
 * A workspace may come from anybody, and its own configuration may name programs that git would
 * run: they are not run. What the configuration of the user names, as the filter of Git LFS, is.
 * @module
 */
import { join, resolve } from "../../core/runtime/path.ts";
import { lstatIfExists } from "../../core/files.ts";
import { withTimeLimit } from "../../core/waiting/time_limit.ts";
import type { OperationOptions } from "../../core/operation.ts";

/** Milliseconds after which git is given up: it reads every file that looks changed. */
const GIT_TIME = 120_000;

/** Without locks, without the watcher of files that a repository may name, not in submodules. */
const STATUS = [
  "--no-optional-locks",
  "-c",
  "core.fsmonitor=false",
  "status",
  "--porcelain",
  "--untracked-files=normal",
  // Git would enter them with their own configuration.
  "--ignore-submodules=dirty",
];

/** The filters of contents that git knows here, each after the name of the file that has it. */
const FILTERS = ["config", "-z", "--show-scope", "--name-only", "--get-regexp", "^filter\\."];

/** Where submodules are; git itself keeps it in this file. */
const SUBMODULES = [
  "config",
  "-z",
  "--file",
  ".gitmodules",
  "--get-regexp",
  "^submodule\\..*\\.path$",
];

/** What is missing is not fetched, by whatever program the repository would have it done. */
const OFFLINE = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };

/**
 * What a caller tells git of its own repository, as a commit tells its hooks, is not said of the
 * workspace. Only a program in between can forget a variable: the shell that git has with it. The
 * settings that `GIT_CONFIG_COUNT` counts stay, for they are the user's.
 */
const HERE = "alias.here=!unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE " +
  "GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ATTR_SOURCE GIT_REPLACE_REF_BASE " +
  "GIT_NO_REPLACE_OBJECTS GIT_GRAFT_FILE GIT_SHALLOW_FILE; exec git";

/** The most submodules within each other that are looked into. */
const DEEPEST_SUBMODULE = 10;

/**
 * Whether a workspace has changed or new files beside those of its commit, in submodules too.
 * @throws {Error} when git is not installed or does not answer; its message says why, as a clause.
 */
export async function gitHasChanges(
  workspace: string,
  { signal }: OperationOptions = {},
): Promise<boolean> {
  return await withTimeLimit(GIT_TIME, (signal) => hasChanges(workspace, signal), signal);
}

async function hasChanges(workspace: string, signal: AbortSignal, depth = 0): Promise<boolean> {
  const git = (...args: readonly string[]) => runGit(workspace, args, signal);
  const { success, stdout, stderr } = await git(
    ...withoutFilters(await git(...FILTERS)),
    ...STATUS,
  );
  if (!success) {
    const [said = "it failed"] = textOf(stderr).trim().split("\n");
    throw new Error(`git does not tell whether files were changed: ${said}`);
  }
  if (stdout.byteLength > 0) return true;
  if (depth === DEEPEST_SUBMODULE) return false;
  for (const path of submodulesIn(await git(...SUBMODULES))) {
    const submodule = join(workspace, path);
    // One that was not fetched has no files that could be changed.
    if (await lstatIfExists(join(submodule, ".git")) === undefined) continue;
    if (await hasChanges(submodule, signal, depth + 1)) return true;
  }
  return false;
}

/** Flags that turn off the filters that the repository itself names. */
function withoutFilters({ code, stdout }: Deno.CommandOutput): string[] {
  // 1 says that there are none.
  if (code > 1) throw new Error("git does not tell which filters the repository has");
  const words = textOf(stdout).split("\0");
  const keys = words.filter((_, at) => /^(local|worktree)$/.test(words[at - 1] ?? ""));
  const filters = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("."))));
  return [...filters].flatMap((filter) => {
    if (filter.includes("=")) {
      throw new Error("its configuration has a filter with a name that git takes for no flag");
    }
    return ["clean=", "process=", "required=false"].flatMap((off) => ["-c", `${filter}.${off}`]);
  });
}

/** Paths of submodules, none of which leads out of the workspace. */
function submodulesIn({ stdout }: Deno.CommandOutput): readonly string[] {
  return textOf(stdout).split("\0").flatMap((entry) => {
    const path = entry.slice(entry.indexOf("\n") + 1);
    const isBelow = /^[^/]/.test(path) && !path.split("/").some((part) => /^\.{0,2}$/.test(part));
    return entry !== "" && isBelow ? [path] : [];
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function runGit(
  workspace: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command("git", {
      args: ["-C", workspace, "-c", HERE, "here", "-C", resolve(workspace), ...args],
      env: OFFLINE,
      stdin: "null",
      signal,
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("git, which would tell whether files were changed, is not installed");
  }
}
