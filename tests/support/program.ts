/** The whole program, run as a user runs it, in a home of its own. @module */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, runOk, startCommand } from "./command.ts";
import type { CommandOptions, CommandResult } from "./command.ts";
import { denoCache } from "./deno_cache.ts";
import { tempFolder } from "./temp.ts";
import type { TempFolder } from "./temp.ts";

/** The file that `deno run` is given. */
export const CLI_PATH: string = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/**
 * The command line that runs the program: this tree, or the form of it that `MODELOPS_BIN` names,
 * its words between spaces and paths from the root: `deno run -A /tmp/bundle/modelops.js`.
 */
export const PROGRAM: readonly [program: string, ...args: string[]] = programCommand(
  Deno.env.get("MODELOPS_BIN"),
);

function programCommand(given = ""): readonly [string, ...string[]] {
  const [program, ...args] = given.split(" ").filter((word) => word !== "");
  if (program === undefined) return [Deno.execPath(), "run", "-A", "--quiet", CLI_PATH];
  return [program, ...args];
}

/** Why the program has no zstd, as an addition to the name of a test; nothing where it has. */
export async function withoutZstd(): Promise<string> {
  const [program] = PROGRAM;
  if (basename(program) !== "node") return "";
  const { stdout } = await runOk(program, ["-p", "typeof require('zlib').createZstdCompress"]);
  return stdout.trim() === "function" ? "" : " (this Node is older than 22.15 and has no zstd)";
}

/** The program with a home folder that nobody else uses; disposing removes the home. */
export interface Program extends AsyncDisposable {
  /** The home folder: the local store, credentials and configuration lie in it. */
  readonly home: TempFolder;
  /** The variables that each run gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the program, whatever its exit code. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /**
   * Runs the program and returns its standard output.
   * @throws {Error} with all that it printed when it fails.
   */
  ok(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs the program with `--json` and returns its document; throws as {@linkcode ok}. */
  json(args: readonly string[], options?: CommandOptions): Promise<Record<string, unknown>>;
  /** Starts the program, for tests that end it themselves. */
  spawn(args: readonly string[], options?: Omit<CommandOptions, "stdin">): Deno.ChildProcess;
}

/** Makes a home for the program. */
export async function openProgram(): Promise<Program> {
  const home = await tempFolder();
  const environment = { ...homeEnvironment(home), DENO_DIR: (await denoCache()).denoDir };
  const [program, ...words] = PROGRAM;
  const command = (args: readonly string[], options: CommandOptions = {}) =>
    [
      program,
      [...words, ...args],
      { cwd: home.path, ...options, env: { ...environment, ...options.env } },
    ] as const;
  const ok = async (args: readonly string[], options?: CommandOptions) =>
    (await runOk(...command(args, options))).stdout;
  return {
    home,
    env: environment,
    run: (args, options) => runCommand(...command(args, options)),
    ok,
    json: async (args, options) => JSON.parse(await ok([...args, "--json"], options)),
    spawn: (args, options) => startCommand(...command(args, options)),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** Everything through which a program finds its user's files, and settings that tests choose. */
function homeEnvironment(home: TempFolder): Record<string, string> {
  return {
    HOME: home.path,
    USERPROFILE: home.path,
    DOCKER_CONFIG: home.join(".docker"),
    XDG_CACHE_HOME: home.join(".cache"),
    XDG_CONFIG_HOME: home.join(".config"),
    XDG_DATA_HOME: home.join(".local", "share"),
    XDG_RUNTIME_DIR: home.join(".run"),
    REGISTRY_AUTH_FILE: "",
    CI: "",
    SOURCE_DATE_EPOCH: "",
    MODCTL_REGISTRY_USER: "",
    MODCTL_REGISTRY_PASS: "",
    MODCTL_STORAGE_DIR: "",
  };
}
