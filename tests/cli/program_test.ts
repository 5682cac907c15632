import assert from "node:assert/strict";
import { programName } from "../../src/cli/process.ts";
import { besideTests, runIn } from "./support.ts";
import config from "../../deno.json" with { type: "json" };
import { denoCache } from "../support/deno_cache.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

/** Runs the program as a process of its own. */
async function runProgram(folder: TempFolder, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", besideTests("../../cli.ts"), ...args],
    cwd: folder.path,
    env: { ...await homeOf(folder), NO_COLOR: "1", ...env },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** A home of its own, but Deno's own cache: nothing is downloaded again. */
async function homeOf(folder: TempFolder): Promise<Record<string, string>> {
  const { denoDir } = await denoCache();
  return { HOME: folder.path, DENO_DIR: denoDir, MODCTL_STORAGE_DIR: folder.join("store") };
}

Deno.test("the program answers for its version", async () => {
  await using folder = await tempFolder();
  const expected = { code: 0, stdout: `${config.version}\n`, stderr: "" };
  assert.deepEqual(await runProgram(folder, ["--version"]), expected);
  assert.deepEqual(await runProgram(folder, ["-V"]), expected);
  assert.deepEqual(await runProgram(folder, ["--no-progress", "--version"]), expected);
});

Deno.test("the version is answered without the parser of arguments", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", besideTests("../../src/cli/main.ts")],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const main = modules.find(({ specifier }: { specifier: string }) =>
    specifier.endsWith("main.ts")
  );
  const loaded = main.dependencies
    .filter(({ isDynamic }: { isDynamic?: boolean }) => !isDynamic)
    .map(({ specifier }: { specifier: string }) => specifier);
  // A table of numbers, which imports nothing but types.
  assert.deepEqual(loaded, ["./build_info.ts", "./output/exit_codes.ts"]);
});

Deno.test("the program ends with the codes of its failures", async () => {
  await using folder = await tempFolder();
  const usage = await runProgram(folder, ["biuld", "."]);
  assert.deepEqual([usage.code, usage.stdout], [2, ""]);
  assert.equal(
    usage.stderr,
    'error: Cannot run "modelops": unknown command "biuld"\nhint: did you mean "build"?\n',
  );
  const help = await runProgram(folder, []);
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /^Usage: modelops \[options\] \[command\]\n/);
});

Deno.test("a reader that stops early is no failure", async () => {
  await using folder = await tempFolder();
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", besideTests("../../cli.ts"), "--help"],
    cwd: folder.path,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.deepEqual([(await child.status).code, stderr], [0, ""]);
});

Deno.test("serve answers at the address it names, and ends well when it is interrupted", async () => {
  await using folder = await tempFolder();
  await using child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      besideTests("../../cli.ts"),
      "serve",
      "--address",
      "127.0.0.1:0",
    ],
    cwd: folder.path,
    env: await homeOf(folder),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let ready = "";
  for await (const text of lines.values({ preventCancel: true })) {
    ready += text;
    if (ready.includes("\n")) break;
  }
  const address = /^ready (127\.0\.0\.1:\d+)\n$/.exec(ready)?.[1];
  const response = await fetch(`http://${address}/v2/`);
  await response.body?.cancel();
  assert.equal(response.status, 200);
  child.kill("SIGINT");
  await lines.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0, stderr);
  const [serving, answered, ...more] = stderr.split("\n");
  assert.equal(serving, `Serving ${folder.join("store")} on http://${address}`);
  assert.match(answered ?? "", /msg="Request answered" .* method=GET path=\/v2\/ status=200 /);
  assert.deepEqual(more, [""]);
});

Deno.test({
  name: "serve stops when its terminal is closed, but not after nohup",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const ignored of [false, true]) {
      await using folder = await tempFolder();
      const serve = [besideTests("../../cli.ts"), "serve", "--address", "127.0.0.1:0"];
      const trap = ignored ? "trap '' HUP; " : "";
      await using child = new Deno.Command("sh", {
        args: ["-c", `${trap}exec "$@"`, "sh", Deno.execPath(), "run", "--quiet", "-A", ...serve],
        cwd: folder.path,
        env: await homeOf(folder),
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const ready = (await output.read()).value ?? "";
      const address = /^ready (127\.0\.0\.1:\d+)\n$/.exec(ready)?.[1];
      child.kill("SIGHUP");
      if (ignored) {
        const response = await fetch(`http://${address}/v2/`);
        await response.body?.cancel();
        assert.equal(response.status, 200);
        child.kill("SIGINT");
      }
      await output.cancel();
      await child.stderr.cancel();
      assert.equal((await child.status).code, 0);
    }
  },
});

Deno.test("what a person builds can be listed, inspected and extracted", async () => {
  await using folder = await tempFolder();
  await folder.write("model/config.json", '{"model_type":"test"}');
  await folder.write("model/model.bin", "weights");
  const reference = "registry.test/demo:v1";
  const built = await runProgram(folder, ["build", "-t", reference, "model"]);
  assert.deepEqual(
    [built.code, built.stdout],
    [0, `Successfully built model artifact: ${reference}\n`],
    built.stderr,
  );
  const listed = await runProgram(folder, ["list"]);
  assert.match(listed.stdout, /\nregistry\.test\/demo v1 +sha256:.* registry\.test\/demo:v1\n$/);
  const inspected = await runProgram(folder, ["inspect", reference]);
  assert.match(inspected.stdout, /^\{\n\t"Id": "sha256:/);
  const extracted = await runProgram(folder, ["extract", reference, "--output", "out"]);
  assert.equal(extracted.code, 0, extracted.stderr);
  assert.equal(await Deno.readTextFile(folder.join("out", "model.bin")), "weights");
  const near = await runProgram(folder, ["extract", "registry.test/demo:v2", "--output", "o"]);
  assert.match(near.stderr, /\nhint: did you mean "registry\.test\/demo:v1"\?\n$/);
  const missing = await runProgram(folder, ["extract", "registry.test/other:v1", "--output", "o"]);
  assert.deepEqual([near.code, missing.code], [1, 1]);
  assert.match(missing.stderr, /\nhint: run `modelops list` to see what the local store has\n$/);
});

Deno.test("the first signal asks the program to stop, the second stops it", async () => {
  const program = `
    import { interruptSignal } from ${
    JSON.stringify(import.meta.resolve("../../src/cli/interrupt.ts"))
  };
    const signal = interruptSignal();
    signal.addEventListener("abort", () => {
      console.log(signal.reason.name, signal.reason.exitCode);
    });
    console.log("ready");
    setInterval(() => {}, 1000);
  `;
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const seen: string[] = [];
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen.push(text);
      // Each answer is the moment for the next signal.
      child.kill(name);
    }
    assert.deepEqual(seen, ["ready\n", `AbortError ${code}\n`]);
    assert.equal((await child.status).code, code);
  }
});

Deno.test("programName() is a name that we know, and modelops otherwise", () => {
  const rows: [string, string][] = [
    ["/usr/local/bin/modctl", "modctl"],
    ["C:\\tools\\modctl.exe", "modctl"],
    ["/usr/local/bin/modelops", "modelops"],
    ["/usr/local/bin/modelops-bundles", "modelops-bundles"],
    ["/opt/deno", "modelops"],
  ];
  for (const [path, name] of rows) assert.equal(programName(path), name);
});

Deno.test("a word that a flag does not know is refused, and the near one named", async () => {
  const rows = [
    [["list", "--progress", "jsno"], {}, 'hint: did you mean "json"?'],
    [["list", "--progress=bars"], {}, 'hint: did you mean "bar"?'],
    [["list", "--log-level", "warm"], {}, 'hint: did you mean "warn"?'],
    [["list"], { MODELOPS_PROGRESS: "plian" }, 'hint: did you mean "plain"?'],
  ] as const;
  for (const [args, env, hint] of rows) {
    const { code, stderr } = await runIn(args, { env });
    assert.equal(code, 2);
    assert.ok(stderr.includes(hint), stderr);
  }
});

Deno.test({
  name: "standard output on a full disk is an error in one line, in every form of output",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    const commands = [
      "--version",
      "version",
      "list",
      "list --json",
      "--help",
      "list --help",
      "help --json",
      "completion bash",
      "prune --dry-run --json",
      "serve --address 127.0.0.1:0",
    ];
    for (const command of commands) {
      const { code, stderr } = await runShell(folder, `${command} >/dev/full`);
      assert.equal(code, 3, command);
      const lines = stderr.trimEnd().split("\n").filter((line) => !line.startsWith("Serving "));
      const reason = "no space left on the device";
      assert.deepEqual(lines, [`error: Cannot write to standard output: ${reason}`], command);
    }
    // What went wrong first is told, where the document of it cannot be written.
    const refused = await runShell(folder, "inspect --json nope: >/dev/full");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: Cannot .*nope:/);
    // A message that cannot be shown does not change how the run ends.
    assert.equal((await runShell(folder, "inspect nope: 2>/dev/full")).code, 2);
  },
});

Deno.test({
  name: "standard output that is open for reading only is an error in one line",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    await folder.write("file", "");
    for (const command of ["--version", "list", "list --json", "--help", "completion zsh"]) {
      for (const place of ["/dev/null", "file"]) {
        const { code, stderr } = await runShell(folder, `${command} 1<${place}`);
        const reason = "it is open for reading only";
        assert.deepEqual(
          [code, stderr],
          [3, `error: Cannot write to standard output: ${reason}\n`],
          `${command} 1<${place}`,
        );
      }
    }
    assert.equal((await runShell(folder, "list >/dev/null")).code, 0);
  },
});

/** Runs the program by a shell, with the redirections that its words say. */
async function runShell(folder: TempFolder, words: string) {
  const cli = besideTests("../../cli.ts");
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `'${Deno.execPath()}' run --quiet -A --no-check '${cli}' ${words}`],
    cwd: folder.path,
    env: { ...await homeOf(folder), NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}
