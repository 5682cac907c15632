/**
 * Whether the files of a git workspace are those of its commit, as git itself tells.
 * @module
 */
import { withTimeLimit } from "../../core/time_limit.ts";
import type { OperationOptions } from "../../core/operation.ts";

/** Milliseconds after which git is given up: it reads every file that looks changed. */
const GIT_TIME = 120_000;

/** Without the locks and the helpers that a repository may ask git to use. */
const STATUS = [
  "--no-optional-locks",
  "-c",
  "core.fsmonitor=false",
  "status",
  "--porcelain",
  "--untracked-files=normal",
];

/**
 * Whether a workspace has changed or new files beside those of its commit.
 * @throws {Error} when git is not installed or does not answer; its message says why, as a clause.
 */
export async function gitHasChanges(
  workspace: string,
  { signal }: OperationOptions = {},
): Promise<boolean> {
  const { success, stdout, stderr } = await withTimeLimit(
    GIT_TIME,
    (signal) => runGit(workspace, signal),
    signal,
  );
  if (success) return stdout.byteLength > 0;
  const [said = "it failed"] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`git does not tell whether files were changed: ${said}`);
}

async function runGit(workspace: string, signal: AbortSignal): Promise<Deno.CommandOutput> {
  const args = ["-C", workspace, ...STATUS];
  try {
    return await new Deno.Command("git", { args, stdin: "null", signal }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("git, which would tell whether files were changed, is not installed");
  }
}
