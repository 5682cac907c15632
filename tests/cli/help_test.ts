import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { BUNDLE_COMMANDS } from "../../src/cli/bundle_commands.ts";
import type { CommandDocument, ProgramDocument } from "../../src/cli/describe.ts";
import { besideTests, runIn } from "./support.ts";

const SNAPSHOT = besideTests("testdata/help.txt");

const PAGES = [
  [],
  ...COMMANDS.filter(({ name, hidden }) => name !== "help" && !hidden).map(({ name }) => [name]),
  ["modelfile", "generate"],
  ["modelfile", "validate"],
  ...BUNDLE_COMMANDS.map(({ name }) => ["bundle", name]),
];

/** All pages of help in one text; flags that every page lists are shown once. */
async function allHelp(): Promise<string> {
  const pages: string[] = [];
  for (const words of PAGES) {
    const { code, stdout, stderr } = await runIn([...words, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    pages.push(stdout.replace(/\nGlobal Options:\n(?: {2}.*\n)+/, ""));
  }
  return pages.join(`${"-".repeat(100)}\n`);
}

Deno.test("the help of every command is the one that was agreed on", async () => {
  const help = await allHelp();
  // To agree on new texts: delete the file, run this test, and read what it wrote.
  const agreed = await Deno.readTextFile(SNAPSHOT).catch(async () => {
    await Deno.writeTextFile(SNAPSHOT, help);
    return undefined;
  });
  assert.equal(help, agreed);
});

Deno.test("help lists every command of the table, with its aliases", async () => {
  const { stdout } = await runIn(["--help"]);
  for (const { name, aliases = [], summary, hidden = false } of COMMANDS) {
    if (hidden) assert.ok(!stdout.includes(name), name);
    const line = stdout.split("\n").find((line) =>
      line.trim().startsWith(`${name} `) ||
      line.trim().startsWith(`${name}, `)
    );
    const shown = line?.includes([name, ...aliases].join(", ")) && line.endsWith(summary);
    assert.equal(shown ?? false, !hidden, name);
  }
});

Deno.test("no arguments, and a group without a command, show help on standard output", async () => {
  assert.deepEqual(await runIn([]), await runIn(["--help"]));
  assert.deepEqual(await runIn(["modelfile"]), await runIn(["modelfile", "--help"]));
});

Deno.test("help and --help show the same", async () => {
  assert.deepEqual(await runIn(["help"]), await runIn(["--help"]));
  assert.deepEqual(await runIn(["help", "ls"]), await runIn(["list", "--help"]));
  assert.deepEqual(
    await runIn(["help", "modelfile", "generate"]),
    await runIn(["modelfile", "generate", "--help"]),
  );
  const unknown = await runIn(["help", "lst"]);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /unknown command "lst"\nhint: did you mean "list" or "ls"\?\n/);
});

Deno.test("a word that is no command is a mistake, with --help too", async () => {
  for (const args of [["biuld", "--help"], ["biuld", "."]]) {
    const { code, stdout, stderr } = await runIn(args);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /unknown command "biuld"\nhint: did you mean "build"\?\n/);
  }
  const group = await runIn(["modelfile", "genrate", "--help"]);
  assert.equal(group.code, 2);
  assert.match(group.stderr, /hint: did you mean "generate"\?/);
});

Deno.test("help wins over missing arguments and flags", async () => {
  const { code, stdout } = await runIn(["build", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: modelops build \[options\] <path>\n/);
});

Deno.test("help names the program as it was called, and lists the flags of every command", async () => {
  const { stdout } = await runIn(["push", "--help"], { programName: "modctl" });
  assert.match(stdout, /^Usage: modctl push \[options\] <target>\n/);
  assert.match(stdout, /\nGlobal Options:\n(?:.*\n)*? {2}--storage-dir <folder> /);
  assert.doesNotMatch(stdout, /nydusify/);
});

Deno.test("help shows what is of a command before the flags of all, and examples last", async () => {
  const titles = async (...words: string[]) => {
    const { stdout } = await runIn([...words, "--help"]);
    return [...stdout.matchAll(/^([A-Z][A-Za-z ]*):(?:$| modelops)/gm)].map(([, title]) => title);
  };
  const rows = {
    "": ["Usage", "Options", "Commands"],
    "bundle": ["Usage", "Options", "Commands", "Global Options"],
    "modelfile": ["Usage", "Options", "Commands", "Global Options"],
    "pull": ["Usage", "Arguments", "Options", "Global Options", "Examples"],
    "bundle push": ["Usage", "Arguments", "Options", "Global Options", "Examples"],
  };
  for (const [words, expected] of Object.entries(rows)) {
    assert.deepEqual(await titles(...words.split(" ").filter(Boolean)), expected, words);
  }
});

/** The flags of each command of a group, in the order of help. */
function flagsBelow({ flags, commands }: CommandDocument): string[][] {
  return [flags.map(({ name }) => name), ...commands.flatMap(flagsBelow)];
}

Deno.test("flags that several commands have stand in one order, behind a command's own", async () => {
  const { stdout } = await runIn(["help", "--json"]);
  const all = flagsBelow((JSON.parse(stdout) as ProgramDocument).command);
  const pairs = new Set(
    all.flatMap((flags) =>
      flags.flatMap((flag, at) => flags.slice(at + 1).map((later) => `${flag} before ${later}`))
    ),
  );
  const bothWays = [...pairs].filter((pair) => pairs.has(pair.split(" ").toReversed().join(" ")));
  assert.deepEqual(bothWays, []);
  const access = all.filter((flags) => flags.includes("--plain-http"));
  assert.ok(access.length > 10);
  for (const flags of access) {
    const behind = flags.slice(flags.indexOf("--plain-http"));
    const dragonfly = behind.filter((flag) => flag.startsWith("--dragonfly-"));
    const mirror = behind.filter((flag) => flag === "--no-mirror");
    assert.deepEqual(behind, [
      ...["--plain-http", "--insecure", "--proxy"],
      ...mirror,
      ...dragonfly,
    ]);
  }
});

Deno.test("help writes choices and defaults without quotes, in one pair of brackets", async () => {
  const help = await allHelp();
  assert.doesNotMatch(help, /\((?:choices|default): [^)]*"/);
  assert.doesNotMatch(help, /\) \((?:choices|default)/);
  assert.match(help, /\(choices: cncf, cnai; default: cncf\)/);
  assert.match(help, /\(choices: zstd, none; default: zstd, none for a name in\s+\.tar\)/);
});

Deno.test("what other tools call a command leads to ours", async () => {
  const rows = {
    info: "inspect",
    show: "inspect",
    ps: "list",
    images: "list",
    remove: "rm",
    download: "pull",
    pack: "build",
    unpack: "extract",
    init: "modelfile generate",
  };
  for (const [word, meant] of Object.entries(rows)) {
    const { code, stderr } = await runIn([word, "x"]);
    assert.equal(code, 2);
    assert.ok(
      stderr.includes(`unknown command "${word}"\nhint: did you mean "${meant}"?\n`),
      stderr,
    );
  }
  for (const word of ["constructor", "__proto__", "toString"]) {
    const { code, stderr } = await runIn([word]);
    assert.deepEqual([code, /did you mean/.test(stderr)], [2, false], stderr);
  }
});

Deno.test("every command has two examples, whose flags and arguments it takes", async () => {
  const { stdout } = await runIn(["help", "--json"]);
  const { command, globalFlags } = JSON.parse(stdout) as ProgramDocument;
  const everywhere = globalFlags.map(({ name }) => name);
  const check = async (words: string[], document: CommandDocument): Promise<void> => {
    for (const child of document.commands) await check([...words, child.name], child);
    if (document.commands.length > 0 || document.hidden) return;
    const help = (await runIn([...words, "--help"])).stdout;
    const lines = help.slice(help.indexOf("\nExamples:\n")).split("\n").filter((line) =>
      line.startsWith("  modelops ")
    );
    assert.equal(lines.length, 2, words.join(" "));
    assert.equal(document.examples.length, 2, words.join(" "));
    for (const line of document.examples) {
      const rest = line.split(" ").slice(words.length + 1);
      const flags = rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]!);
      const known = [...everywhere, ...document.flags.map(({ name }) => name)];
      assert.deepEqual(flags.filter((flag) => !known.includes(flag)), [], line);
      const required = document.arguments.filter(({ required }) => required).length;
      assert.ok(rest.filter((word) => !word.startsWith("-")).length >= required, line);
    }
  };
  await check([], command);
});

Deno.test("help fits every window", async () => {
  for (const columns of [40, 60, 80, 100, 200]) {
    for (const words of PAGES) {
      const { stdout } = await runIn([...words, "--help"], { terminal: true, columns });
      // What follows the examples are lines of other files, pasted as they are.
      const [help = ""] = stdout.split("\nTo ");
      const long = help.split("\n").filter((line) => line.length > columns);
      assert.deepEqual(long, [], `${words.join(" ")} at ${columns}`);
    }
  }
});

Deno.test("an example that is longer than the window can be pasted all the same", async () => {
  const { stdout } = await runIn(["attach", "--help"], { terminal: true, columns: 40 });
  const examples = stdout.slice(stdout.indexOf("Examples:\n") + "Examples:\n".length);
  const joined = examples.replaceAll(/ \\\n +/g, " ");
  assert.ok(
    joined.includes(
      "  modelops attach README.md -s registry.example.com/llama:v1 -t registry.example.com/llama:v2\n",
    ),
    examples,
  );
});
