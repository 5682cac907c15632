import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readDirIfExists } from "../../src/core/files.ts";
import { runCommand } from "../support/command.ts";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";

/** A port of this machine that nothing listens on. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const HOST = `localhost:${closedPort()}`;
const TARGET = `${HOST}/demo:v1`;

interface Mistake {
  readonly what: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const OK = { "ws/model.bin": "weights", "ws/Modelfile": "NAME demo\nMODEL model.bin\n" };

const MISTAKES: readonly Mistake[] = [
  {
    what: "no target",
    files: OK,
    args: ["build", "ws"],
    code: 2,
    says: /--target <reference> is missing/,
  },
  {
    what: "a reference without a host",
    files: OK,
    args: ["build", "-t", "demo:v1", "ws"],
    code: 2,
    says: /hint: write localhost:5000\/demo:v1/,
  },
  {
    what: "an upper-case repository",
    files: OK,
    args: ["build", "-t", `${HOST}/Demo:v1`, "ws"],
    code: 2,
    says: /must be lower case\nhint: write localhost:\d+\/demo:v1/,
  },
  {
    what: "a workspace that does not exist",
    args: ["build", "-t", TARGET, "none"],
    code: 1,
    says: /^error: .*"none": no such folder$/m,
  },
  {
    what: "a workspace that is a file",
    files: { file: "" },
    args: ["build", "-t", TARGET, "file"],
    code: 2,
    says: /"file"/,
  },
  {
    what: "an empty workspace",
    files: { "other/x": "" },
    args: ["build", "-t", TARGET, "empty"],
    code: 2,
    says: /empty/,
  },
  {
    what: "a Modelfile that does not exist",
    files: OK,
    args: ["build", "-t", TARGET, "-f", "Modelfile.prod", "ws"],
    code: 1,
    says: /Modelfile\.prod/,
  },
  {
    what: "a Modelfile with several mistakes",
    files: { "ws/model.bin": "", "ws/Modelfile": "NAME a\nNAME b\nMODLE x\nMODEL none.bin\n" },
    args: ["build", "-t", TARGET, "ws"],
    code: 2,
    says: /line 2: .*\n {2}line 3: .*did you mean "MODEL"/,
  },
  {
    what: "missing files, all of them named",
    files: { "ws/Modelfile": "MODEL a.bin\nCODE b.py\n" },
    args: ["build", "-t", TARGET, "ws"],
    code: 2,
    says: /line 1: .*a\.bin.*\n {2}line 2: .*b\.py/,
  },
  {
    what: "a file that would leave the folder it is extracted to",
    files: { "outside.bin": "", "ws/Modelfile": "MODEL ../outside.bin\n" },
    args: ["build", "-t", TARGET, "ws"],
    code: 2,
    says: /outside the workspace/,
  },
  {
    what: "a registry that is not there",
    files: OK,
    args: ["build", "-t", TARGET, "--output-remote", "ws"],
    code: 3,
    says: /Cannot reach "localhost:\d+": the connection was refused/,
  },
  {
    what: "a pull from a registry that is not there",
    args: ["pull", TARGET],
    code: 3,
    says: /Cannot reach "localhost:\d+"/,
  },
  { what: "an unknown tag", args: ["push", TARGET], code: 1, says: /localhost:\d+\/demo:v1/ },
  {
    what: "an artifact that is not here",
    args: ["extract", TARGET, "--output", "out"],
    code: 1,
    says: /hint: run `modelops list`/,
  },
  { what: "an unknown command", args: ["biuld"], code: 2, says: /did you mean "build"/ },
  { what: "an unknown flag", args: ["list", "--all"], code: 2, says: /--all/ },
  {
    what: "a concurrency of none",
    files: OK,
    args: ["build", "-t", TARGET, "-c", "0", "ws"],
    code: 2,
    says: /greater than 0/,
  },
  {
    what: "an authority file that does not exist",
    args: ["pull", TARGET, "--ca-file", "none.pem"],
    code: 1,
    says: /none\.pem": no such file/,
  },
];

for (const { what, files = {}, args, code, says } of MISTAKES) {
  Deno.test(`${what}: one clear error, exit ${code}, nothing half-written`, async () => {
    await using program = await openProgram();
    await Deno.mkdir(program.home.join("empty"));
    for (const [name, content] of Object.entries(files)) await program.home.write(name, content);
    const result = await program.run(args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, says);
    assert.equal(result.stdout, "");
    assert.equal(result.stderr.split("\n").filter((line) => line.startsWith("error:")).length, 1);
    await assertClean(program);
    const json = await program.run([...args, "--json"]);
    assert.equal(JSON.parse(json.stdout).error.code, code);
  });
}

/** No artifact, no unfinished upload and no hidden part of a file is left. */
async function assertClean(program: Program): Promise<void> {
  assert.deepEqual(await program.json(["list"]), { models: [], warnings: [] });
  assert.deepEqual(await leftovers(program.home.path), []);
}

async function leftovers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readDirIfExists(folder)) {
    const path = join(folder, entry.name);
    if (entry.name.endsWith(".partial")) found.push(path);
    if (!entry.isDirectory) continue;
    if (entry.name === "_uploads") {
      found.push(...(await readDirIfExists(path)).map((upload) => join(path, upload.name)));
    } else found.push(...await leftovers(path));
  }
  return found;
}

Deno.test({
  name: "a full disk: the folder is named, exit 3, nothing half-written, and it works with space",
  ignore: !await mayMount(),
  fn: async () => {
    await using program = await openProgram();
    await program.home.write("ws/a.bin", randomBytes(1_000_000));
    await program.home.write("ws/b.bin", randomBytes(5_000_000));
    const small = program.home.join("small");
    {
      await using _mount = await mountTmpfs(small, "size=4m");
      const args = ["--storage-dir", small, "build", "-t", TARGET, "ws"];
      const result = await program.run(args);
      assert.equal(result.code, 3, result.stderr);
      assert.match(result.stderr, /4\.8 MiB are needed, and 4\.0 MiB are free on its disk$/m);
      assert.deepEqual(await leftovers(small), []);
      assert.deepEqual((await program.json(["--storage-dir", small, "list"])).models, []);
    }
    await program.ok(["build", "-t", TARGET, "ws"]);
    {
      await using _mount = await mountTmpfs(small, "size=4m");
      const result = await program.run(["extract", TARGET, "--output", join(small, "out")]);
      assert.equal(result.code, 3, result.stderr);
      assert.match(result.stderr, /out": 5\.7 MiB are needed, and 4\.0 MiB are free on its disk$/m);
      assert.deepEqual(await leftovers(small), []);
      assert.deepEqual(await readDirIfExists(join(small, "out")), []);
    }
  },
});

Deno.test({
  name:
    "a limit to the size of files is told by the file that passes it, and none is left half-written",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using program = await openProgram();
    const { home } = program;
    await home.write("ws/a.bin", randomBytes(20_000_000));
    const whole = home.join("whole");
    await program.ok(["--storage-dir", whole, "build", "-t", TARGET, "ws"]);
    await program.ok(["bundle", "init", "ws"]);
    // In blocks of half a KiB or of a whole one, as the shell counts.
    const limited = (...args: string[]) =>
      runCommand("sh", ["-c", `ulimit -f 16000; exec "$@"`, "sh", ...PROGRAM, ...args], {
        cwd: home.path,
        env: program.env,
      });
    // A file whose digest is remembered would be gone on with by the next build.
    const build = ["build", "-t", TARGET, "--no-digest-cache", "ws"];
    for (
      const args of [
        ["--storage-dir", "small", ...build],
        ["--storage-dir", "small", ...build, "--raw=false"],
        ["--storage-dir", whole, "extract", TARGET, "--output", "out"],
        ["bundle", "export", "ws", "small/ws.tar"],
      ]
    ) {
      const { code, stderr } = await limited(...args);
      assert.equal(code, 3, `${args}: ${stderr}`);
      assert.match(stderr, /^error: Cannot write ".*": the file is too large for .* limit$/m);
    }
    assert.deepEqual(await leftovers(home.join("small")), []);
    // What the next run goes on with has a hidden name.
    const named = async (folder: string) =>
      (await readDirIfExists(home.join(folder))).map(({ name }) => name)
        .filter((name) => !name.startsWith(".modelops"));
    assert.deepEqual(await named("out"), []);
    assert(!(await named("small")).includes("ws.tar"));
  },
});

Deno.test({
  name: "a store that may not be written: reading works, building says so",
  ignore: !await mayMount(),
  fn: async () => {
    await using program = await openProgram();
    await program.home.write("ws/a.bin", "weights");
    const store = program.home.join("store");
    await using _mount = await mountTmpfs(store, "size=4m");
    await program.ok(["--storage-dir", store, "build", "-t", TARGET, "ws"]);
    const remount = new Deno.Command("mount", { args: ["-o", "remount,ro", store] });
    assert.equal((await remount.output()).code, 0);
    const listed = await program.json(["--storage-dir", store, "list"]);
    assert.equal((listed.models as unknown[]).length, 1);
    await program.ok(["--storage-dir", store, "extract", TARGET, "--output", "out"]);
    const result = await program.run(["--storage-dir", store, "build", "-t", TARGET, "ws"]);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /error: Cannot write ".*": the file system is read-only/);
  },
});

/** What standard input can be that holds no password. */
const INPUTS: readonly (readonly [string, RegExp])[] = [
  ["/dev/zero", /^error: Cannot read standard input: it is larger than 1048576 bytes$/m],
  ["/", /^error: Cannot read standard input: it is a directory$/m],
];

for (const [path, says] of INPUTS) {
  Deno.test({
    name: `a password from ${path} is refused, not gathered without end`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using program = await openProgram();
      const login = [...PROGRAM, "login", HOST, "-u", "ann", "--password-stdin"];
      const script = 'input=$1; shift; exec "$@" < "$input"';
      const { code, stderr } = await runCommand("sh", ["-c", script, "sh", path, ...login], {
        env: program.env,
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    },
  });
}
