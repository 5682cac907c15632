/**
 * The process: its streams, arguments, variables, signals and end.
 * @module
 */
import * as fs from "node:fs";
import { getBuiltinModule } from "./builtins.ts";
import { attempt, attemptAsync, errors } from "./errors.ts";

type Runtime = typeof Deno;

function output(fd: number) {
  const writeSync = (bytes: Uint8Array): number => attempt(() => fs.writeSync(fd, bytes));
  return {
    writeSync,
    write: (bytes: Uint8Array) => attemptAsync(() => Promise.resolve(writeSync(bytes))),
    isTerminal: () => getBuiltinModule("node:tty").isatty(fd),
  };
}

export const stdout = output(1);

export const stderr = output(2);

export const stdin = {
  isTerminal: () => getBuiltinModule("node:tty").isatty(0),
  get readable(): ReadableStream<Uint8Array> {
    const { Readable } = getBuiltinModule("node:stream");
    return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
  },
};

/** The size of the terminal that one of the streams is. */
export const consoleSize: Runtime["consoleSize"] = () => {
  const stream = [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
  if (stream === undefined) throw new errors.NotSupported("No stream is a terminal");
  return { columns: stream.columns, rows: stream.rows };
};

export const args: string[] = process.argv.slice(2);

export const env: Pick<Deno.Env, "get"> = { get: (name) => process.env[name] };

export const cwd: Runtime["cwd"] = () => attempt(() => process.cwd());

export const pid: number = process.pid;

export const exit: Runtime["exit"] = (code) => process.exit(code);

export const addSignalListener: Runtime["addSignalListener"] = (signal, listener) => {
  process.on(signal as NodeJS.Signals, listener);
};

export const removeSignalListener: Runtime["removeSignalListener"] = (signal, listener) => {
  process.off(signal as NodeJS.Signals, listener);
};

export const kill: Runtime["kill"] = (pid, signal) => void process.kill(pid, signal);

/** Node asks nobody for leave. */
export const permissions = { querySync: () => ({ state: "granted" as const }) };

const SYSTEMS: Readonly<Record<string, typeof Deno.build.os>> = { win32: "windows" };
const PROCESSORS: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

export const build = {
  os: SYSTEMS[process.platform] ?? process.platform as typeof Deno.build.os,
  arch: (PROCESSORS[process.arch] ?? process.arch) as typeof Deno.build.arch,
};
