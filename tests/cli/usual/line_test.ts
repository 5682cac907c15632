import assert from "node:assert/strict";
import fc from "fast-check";
import { rootCommand } from "../../../src/cli/cli_command.ts";
import { addCommands, type CommandRow, flagsOf, givenFlags } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { addGlobalFlags } from "../../../src/cli/global_flags.ts";
import type { Session } from "../../../src/cli/session.ts";
import { UsualCommand } from "../../../src/cli/usual/command.ts";
import { readUsualLine } from "../../../src/cli/usual/line.ts";
import type { Command } from "../../../src/deps/commander.ts";
import { fakeContext } from "../support.ts";

/** What a line comes to: a command, what its action is given, and what was read besides. */
interface Meaning {
  readonly command: string;
  /** Arguments and flags. */
  readonly given: readonly unknown[];
  readonly global: unknown;
  readonly flags: readonly string[];
  /** The flags that the line gives. */
  readonly givenFlags: readonly string[];
}

/** No file of a usual command looks into the session before its action runs. */
const session = {} as Session;

/** The rows of usual commands, whose actions only tell what they are given. */
function tellingRows(tell: (command: string, given: readonly unknown[]) => void): CommandRow[] {
  return COMMANDS.filter(({ isUsual }) => isUsual).map((row) => ({
    ...row,
    load: async () => {
      const { configure } = await row.load();
      return {
        configure(command: Command, session: Session) {
          configure(command, session);
          // The flags are the first object; commander adds the command.
          command.action((...given: unknown[]) => {
            tell(row.name, given.slice(0, given.findIndex((one) => typeof one === "object") + 1));
          });
        },
      };
    },
  }));
}

/** What commander makes of a line; `undefined` for help and for a mistake. */
async function ofCommander(words: readonly string[]): Promise<Meaning | undefined> {
  const told: { command: string; given: readonly unknown[] }[] = [];
  const root = rootCommand(fakeContext()).version("1", "-V, --version", "show the version");
  const program = addGlobalFlags(root) as unknown as Command;
  addCommands(
    program,
    tellingRows((command, given) => told.push({ command, given })),
    () => session,
  );
  let flags: string[] = [];
  let given: string[] = [];
  program.hook("preAction", (_program, command) => {
    flags = [...flagsOf(command as Command)].sort();
    given = [...givenFlags(command as Command)].sort();
  });
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch {
    return undefined;
  }
  return told[0] && { ...told[0], global: program.opts(), flags, givenFlags: given };
}

/** What the reader of usual lines makes of a line; `undefined` where it leaves it to commander. */
async function ofReader(words: readonly string[]): Promise<Meaning | undefined> {
  const told: { command: string; given: readonly unknown[] }[] = [];
  let global: unknown;
  const rows = tellingRows((command, given) => told.push({ command, given }));
  const line = await readUsualLine(words, rows, (flags) => {
    global = flags;
    return session;
  });
  await line?.run();
  if (line === undefined || told[0] === undefined) return undefined;
  const [flags, givenFlags] = [line.known, line.given].map((names) => [...names].sort());
  return { ...told[0], global, flags: flags!, givenFlags: givenFlags! };
}

/** The flags of a command, or of all when none is named. */
async function flagsOfRow(row?: CommandRow): Promise<string[]> {
  const command = new UsualCommand();
  if (row === undefined) addGlobalFlags(command as unknown as Command);
  else (await row.load()).configure(command as unknown as Command, session);
  return command.flags();
}

const usualRows = COMMANDS.filter(({ isUsual }) => isUsual);
const values = [
  "r.test/m:v1",
  "out",
  "list",
  "3",
  "none",
  "zstd",
  "a=b",
  "a,b",
  "linux/amd64",
  "ü x",
];
const odd = ["", "-", "--", "-h", "--help", "-V", "--nope", "-x", "-tq", "-c3", "-q=false", "help"];

/**
 * Random lines of a command: mostly what it takes, in any order, and now and then something odd.
 */
async function linesOf(row: CommandRow): Promise<fc.Arbitrary<string[]>> {
  const flags = [...await flagsOfRow(row), ...await flagsOfRow(), "-t", "-f", "-c", "-q"];
  const value = fc.constantFrom(...values);
  const flag = fc.constantFrom(...flags);
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(flag, value) },
    { weight: 3, arbitrary: flag.map((flag) => [flag]) },
    { weight: 2, arbitrary: fc.tuple(flag, value).map(([flag, value]) => [`${flag}=${value}`]) },
    { weight: 5, arbitrary: value.map((value) => [value]) },
    { weight: 1, arbitrary: fc.constantFrom(...odd).map((word) => [word]) },
    { weight: 1, arbitrary: flag.map((flag) => [`${flag}=false`]) },
  );
  const name = fc.constantFrom(row.name, ...row.aliases ?? []);
  const pieces = fc.array(piece, { maxLength: 4 });
  return fc.tuple(fc.array(piece, { maxLength: 1 }), name, pieces)
    .map(([before, name, after]) => [...before.flat(), name, ...after.flat()]);
}

/** A line of each command that has nothing odd. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  build: ["build", "m", "-t", "r.test/m:v1", "--target=r.test/m:v2", "--compression", "zstd"],
  push: ["push", "r.test/m:v1", "--plain-http", "-c", "4", "--max-rate", "20MiB"],
  pull: ["--json", "pull", "--extract-dir", "out", "r.test/m:v1", "-q"],
  extract: ["extract", "r.test/m:v1", "--output", "out", "--no-progress"],
  inspect: ["inspect", "r.test/m:v1", "--format", "{{.Digest}}", "--storage-dir=here"],
  list: ["ls", "--json", "--color", "never"],
  tag: ["tag", "r.test/m:v1", "r.test/m:v2", "--insecure"],
  rm: ["rm", "r.test/m:v1"],
};

for (const row of usualRows) {
  Deno.test(`a usual line of ${row.name} means what commander makes of it`, async () => {
    const plain = await ofReader(PLAIN[row.name] ?? []);
    assert.equal(plain?.command, row.name, "the line is read");
    assert.deepEqual(plain, await ofCommander(PLAIN[row.name] ?? []));
    const check = fc.asyncProperty(await linesOf(row), async (words) => {
      const meaning = await ofReader(words);
      if (meaning !== undefined) assert.deepEqual(meaning, await ofCommander(words));
    });
    await fc.assert(check, { numRuns: 1500 });
  });
}

Deno.test("lines that are not usual are left to commander", async () => {
  const lines = [
    [],
    ["help", "list"],
    ["list", "--help"],
    ["-V"],
    ["lst"],
    ["ps"],
    ["prune"],
    ["list", "one", "more"],
    ["tag", "r.test/m:v1"],
    ["list", "--json=false"],
    ["list", "--", "--json"],
    ["list", "--no-such"],
    ["build", "m"],
    ["build", "m", "-tr.test/m:v1"],
    ["build", "m", "-t", "-x"],
    ["build", "m", "-t"],
    ["build", "m", "-t", "r.test/m:v1", "--compression", "lz4"],
    ["push", "r.test/m:v1", "-c", "0"],
    ["list", "--color="],
    ["--nope", "list"],
  ];
  for (const words of lines) assert.equal(await ofReader(words), undefined, words.join(" "));
});
