/**
 * Other programs.
 * @module
 */
import type { ChildProcess, StdioOptions } from "node:child_process";
import * as fs from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { getBuiltinModule } from "./builtins.ts";
import { errors, translated } from "./errors.ts";

/** A program that can be started. */
export class Command {
  readonly #program: string;
  readonly #options: Deno.CommandOptions;

  constructor(program: string, options: Deno.CommandOptions = {}) {
    this.#program = program;
    this.#options = options;
  }

  /**
   * Starts it.
   * @throws {NotFound | PermissionDenied} when there is no such program, or it may not be run.
   */
  spawn(): RunningProgram {
    const { args = [], cwd, env, signal, stdin, stdout, stderr } = this.#options;
    const stdio = [stdin, stdout, stderr].map((how = "inherit") => NODE_STDIO[how]);
    const child = getBuiltinModule("node:child_process").spawn(this.#program, [...args], {
      cwd,
      env: env && { ...process.env, ...env },
      signal,
      killSignal: "SIGTERM",
      stdio: stdio as StdioOptions,
    });
    // What went wrong is told by what is missing; without a listener it would end the process.
    child.on("error", () => {});
    if (child.pid === undefined) throw notStarted(this.#program);
    return new RunningProgram(child);
  }

  /** Runs it to its end. */
  async output(): Promise<Deno.CommandOutput> {
    const child = new Command(this.#program, {
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...this.#options,
    }).spawn();
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      new Response(child.stdout).bytes(),
      new Response(child.stderr).bytes(),
    ]);
    this.#options.signal?.throwIfAborted();
    return { ...status, stdout, stderr };
  }
}

const NODE_STDIO = { piped: "pipe", inherit: "inherit", null: "ignore" } as const;

/** Why a program was not started, as the system would have said it. */
function notStarted(program: string): Error {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const places = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
  return places.some((place) => fs.existsSync(place))
    ? new errors.PermissionDenied(`Permission denied: ${program}`)
    : new errors.NotFound(`No such program: ${program}`);
}

/** A program that runs. */
class RunningProgram {
  readonly #child: ChildProcess;
  readonly status: Promise<Deno.CommandStatus>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.status = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        const exit = code ?? 128 + (signal ? constants.signals[signal] : 0);
        resolve({ success: exit === 0, code: exit, signal: signal as Deno.Signal | null });
      });
    });
  }

  /** What it reads; ended programs read nothing more. */
  get stdin(): WritableStream<Uint8Array> {
    const stdin = this.#child.stdin!;
    stdin.on("error", () => {});
    return new WritableStream({
      write: (chunk) =>
        new Promise<void>((resolve, reject) => {
          stdin.write(chunk, (error) => error ? reject(translated(error)) : resolve());
        }),
      close: () => new Promise<void>((resolve) => stdin.end(resolve)),
      abort: () => void stdin.destroy(),
    });
  }

  get stdout(): ReadableStream<Uint8Array> {
    return bytesOf(this.#child.stdout!);
  }

  get stderr(): ReadableStream<Uint8Array> {
    return bytesOf(this.#child.stderr!);
  }

  /** Sends it a signal; one that has ended needs none. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (!this.#child.kill(signal as NodeJS.Signals)) {
      throw new TypeError("Child process has already terminated");
    }
  }
}

/** What a program says, read as it is asked for. */
function bytesOf(stream: NodeJS.ReadableStream & AsyncIterable<Uint8Array>) {
  const { Readable } = getBuiltinModule("node:stream");
  return Readable.toWeb(stream as InstanceType<typeof Readable>) as ReadableStream<Uint8Array>;
}
