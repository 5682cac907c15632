/**
 * The context of a run as the process finds it.
 * @module
 */
import { basename } from "../core/runtime/path.ts";
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { fileFault } from "../core/file_errors.ts";
import { nodeOs } from "../core/runtime/builtins.ts";
import type { Environment } from "../library/environment.ts";
import type { CliContext, TextInput, TextSink } from "./context.ts";
import { interruptSignal } from "./interrupt.ts";
import { isReadOnly } from "./read_only.ts";
import { aroundSuspension } from "./suspension.ts";
import { uncaughtFault } from "./uncaught.ts";
import { terminalPrompts } from "./settings/prompt.ts";

/** The context of this process. From here on Ctrl-C is a request to stop. */
export function processContext(): CliContext {
  return {
    programName: programName(executable()),
    platform: platform(),
    env: environment(),
    cwd: workingDirectory(),
    get home() {
      return home();
    },
    stdin: standardInput(),
    stdout: sink(Deno.stdout, (error) => {
      const reason = fileFault("write", error) ?? (error as Error).message;
      throw new TransferError(`Cannot write to standard output: ${reason}`, { cause: error });
    }, () => isReadOnly(1)),
    // There is nobody to tell it to; the exit code remains.
    stderr: sink(Deno.stderr, () => {}),
    prompts: terminalPrompts(),
    signal: interruptSignal(),
    aroundSuspension,
    fault: uncaughtFault(),
    now: () => new Date(),
  };
}

/**
 * What the process was started as. The path of the executable would be that of what a link of
 * another name leads to. `node:process` has it everywhere, and takes a while to load.
 */
function executable(): string {
  try {
    const [name, script] = Deno.readTextFileSync("/proc/self/cmdline").split("\0");
    if (name) return startedAs(name, script);
  } catch {
    // Another system, or a run that may not read there.
  }
  // deno-lint-ignore no-process-global
  return startedAs(process.argv0, process.argv[1]);
}

/** Run by Node, the program is called by the name of its script. */
function startedAs(name: string, script = name): string {
  return /^node(\.exe)?$/.test(basename(name)) ? script : name;
}

const KNOWN_NAMES = ["modctl", "modelops-bundles"];

/** The name the program was called by; run by Deno itself, it is called by its own name. */
export function programName(executable: string): string {
  const name = basename(executable.replaceAll("\\", "/")).replace(/\.exe$/i, "");
  return KNOWN_NAMES.includes(name) ? name : "modelops";
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

function platform(): string {
  return `${Deno.build.os}/${ARCHITECTURES[Deno.build.arch] ?? Deno.build.arch}`;
}

/** The working directory; when it was removed, whoever uses a path in it says so. */
function workingDirectory(): string {
  try {
    return Deno.cwd();
  } catch {
    return ".";
  }
}

/**
 * The variables of the process, each read when it is asked for. One that this run may not read
 * counts as not set, so that a run needs leave for no more than those that it is to obey.
 */
function environment(): Environment {
  // One question for all of them: the forty that are read would take a tenth of a small command.
  const isOpen = Deno.permissions.querySync({ name: "env" }).state === "granted";
  const get = (_target: Environment, name: string | symbol) =>
    isOpen ? Deno.env.get(String(name)) : variable(String(name));
  return new Proxy<Environment>({}, { get });
}

function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** The user's folder: `HOME`, else what the system knows; some users of containers have neither. */
function home(): string | undefined {
  const folder = Deno.env.get("HOME");
  if (folder) return folder;
  try {
    return nodeOs().homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** The most of standard input that is read, in bytes: it holds a password or a token. */
const INPUT_LIMIT = 1024 * 1024;

function standardInput(): TextInput {
  return {
    isTerminal: Deno.stdin.isTerminal(),
    readAll: async (signal) => {
      // Loaded when it is needed: few commands read anything.
      const { readAll } = await import("../core/streams.ts");
      const interruptible = Deno.stdin.readable.pipeThrough(new TransformStream(), { signal });
      const bytes = await readAll(interruptible, INPUT_LIMIT).catch((error) => {
        const reason = error instanceof InvalidInputError
          ? `it is larger than ${INPUT_LIMIT} bytes`
          : fileFault("read", error);
        if (reason === undefined) throw error;
        throw new InvalidInputError(`Cannot read standard input: ${reason}`, { cause: error });
      });
      return new TextDecoder().decode(bytes);
    },
  };
}

/**
 * A stream as a sink; `failed` is told what else goes wrong than that the reader has gone.
 * @param isShut Whether nothing can be written to it at all; asked before the first write.
 */
function sink(
  stream: typeof Deno.stdout,
  failed: (error: unknown) => void,
  isShut = () => false,
): TextSink {
  const isTerminal = stream.isTerminal();
  const encoder = new TextEncoder();
  let closed = false;
  let shut: boolean | undefined;
  return {
    isTerminal,
    columns: () => isTerminal ? terminalWidth() : undefined,
    write(text) {
      if (closed) return;
      shut ??= !isTerminal && isShut();
      if (shut) return failed(new Error("it is open for reading only"));
      try {
        writeFully(stream, encoder.encode(text));
      } catch (error) {
        // The reader has stopped reading, as `head` does: nobody receives the rest.
        if (error instanceof Deno.errors.BrokenPipe) closed = true;
        else failed(error);
      }
    },
  };
}

function writeFully(stream: typeof Deno.stdout, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength;) {
    try {
      offset += stream.writeSync(bytes.subarray(offset));
    } catch (error) {
      // A pipe that was made not to block is full: its reader needs a moment.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function terminalWidth(): number | undefined {
  try {
    return Deno.consoleSize().columns || undefined;
  } catch {
    // Neither standard input, output nor error is a terminal with a size.
    return undefined;
  }
}
