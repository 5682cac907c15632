import assert from "node:assert/strict";
import type { CommandDocument, FlagDocument, ProgramDocument } from "../../src/cli/describe.ts";
import { runIn } from "./support.ts";

/** A flag that scripts know: its forms, its default, and a word of what it means. */
type Row = readonly [forms: string, standard: unknown, meaning: RegExp];

const NONE = undefined;

const CONCURRENCY: Row = ["--concurrency <>", 5, /at once/];
const PLAIN_HTTP: Row = ["--plain-http", false, /without TLS/];
const INSECURE: Row = ["--insecure", false, /any certificate/];
const RAW: Row = ["--raw", true, /as it is/];
const WRITING: readonly Row[] = [
  ["--overwrite", false, /somebody changed/],
  ["--portable", false, /every system/],
  ["--max-ratio <>", "100", /times its size/],
  ["--max-size <>", "no limit", /most bytes/],
  ["--max-entries <>", "1000000", /most entries/],
];
const DRAGONFLY: readonly Row[] = [
  ["--dragonfly-endpoint <>", NONE, /Dragonfly daemon/],
  ["--dragonfly-required", false, /fail/],
  ["--dragonfly-forward-auth", false, /logins/],
];
const NYDUSIFY: Row = ["--nydusify hidden", false, /^$/];

const GLOBAL: readonly Row[] = [
  ["--storage-dir <>", "~/.modctl", /local store/],
  ["--log-dir <>", "logs in the local store", /log file/],
  ["--log-level <>", "info", /panic, fatal, error, warn, info, debug or trace/],
  ["--no-progress", false, /no progress/],
  ["--pprof", false, /profiles/],
  ["--pprof-addr <>", "localhost:6060", /where/],
];

/** The commands with their arguments and flags. */
const COMMANDS: Readonly<Record<string, readonly [args: string, ...flags: Row[]]>> = {
  "version": [""],
  "build": [
    "<path>",
    ["-t --target <> required repeatable", NONE, /name of the artifact/],
    ["-f --modelfile <>", "Modelfile", /Modelfile/],
    ["-c --concurrency <>", 5, /at once/],
    ["--output-remote", false, /registry.*nothing in the local store/],
    PLAIN_HTTP,
    INSECURE,
    RAW,
    ["--portable", false, /every system/],
    ["--source-url <>", "the git remote", /sources/],
    ["--source-revision <>", "the git commit", /revision/],
    ["--reasoning", false, /reasons/],
    ["--no-creation-time", false, /clock/],
    NYDUSIFY,
  ],
  "push": ["<target>", CONCURRENCY, PLAIN_HTTP, INSECURE, NYDUSIFY],
  "pull": [
    "<target>",
    CONCURRENCY,
    PLAIN_HTTP,
    INSECURE,
    ["--proxy <>", NONE, /proxy/],
    ["--extract-dir <>", NONE, /files into this folder/],
    ["--extract-from-remote", false, /nothing into the local store/],
    ...WRITING,
    ...DRAGONFLY,
  ],
  "fetch": [
    "<target>",
    ["--output <> required", NONE, /receives the files/],
    ["--patterns <> required repeatable", NONE, /patterns of paths/],
    CONCURRENCY,
    PLAIN_HTTP,
    INSECURE,
    ["--proxy <>", NONE, /proxy/],
    ...WRITING,
    ...DRAGONFLY,
  ],
  "extract": [
    "<target>",
    ["--output <> required", NONE, /receives the files/],
    CONCURRENCY,
    ...WRITING,
  ],
  "attach": [
    "<file>",
    ["-s --source <> required", NONE, /extended/],
    ["-t --target <> required", NONE, /name of the extended/],
    ["-d --destination-dir <>", NONE, /folder of the file in the model/],
    ["-f --force", false, /replace/],
    ["--output-remote", false, /not to the local store/],
    PLAIN_HTTP,
    INSECURE,
    RAW,
    ["--config", false, /replace the configuration/],
    NYDUSIFY,
  ],
  "upload": [
    "<file>",
    ["--repo <>", NONE, /repository that receives/],
    RAW,
    ["--destination-dir <>", NONE, /folder of the file in the model/],
    PLAIN_HTTP,
    INSECURE,
  ],
  "tag": ["<source> <target>"],
  "list": ["[place]"],
  "inspect": [
    "<target>",
    ["--remote", false, /ask the registry/],
    ["--config", false, /configuration document/],
    PLAIN_HTTP,
    INSECURE,
  ],
  "login": [
    "<registry>",
    ["-u --username <>", "$MODCTL_REGISTRY_USER", /user/],
    ["-p --password <>", "$MODCTL_REGISTRY_PASS", /password/],
    // Standard input is read where that is asked for, so that nothing waits for it unasked.
    ["--password-stdin", false, /standard input/],
    ["--authfile <>", NONE, /Docker configuration file/],
    PLAIN_HTTP,
    INSECURE,
  ],
  "logout": ["<registry>"],
  "rm": ["<target>"],
  "verify": [
    "[target...]",
    ["--all", false, /everything/],
    ["--repair", false, /fetch what is damaged/],
    CONCURRENCY,
    PLAIN_HTTP,
    INSECURE,
    ["--proxy <>", NONE, /proxy/],
  ],
  "prune": [
    "",
    ["--dry-run", false, /only say/],
    ["--remove-untagged", true, /no tag names/],
  ],
  "modelfile generate": [
    "[path]",
    ["-n --name <>", "the folder's name", /name of the model/],
    ["--arch <>", NONE, /architecture/],
    ["--family <>", NONE, /family/],
    ["--format <>", NONE, /format/],
    ["--param-size <>", NONE, /number of parameters/],
    ["--precision <>", NONE, /precision/],
    ["--quantization <>", NONE, /quantization/],
    ["-O --output <>", ".", /folder that receives the Modelfile/],
    ["--overwrite", false, /replace/],
    ["--model-url <>", NONE, /download/],
    ["-p --provider <>", NONE, /hub/],
    ["--download-dir <>", ".", /receives/],
    ["--exclude <> repeatable", NONE, /leave out/],
    ["--include <> repeatable", NONE, /left out by habit/],
    ["--ignore-unrecognized-file-types hidden", false, /^$/],
  ],
  "modelfile validate": ["[file]"],
  "completion": ["<shell>"],
  "help": ["[command...]"],
};

async function document(...args: string[]): Promise<ProgramDocument> {
  const { code, stdout, stderr } = await runIn([...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

function find(root: CommandDocument, words: string): CommandDocument {
  return words.split(" ").reduce((command, word) => {
    const child = command.commands.find(({ name }) => name === word);
    assert.ok(child, `there is no command ${words}`);
    return child;
  }, root);
}

function checkFlags(command: string, flags: readonly FlagDocument[], rows: readonly Row[]): void {
  for (const [forms, standard, meaning] of rows) {
    const words = forms.split(" ");
    const name = words.find((word) => word.startsWith("--"));
    const flag = flags.find((flag) => flag.name === name);
    assert.ok(flag, `${command} has no ${name}`);
    const short = words.find((word) => /^-[^-]$/.test(word));
    if (short !== undefined) assert.equal(flag.short, short, name);
    assert.deepEqual({
      takesValue: flag.value !== undefined,
      required: flag.required,
      repeatable: flag.repeatable,
      hidden: flag.hidden,
      default: flag.default,
    }, {
      takesValue: words.includes("<>"),
      required: words.includes("required"),
      repeatable: words.includes("repeatable"),
      hidden: words.includes("hidden"),
      default: standard,
    }, `${command} ${name}`);
    assert.match(flag.description, meaning, `${command} ${name}`);
  }
}

Deno.test("every command and flag that scripts know has its place, default and meaning", async () => {
  const { globalFlags, command } = await document("help");
  checkFlags("modelops", globalFlags, GLOBAL);
  for (const [words, [args, ...rows]] of Object.entries(COMMANDS)) {
    const found = find(command, words);
    const shown = found.arguments.map(({ name, required, variadic }) => {
      const word = variadic ? `${name}...` : name;
      return required ? `<${word}>` : `[${word}]`;
    });
    assert.equal(shown.join(" "), args, words);
    checkFlags(words, found.flags, rows);
  }
  assert.deepEqual(find(command, "list").aliases, ["ls"]);
});

Deno.test("help as a document is the same wherever it is asked for", async () => {
  assert.deepEqual(await document("--help"), await document("help"));
  assert.deepEqual(await document(), await document("help"));
  assert.deepEqual(await document("build", "--help"), await document("help", "build"));
  const { program, version, command, globalFlags, exitCodes } = await document("build", "--help");
  assert.deepEqual([program, version, command.name], ["modelops", "0.1.0", "build"]);
  assert.deepEqual(command, find((await document("help")).command, "build"));
  assert.ok(globalFlags.some(({ name }) => name === "--storage-dir"));
  const codes = [0, 1, 2, 3, 3, 4, 5, 10, 11, 12, 129, 130, 143];
  assert.deepEqual(exitCodes.map(({ code }) => code), codes);
  const group = await document("modelfile", "--help");
  assert.deepEqual(group.command.commands.map(({ name }) => name), ["generate", "validate"]);
});

Deno.test("the document tells choices, and which commands are hidden", async () => {
  const { command } = await document("help");
  const choices = (words: string, name: string) =>
    find(command, words).flags.find((flag) => flag.name === name)?.choices;
  assert.deepEqual(choices("build", "--compression"), ["none", "gzip", "zstd"]);
  assert.deepEqual(find(command, "completion").arguments[0]?.choices, [
    "bash",
    "zsh",
    "fish",
    "powershell",
  ]);
  const hidden = command.commands.filter(({ hidden }) => hidden).map(({ name }) => name);
  assert.deepEqual(hidden, ["__complete"]);
});

Deno.test("a mistake on the way to help is an error document", async () => {
  const { code, stdout } = await runIn(["biuld", "--help", "--json"]);
  assert.equal(code, 2);
  assert.equal(JSON.parse(stdout).error.hint, 'did you mean "build"?');
});

Deno.test("flags that scripts know are accepted in both forms, and shared ones anywhere", async () => {
  for (const [forms] of GLOBAL.filter(([forms]) => !forms.startsWith("--pprof"))) {
    const [name = "", value] = forms.split(" ");
    const given = name === "--log-level" ? "trace" : "/dev/null/x";
    const written = value === "<>" ? [[name, given], [`${name}=${given}`]] : [[name]];
    for (const flag of written) {
      for (const args of [[...flag, "list"], ["list", ...flag]]) {
        const { code, stderr } = await runIn(args);
        assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      }
    }
  }
});
