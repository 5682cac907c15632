import assert from "node:assert/strict";
import fc from "fast-check";
import { Home, runIn, type RunOptions } from "../support.ts";

const MODELS = ["localhost:5000/demo:v1", "registry.test/demo:v2"];

/** What the words may go on with: the kind, and the candidates without their summaries. */
async function complete(...words: string[]): Promise<[kind: string, ...candidates: string[]]> {
  return await completeIn({}, ...words);
}

/** The same for a user with a home. */
async function completeIn(options: RunOptions, ...words: string[]): Promise<[string, ...string[]]> {
  const { code, stdout, stderr } = await runIn(["__complete", "--", ...words], options);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(stdout.endsWith("\n"));
  const [kind = "", ...lines] = stdout.slice(0, -1).split("\n");
  return [kind, ...lines.map((line) => line.split("\t")[0] ?? "")];
}

Deno.test("commands are completed, each by its own name, and none that is hidden", async () => {
  assert.deepEqual(await complete("pu"), ["words", "push", "pull"]);
  assert.deepEqual(await complete("mod"), ["words", "modelfile"]);
  assert.deepEqual(await complete("--no-progress", "--log-level", "warn", "vers"), [
    "words",
    "version",
  ]);
  assert.deepEqual(await complete("modelfile", ""), ["words", "generate", "validate"]);
  assert.deepEqual(await complete("help", "comp"), ["words", "completion"]);
  assert.deepEqual(await complete("__"), ["words"]);
  assert.deepEqual(await complete("x"), ["words"]);
});

Deno.test("flags are completed, those of every command too, and none that is hidden", async () => {
  assert.deepEqual(await complete("build", "--comp"), ["words", "--compression"]);
  assert.deepEqual(await complete("push", "x", "--plain"), ["words", "--plain-http"]);
  assert.deepEqual(await complete("ls", "--storage"), ["words", "--storage-dir"]);
  assert.deepEqual(await complete("push", "--nyd"), ["words"]);
  assert.deepEqual(await complete("--no-p"), ["words", "--no-progress"]);
  assert.deepEqual(await complete("push", "--", "--pl"), ["words"]);
});

Deno.test("values of flags are completed where they can be known", async () => {
  assert.deepEqual(await complete("build", "--compression", "g"), ["words", "gzip"]);
  assert.deepEqual(await complete("build", "--compression=z"), ["words", "zstd"]);
  assert.deepEqual(await complete("build", "--raw=f"), ["words", "false"]);
  assert.deepEqual(await complete("--log-level", "wa"), ["words", "warn", "warning"]);
  assert.deepEqual(await complete("--progress", "p"), ["words", "plain"]);
  assert.deepEqual(await complete("list", "--color="), ["words", "auto", "always", "never"]);
  assert.deepEqual(await complete("bundle", "export", "--zstd-level", ""), ["words"]);
  assert.deepEqual(await complete("completion", ""), [
    "words",
    "bash",
    "zsh",
    "fish",
    "powershell",
  ]);
  assert.deepEqual(await complete("modelfile", "generate", "-p", "m"), [
    "words",
    "modelscope",
    "mlflow",
  ]);
  assert.deepEqual(await complete("build", "--unknown="), ["words"]);
});

Deno.test("files and folders are left to the shell", async () => {
  const rows: [string[], string][] = [
    [["build", ""], "folders"],
    [["build", "-t", "x", "dir"], "folders"],
    [["build", "-f", ""], "files"],
    [["build", "--modelfile=M"], "files"],
    [["extract", "x", "--output", ""], "folders"],
    [["attach", ""], "files"],
    [["modelfile", "validate", ""], "files"],
    [["modelfile", "generate", "m"], "folders"],
    [["--ca-file", ""], "files"],
    [["bundle", "push", "--object-store", ""], "folders"],
    [["bundle", "verify", ""], "folders"],
    [["bundle", "diff", "x", ""], "files"],
    [["build", "x", ""], "words"],
  ];
  for (const [words, kind] of rows) assert.deepEqual(await complete(...words), [kind]);
});

Deno.test("names of local artifacts are completed where one is wanted", async () => {
  await using home = await Home.open();
  // The newest is listed first, else the order is that of the names.
  await home.build(...MODELS.flatMap((name) => ["-t", name]), "--no-creation-time");
  const complete = (...words: string[]) => completeIn({ home: home.folder.path }, ...words);
  for (const command of ["push", "extract", "inspect", "rm", "tag", "diff"]) {
    assert.deepEqual(await complete(command, ""), ["words", ...MODELS], command);
  }
  assert.deepEqual(await complete("push", "--insecure", "reg"), ["words", MODELS[1]]);
  assert.deepEqual(await complete("tag", "x", "loc"), ["words", MODELS[0]]);
  assert.deepEqual(await complete("attach", "f", "-s", "loc"), ["words", MODELS[0]]);
  assert.deepEqual(await complete("attach", "--source=loc"), ["words", MODELS[0]]);
  for (const command of ["pull", "fetch"]) assert.deepEqual(await complete(command, ""), ["words"]);
  assert.deepEqual(await complete("push", "x", ""), ["words"]);
  assert.deepEqual(await complete("push", "-c", "2", "reg"), ["words", MODELS[1]]);
  assert.deepEqual(await complete("push", "-c2", "--proxy=x=y", "reg"), ["words", MODELS[1]]);
});

Deno.test("the local store is the one that the line names", async () => {
  await using home = await Home.open();
  for (const name of ["a", "b"]) {
    await home.build("-t", `r.test/${name}:v1`, "--storage-dir", name);
  }
  const complete = (...words: string[]) => completeIn({ cwd: home.folder.path }, ...words);
  assert.deepEqual(await complete("--storage-dir", "a", "push", ""), ["words", "r.test/a:v1"]);
  assert.deepEqual(await complete("push", "--storage-dir=b", ""), ["words", "r.test/b:v1"]);
});

Deno.test("any line can be completed, and each candidate is one line", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      "build",
      "-t",
      "--raw",
      "--raw=",
      "--",
      "-",
      "help",
      "modelfile",
      "generate",
      "",
    ),
    fc.string({ maxLength: 5 }),
  );
  await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
    const [kind] = await complete(...words);
    assert.ok(["words", "files", "folders"].includes(kind));
  }));
});
