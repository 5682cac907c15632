/**
 * A home with a working folder in it, where the command lines of a guide run.
 * @module
 */
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { type CommandResult, runCommand } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { addLauncher } from "./launcher.ts";

/** What a script started does not outlive it, however it ends. */
const END_JOBS = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT";

/** How a script is run. */
export interface ScriptOptions {
  /** Variables, added to those of the home. */
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments of the script. */
  readonly args?: readonly string[];
}

/** What a home is made of: its folder, the program in its path, the variables of a plain user. */
export interface HomeParts {
  readonly home: TempFolder;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a home with a working folder and a program in the path. */
export async function makeHome(program: string): Promise<HomeParts> {
  const home = await tempFolder();
  await Deno.mkdir(home.join("work"));
  await addLauncher(home, program);
  const { denoDir } = await denoCache();
  return { home, program, env: { ...plainEnvironment(home), DENO_DIR: denoDir } };
}

/** A home with a working folder in it; disposing removes both. */
export class GuideHome implements AsyncDisposable {
  /** The home folder. */
  readonly home: TempFolder;
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;

  /** Takes a home over, with variables of its own. */
  constructor({ home, program, env }: HomeParts, own: Readonly<Record<string, string>>) {
    this.home = home;
    this.#program = program;
    this.#env = { ...env, ...own };
  }

  /** A path in the working folder. */
  path(...parts: string[]): string {
    return this.home.join("work", ...parts);
  }

  /** Writes a file in the working folder. */
  write(name: string, content: string | Uint8Array): Promise<string> {
    return this.home.write(`work/${name}`, content);
  }

  /** Reads a text file of the working folder. */
  read(name: string): Promise<string> {
    return Deno.readTextFile(this.path(name));
  }

  /** Runs a script under bash in the working folder; its first failure ends it. */
  async run(script: string, options: ScriptOptions = {}): Promise<CommandResult> {
    const text = `${END_JOBS}\n${script}`;
    return await this.#bash(["-e", "-o", "pipefail", "-c", text, "guide"], options);
  }

  /** Runs a whole script of the guide, by its path, as a user runs it. */
  async runFile(path: string, options: ScriptOptions = {}): Promise<CommandResult> {
    return await this.#bash([path, ...options.args ?? []], options);
  }

  /** Runs a script that has to succeed, and returns its standard output. */
  async ok(script: string, options: ScriptOptions = {}): Promise<string> {
    const result = await this.run(script, options);
    assert.equal(result.code, 0, told(script, result));
    return result.stdout;
  }

  /** Runs the program with `--json` and returns its document. */
  async json<T>(command: string, options: ScriptOptions = {}): Promise<T> {
    return JSON.parse(await this.ok(`${this.#program} ${command} --json`, options));
  }

  /** Removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
  }

  async #bash(args: readonly string[], { env }: ScriptOptions): Promise<CommandResult> {
    return await runCommand("bash", args, { cwd: this.path(), env: { ...this.#env, ...env } });
  }
}

/** Everything that a script printed, under the script. */
export function told(script: string, { code, stdout, stderr }: CommandResult): string {
  return `${script}\nexit code ${code}\n${stdout}${stderr}`;
}

/** The environment of a user who has nothing but this home. */
function plainEnvironment(home: TempFolder): Record<string, string> {
  return {
    HOME: home.path,
    PATH: [home.join("bin"), Deno.env.get("PATH") ?? ""].join(delimiter),
    DOCKER_CONFIG: home.join(".docker"),
    XDG_CACHE_HOME: home.join(".cache"),
    XDG_CONFIG_HOME: home.join(".config"),
    XDG_RUNTIME_DIR: home.join(".run"),
    REGISTRY_AUTH_FILE: "",
    SOURCE_DATE_EPOCH: "",
    TZ: "UTC",
  };
}
