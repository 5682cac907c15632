import assert from "node:assert/strict";
import { besideTests, runIn } from "../support.ts";
import { runCommand } from "../../support/command.ts";
import { denoCache } from "../../support/deno_cache.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const REFERENCE = "localhost:5000/demo:v1";

/** A folder with the program in its `bin`, a store with one model, and things to complete. */
async function shellFolder(shell: string): Promise<TempFolder> {
  const folder = await tempFolder();
  await folder.write("model/config.json", "{}");
  await folder.write("model/model.bin", "weights");
  await Deno.mkdir(folder.join("model", "sub"));
  await Deno.mkdir(folder.join("bin"));
  const cli = besideTests("../../cli.ts");
  await folder.write(
    "bin/modelops",
    `#!/bin/sh\nexec '${Deno.execPath()}' run -A --quiet '${cli}' "$@"\n`,
  );
  await Deno.chmod(folder.join("bin", "modelops"), 0o755);
  const { stdout } = await runIn(["completion", shell]);
  await folder.write("script", stdout);
  const built = await runShell(folder, "modelops", ["build", "-t", REFERENCE, "model"]);
  assert.equal(built.code, 0, built.stderr);
  return folder;
}

async function runShell(folder: TempFolder, program: string, args: string[]) {
  return await runCommand(program === "modelops" ? folder.join("bin", program) : program, args, {
    cwd: folder.path,
    env: {
      HOME: folder.path,
      DENO_DIR: (await denoCache()).denoDir,
      MODCTL_STORAGE_DIR: folder.join("store"),
      PATH: `${folder.join("bin")}:${Deno.env.get("PATH")}`,
    },
  });
}

/**
 * Registers a test that runs a shell; without it, the test is skipped with a notice, and fails in
 * CI.
 */
function shellTest(shell: string, fn: (folder: TempFolder) => Promise<void>): void {
  const name = `the script for ${shell} completes in a real ${shell}`;
  const missing = (Deno.env.get("PATH") ?? "").split(":").every((folder) => {
    try {
      return !Deno.statSync(`${folder}/${shell}`).isFile;
    } catch {
      return true;
    }
  });
  const ignore = missing && !Deno.env.get("CI");
  if (ignore) {
    const notice = `SKIPPED "${name}": ${shell} not installed\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(notice));
  }
  Deno.test({
    name,
    ignore,
    async fn() {
      await using folder = await shellFolder(shell);
      await fn(folder);
    },
  });
}

/** A line, as Bash breaks it into words, and what it may go on with. */
const BASH_LINES: [line: string, words: string[], found: string[]][] = [
  ["modelops pus", ["modelops", "pus"], ["push"]],
  ["modelops push ", ["modelops", "push", ""], [REFERENCE]],
  ["modelops push localhost:50", ["modelops", "push", "localhost", ":", "50"], ["5000/demo:v1"]],
  ["modelops push localhost:", ["modelops", "push", "localhost", ":"], ["5000/demo:v1"]],
  ["modelops build --raw=f", ["modelops", "build", "--raw", "=", "f"], ["false"]],
  ["modelops build --raw=", ["modelops", "build", "--raw", "="], ["true", "false"]],
  [
    "modelops attach x --source=localhost:5",
    ["modelops", "attach", "x", "--source", "=", "localhost", ":", "5"],
    ["5000/demo:v1"],
  ],
  ["modelops push $(touch pwned)", ["modelops", "push", "$(touch", "pwned)"], []],
  ["modelops   build   --comp", ["modelops", "build", "--comp"], ["--compression"]],
];

shellTest("bash", async (folder) => {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const calls = BASH_LINES.map(([line, words]) =>
    `COMP_LINE=${quote(line)} COMP_POINT=${line.length} COMP_CWORD=${words.length - 1}
     COMP_WORDS=(${words.map(quote).join(" ")})
     _modelops_complete modelops; printf '%s,' "\${COMPREPLY[@]}"; echo`
  );
  const { stdout, stderr } = await runShell(folder, "bash", [
    "--norc",
    // Twice, as a person does who starts a shell in a shell.
    ...["-c", [`source ./script; source ./script`, "complete -p modelops", ...calls].join("\n")],
  ]);
  const [registered, ...found] = stdout.trimEnd().split("\n");
  assert.equal(registered, "complete -o default -F _modelops_complete modelops", stderr);
  const expected = BASH_LINES.map(([, , words]) => `${words.join(",")},`);
  assert.deepEqual(found, expected);
  await assert.rejects(Deno.stat(folder.join("pwned")), Deno.errors.NotFound);
});

shellTest("zsh", async (folder) => {
  // What zsh offers to completing functions, as far as the script uses it.
  const stubs = `
    compdef() { : }
    compset() { PREFIX=\${PREFIX#*=} }
    _files() { print -r -- "files $*" }
    _describe() { print -rl -- "\${(@P)4}" }
    ask() { words=("$@"); CURRENT=$#; PREFIX=\${words[-1]}; print -r -- "> $*"; _modelops_complete }
  `;
  const asked = [
    "ask modelops pus",
    "ask modelops push localhost:",
    "ask modelops build --raw=f",
    "ask modelops build ''",
    "ask modelops attach mod",
    "ask modelops push '$(touch pwned)'",
  ];
  const script = [stubs, "source ./script", ...asked].join("\n");
  const { stdout, stderr } = await runShell(folder, "zsh", ["-f", "-c", script]);
  assert.equal(stderr, "");
  assert.deepEqual(stdout.trimEnd().split("\n").filter((line) => line !== ""), [
    "> modelops pus",
    "push:Send a model artifact to its registry",
    "> modelops push localhost:",
    "localhost\\:5000/demo\\:v1",
    "> modelops build --raw=f",
    "false",
    "> modelops build ",
    "files -/",
    "> modelops attach mod",
    "files ",
    "> modelops push $(touch pwned)",
  ]);
  await assert.rejects(Deno.stat(folder.join("pwned")), Deno.errors.NotFound);
});

shellTest("fish", async (folder) => {
  const rows: [string, string[]][] = [
    ["modelops pus", ["push\tSend a model artifact to its registry"]],
    ["modelops push loc", [REFERENCE]],
    ["modelops build --raw=", ["--raw=false", "--raw=true"]],
    ["modelops build model/", ["model/sub/"]],
    ["modelops attach model/c", ["model/config.json"]],
    ["modelops attach --source=loc", [`--source=${REFERENCE}`]],
    ["modelops pull ", []],
  ];
  for (const [line, expected] of rows) {
    const script = `source ./script; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = await runShell(folder, "fish", ["--no-config", "-c", script]);
    const found = stdout.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
    assert.deepEqual(found, expected, `${line}: ${stderr}`);
  }
});

Deno.test("the scripts name the program as it was called, and are a document with --json", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await runIn(["completion", shell], { programName: "modelops-bundles" });
    assert.match(stdout, /modelops-bundles/);
    assert.match(stdout, /_modelops_bundles_complete/);
    assert.doesNotMatch(stdout, /PROGRAM|NAME/);
    const json = await runIn(["completion", shell, "--json"], { programName: "modelops-bundles" });
    assert.deepEqual(JSON.parse(json.stdout), { shell, script: stdout });
  }
});
