import assert from "node:assert/strict";
import type { CommandDocument, ProgramDocument } from "../../../src/cli/describe.ts";
import { FLAG_RULES, refuseUseless } from "../../../src/cli/settings/flag_rules.ts";
import { Home, runIn } from "../support.ts";

const PULL = ["pull", "r.test/m:v1"];
const MATERIALIZE = ["bundle", "pull", "demo:1.0.0", "ws", "--role", "training"];
const NO_FOLDER = "no file is written into a folder";

const USELESS: readonly (readonly [args: readonly string[], wanted: string])[] = [
  [["list", "--pprof-addr", "localhost:0"], "--pprof-addr without --pprof: nobody asks for"],
  [["--pprof-addr=localhost:0", "list"], "--pprof-addr without --pprof: nobody asks for profiles"],
  [[...PULL, "--overwrite"], `--overwrite without --extract-dir: ${NO_FOLDER}`],
  [[...PULL, "--overwrite=true"], `--overwrite without --extract-dir: ${NO_FOLDER}`],
  [[...PULL, "--max-size", "1"], `--max-size without --extract-dir: ${NO_FOLDER}`],
  [
    ["attach", "f", "-s", "r.test/m:v1", "-t", "r.test/m:v2", "--config", "-d", "x"],
    "--destination-dir with --config: the file becomes the configuration",
  ],
  [
    ["attach", "f", "-s", "r.test/m:v1", "-t", "r.test/m:v2", "--config", "--no-creation-time"],
    "--no-creation-time with --config: the file becomes the configuration",
  ],
  [["modelfile", "generate", "--download-dir", "x"], "--download-dir without --model-url"],
  [["modelfile", "generate", "-p", "mlflow"], "--provider without --model-url: nothing is"],
  [["serve", "--read-only", "--sparse"], "--sparse with --read-only: nothing is taken in"],
  [["serve", "--htpasswd=x", "--allow-anonymous"], "--allow-anonymous with --htpasswd: everybody"],
  [[...MATERIALIZE, "--layers=code"], "--role with --layers: the layers are those that --layers"],
  [["bundle", "verify", "model", "--read-external"], "--read-external with a folder: of the"],
  [["bundle", "export", "ws", "x.tar", "--zstd-level=3"], "--zstd-level: the archive is not"],
];

for (const [args, wanted] of USELESS) {
  Deno.test(`nothing reads a flag of ${args.join(" ")}, so it is refused`, async () => {
    await using home = await Home.open();
    const { code, stdout, stderr } = await home.run(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.ok(stderr.startsWith(`error: Cannot use ${wanted}`), stderr);
    assert.match(stderr, /^hint: leave out --/m);
  });
}

Deno.test("a program of bundles has their rules, and those of the commands that it shares", async () => {
  await using home = await Home.open();
  const bundles = (...args: string[]) => home.run(args, { programName: "modelops-bundles" });
  const written = await bundles("pull", "demo:1.0.0", home.at("ws"), "--overwrite");
  assert.doesNotMatch(written.stderr, /Cannot use/);
  const chosen = await bundles("pull", "demo:1.0.0", home.at("ws"), "--role=a", "--layers=b");
  assert.match(chosen.stderr, /Cannot use --role with --layers/);
  const served = await bundles("serve", "--read-only", "--sparse");
  assert.match(served.stderr, /Cannot use --sparse with --read-only/);
});

Deno.test("a switch that is said to be off is no flag that is given", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const { stderr } = await home.run([...PULL, "--overwrite=false"]);
  assert.doesNotMatch(stderr, /Cannot use/);
  assert.throws(() => refuseUseless("serve", new Set(["--sparse", "--read-only"])));
  refuseUseless("serve", new Set(["--sparse"]));
});

Deno.test("rules name flags that their commands have", async () => {
  const { stdout } = await runIn(["help", "--json"]);
  const { command: root, globalFlags }: ProgramDocument = JSON.parse(stdout);
  const commandOf = (words: readonly string[]) =>
    words.reduce(
      (above: CommandDocument | undefined, word) =>
        above?.commands.find(({ name }) => name === word),
      root,
    );
  for (const { command, flags, when } of FLAG_RULES) {
    const own = command === undefined ? globalFlags : commandOf(command.split(" "))?.flags;
    const [, other = ""] = when.split(" ");
    const names = own?.map(({ name }) => name);
    for (const flag of [...flags, other]) assert.ok(names?.includes(flag), `${command} ${flag}`);
  }
});

Deno.test("an empty role and an empty pattern are refused: a variable is not set", async () => {
  await using home = await Home.open();
  for (
    const [flag, ...args] of [
      ["--role", "bundle", "materialize", "demo:1.0.0", "ws", "--role="],
      ["--exclude", "build", ".", "-t", "r.test/m:v1", "--exclude", ""],
      ["--include", "modelfile", "generate", ".", "--include=a", "--include="],
    ]
  ) {
    const { code, stderr } = await home.run(args);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`: ${flag} is empty$`, "m"));
  }
});
