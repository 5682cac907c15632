/** A world for one run of the commands: everything they read is given, everything they write is kept. @module */
import { fileURLToPath } from "node:url";
import type { CliContext, Login, Services } from "../../src/cli/context.ts";
import { run } from "../../src/cli/run.ts";
import type { TextSink } from "../../src/cli/output/streams.ts";
import type { ModelBackend } from "../../src/model/operations.ts";

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

/** A call of a faked method: its name and arguments. */
export type Call = readonly [name: string, ...args: unknown[]];

/** What a test says about the world; everything else is empty. */
export interface WorldOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly home?: string;
  readonly programName?: string;
  readonly stdin?: string;
  /** Whether the three streams are a terminal. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Told what is written to standard error, when it is. */
  readonly onStderr?: (text: string) => void;
  /** What the person answers to prompts, in order. */
  readonly answers?: string[];
  /** What the model operations do; an operation that is not given fails the test. */
  readonly backend?: Partial<ModelBackend>;
  readonly services?: Partial<Services>;
}

/** A run that is over. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A context made of what a test says. */
export function fakeContext(
  options: WorldOptions = {},
): CliContext & { readonly stdout: RecordingSink; readonly stderr: RecordingSink } {
  const terminal = options.terminal ?? false;
  const columns = options.columns === undefined ? {} : { columns: options.columns };
  const answers = [...options.answers ?? []];
  const answer = async () => {
    const next = answers.shift();
    if (next === undefined) throw new Error("Nobody answers");
    return next;
  };
  const unexpected = (name: string) => () => {
    throw new Error(`${name} was not expected`);
  };
  return {
    programName: options.programName ?? "modelops",
    platform: "linux/amd64",
    env: options.env ?? {},
    cwd: options.cwd ?? "/work/here",
    // The parent is a file, so that no test leaves a log in a home.
    home: "home" in options ? options.home : "/dev/null/home",
    stdin: { isTerminal: terminal, readAll: async () => options.stdin ?? "" },
    stdout: new RecordingSink({ terminal, ...columns }),
    stderr: new RecordingSink({ terminal, ...columns, onWrite: options.onStderr }),
    prompts: { text: answer, secret: answer },
    signal: options.signal ?? new AbortController().signal,
    now: () => new Date("2026-03-01T12:00:00Z"),
    services: {
      openBackend: async () => options.backend as ModelBackend,
      openBundles: unexpected("openBundles"),
      openAccounts: unexpected("openAccounts"),
      downloadModel: unexpected("downloadModel"),
      generateModelfile: unexpected("generateModelfile"),
      checkModelfile: unexpected("checkModelfile"),
      serve: unexpected("serve"),
      ...options.services,
    },
  };
}

/** Runs the program in a world of its own. */
export async function runIn(
  args: readonly string[],
  options: WorldOptions = {},
): Promise<Finished> {
  const context = fakeContext(options);
  // No command of a test may write a log: the default folder lies under a file.
  const code = await run(args, context);
  return {
    code,
    stdout: context.stdout.text,
    stderr: context.stderr.text.replace(/^warning: Cannot write the log .*\n/m, ""),
  };
}

/** Accounts that keep their calls. */
export function fakeAccounts(
  calls: Call[],
  stored?: Login,
): Pick<Services, "openAccounts"> {
  return {
    openAccounts: async () => ({
      login: async (registry, login) => {
        calls.push(["login", registry, login]);
        return { registry, username: login.username, storedIn: "/home/user/.modctl/config.json" };
      },
      logout: async (registry) => {
        calls.push(["logout", registry]);
        return stored !== undefined;
      },
      stored: async () => stored,
      readAuthFile: async (path, registry) => {
        calls.push(["readAuthFile", path, registry]);
        return { username: "file-user", password: "file-pass" };
      },
    }),
  };
}

/** The path of a file beside the tests. */
export function besideTests(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
