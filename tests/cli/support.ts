/**
 * Runs of the program within the test: everything it reads is given, everything it writes is kept.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { CliContext } from "../../src/cli/context.ts";
import { run } from "../../src/cli/run.ts";
import type { TextSink } from "../../src/cli/context.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { diskCatalog, type LocalCatalog } from "../../src/oci/disk_catalog.ts";
import { FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

/** A sink that keeps what is written. */
export class RecordingSink implements TextSink {
  text = "";
  readonly isTerminal: boolean;
  readonly #columns: number | undefined;
  readonly #onWrite: ((text: string) => void) | undefined;

  constructor(
    options: {
      terminal?: boolean;
      columns?: number;
      onWrite?: (text: string) => void;
    } = {},
  ) {
    this.isTerminal = options.terminal ?? false;
    this.#onWrite = options.onWrite;
    this.#columns = options.columns;
  }

  write(text: string): void {
    this.text += text;
    this.#onWrite?.(text);
  }

  columns(): number | undefined {
    return this.#columns;
  }
}

/** What a test says about the process of a run; everything else is empty. */
export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly home?: string;
  readonly programName?: string;
  readonly stdin?: string;
  /** Whether the three streams are a terminal. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Told what is written to standard output, when it is. */
  readonly onStdout?: (text: string) => void;
  /** Told what is written to standard error, when it is. */
  readonly onStderr?: (text: string) => void;
  /** What the person answers to prompts, in order. */
  readonly answers?: string[];
  /** The network; a request fails the test when absent. */
  readonly transport?: Transport;
}

/** A run that is over. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A context made of what a test says. */
export function fakeContext(
  options: RunOptions = {},
): CliContext & { readonly stdout: RecordingSink; readonly stderr: RecordingSink } {
  const { terminal = false, columns, onStdout, onStderr } = options;
  const answers = [...options.answers ?? []];
  const answer = async () => {
    const next = answers.shift();
    if (next === undefined) throw new Error("Nobody answers");
    return next;
  };
  return {
    programName: options.programName ?? "modelops",
    platform: "linux/amd64",
    env: options.env ?? {},
    cwd: options.cwd ?? "/work/here",
    // The parent is a file, so that no test leaves a log in a home.
    home: "home" in options ? options.home : "/dev/null/home",
    stdin: { isTerminal: terminal, readAll: async () => options.stdin ?? "" },
    stdout: new RecordingSink({ terminal, columns, onWrite: onStdout }),
    stderr: new RecordingSink({ terminal, columns, onWrite: onStderr }),
    prompts: { text: answer, secret: answer },
    signal: options.signal ?? new AbortController().signal,
    now: () => new Date("2026-03-01T12:00:00Z"),
    transport: "transport" in options ? options.transport : async ({ url }) => {
      throw new Error(`A request to ${url} was not expected`);
    },
  };
}

/** Runs the program. */
export async function runIn(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const context = fakeContext(options);
  // No command of a test may write a log: the default folder lies under a file.
  const code = await run(args, context);
  return {
    code,
    stdout: context.stdout.text,
    stderr: context.stderr.text.replace(/^warning: Cannot write the log .*\n/m, ""),
  };
}

/**
 * The folder of a user who runs the program, with a model to package, and the registry of every
 * host.
 */
export class Home implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly registry: FakeRegistry;

  private constructor(folder: TempFolder, registry: FakeRegistry) {
    this.folder = folder;
    this.registry = registry;
  }

  /** Makes a home. */
  static async open(intercept?: Intercept): Promise<Home> {
    const folder = await tempFolder();
    await folder.write("model/Modelfile", "NAME <m>\nCONFIG config.json\nMODEL model.bin\n");
    await folder.write("model/config.json", '{"model_type":"llama"}');
    await folder.write("model/model.bin", "weights");
    return new Home(folder, new FakeRegistry(intercept));
  }

  /** A path in the home. */
  at(...parts: string[]): string {
    return this.folder.join(...parts);
  }

  /** The local store. */
  get store(): LocalCatalog {
    return diskCatalog(this.at(".modctl"));
  }

  /** Runs the program in the home. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const { path } = this.folder;
    return await runIn(args, {
      cwd: path,
      home: path,
      transport: this.registry.transport,
      ...options,
      // The log would be one more file of the home.
      env: { MODCTL_LOG_DIR: "/dev/null/logs", ...options.env },
    });
  }

  /** Runs the program, which has to succeed, and returns what it writes to standard output. */
  async done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Packages the model of the home. */
  async build(...args: string[]): Promise<string> {
    return await this.done("build", this.at("model"), ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

/** The path of a file beside the tests. */
export function besideTests(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
