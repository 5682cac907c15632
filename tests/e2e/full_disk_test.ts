/** Disks without room for bytes or files, at whatever moment of a command that writes to them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readDirIfExists } from "../../src/core/files.ts";
import { mayMount, mountForReading, mountTmpfs } from "../support/mounts.ts";
import { runCommand, runOk } from "../support/command.ts";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";
import { randomBytes } from "node:crypto";

const TARGET = "localhost:5000/demo:v1";

const SPEC = `name: demo
version: 1.0.0
layers: [{ name: data, type: data, files: ["**/*.bin"] }]
roles: { default: [data] }
`;

/** A home with a model, its store, and a bundle with its archive. */
async function homeWithModel(): Promise<Program> {
  const program = await openProgram();
  const { home } = program;
  for (const name of ["a.bin", "sub/b.bin"]) await home.write(`ws/${name}`, randomBytes(40_000));
  await home.write("ws/modelops.yaml", SPEC);
  for (const [target, raw] of [[TARGET, true], [`${TARGET}-tar`, false]] as const) {
    await program.ok(["--storage-dir", "whole", "build", "-t", target, `--raw=${raw}`, "ws"]);
  }
  await program.ok(["bundle", "export", "ws", "ws.tar"]);
  return program;
}

/** Commands that write to the folder `disk` only. */
const COMMANDS: readonly (readonly string[])[] = [
  ["--storage-dir", "disk/store", "build", "-t", TARGET, "ws"],
  ["--storage-dir", "disk/store", "build", "-t", TARGET, "--raw=false", "ws"],
  ["--storage-dir", "whole", "extract", TARGET, "--output", "disk/out"],
  ["--storage-dir", "whole", "extract", `${TARGET}-tar`, "--output", "disk/out"],
  ["--storage-dir", "whole", "modelfile", "generate", "ws", "--output", "disk"],
  ["--storage-dir", "whole", "bundle", "export", "ws", "disk/ws.tar"],
  ["--storage-dir", "whole", "bundle", "import", "ws.tar", "disk/ws"],
];

/** What a failed command has left that nobody goes on with. */
async function leftovers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, isDirectory } of await readDirIfExists(folder)) {
    const path = join(folder, name);
    if (/\.partial$/.test(name)) found.push(path);
    if (name === "_uploads") {
      found.push(...(await readDirIfExists(path)).map((upload) => join(path, upload.name)));
    } else if (isDirectory) found.push(...await leftovers(path));
  }
  return found;
}

/** The options of ever larger disks: of files in one case, of pages of bytes in the other. */
const DISKS: Readonly<Record<string, (count: number) => string>> = {
  files: (count) => `size=8m,nr_inodes=${count}`,
  bytes: (count) => `size=${4 * count}k`,
};

for (const [what, options] of Object.entries(DISKS)) {
  Deno.test({
    name: `a disk that has no ${what} left at any moment: one line, nothing left, and it goes on`,
    ignore: !await mayMount(),
    async fn() {
      await using program = await homeWithModel();
      const disk = program.home.join("disk");
      let failures = 0;
      for (const command of COMMANDS) {
        for (let count = 1;; count += 1 + count / 2 >>> 0) {
          await using _mount = await mountTmpfs(disk, options(count));
          const { code, stderr } = await program.run(command);
          if (code === 0) break;
          const said = `${command.join(" ")}, ${count}: ${stderr}`;
          assert.equal(code, 3, said);
          const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
          assert.equal(errors.length, 1, said);
          assert.match(
            errors[0]!,
            /^error: Cannot write .*(no space left|are free on its disk)/,
            said,
          );
          assert.match(stderr, /^hint: free /m, said);
          assert.deepEqual(await leftovers(disk), [], said);
          await runOk("mount", ["-o", "remount,size=8m,nr_inodes=4096", disk]);
          await program.ok(command);
          failures++;
        }
      }
      // Of pages of bytes a Modelfile needs but one.
      assert.ok(failures >= 3 * COMMANDS.length, `${failures} failures`);
    },
  });
}

Deno.test({
  name: "a full disk is freed by rm and prune, which make nothing new on the way",
  ignore: !await mayMount(),
  async fn() {
    await using program = await openProgram();
    const { home } = program;
    await home.write("ws/a.bin", randomBytes(300_000));
    const disk = home.join("disk");
    const inStore = (...args: string[]) => program.run(["--storage-dir", "disk", ...args]);
    for (const options of ["size=2m", "size=8m,nr_inodes=200"]) {
      await using _mount = await mountTmpfs(disk, options);
      for (const target of [TARGET, "localhost:5000/other/name:v1"]) {
        assert.equal((await inStore("build", "-t", target, "ws")).code, 0);
      }
      await fill(disk);
      for (const target of [TARGET, "localhost:5000/other/name:v1"]) {
        assert.deepEqual([target, (await inStore("rm", target)).code], [target, 0]);
      }
      const { code, stdout, stderr } = await inStore("prune", "--json");
      assert.equal(code, 0, stderr);
      assert.ok(JSON.parse(stdout).bytes > 300_000, stdout);
      assert.equal((await inStore("build", "-t", TARGET, "ws")).code, 0, options);
    }
  },
});

/** Fills a disk until neither a file nor a byte fits. */
async function fill(disk: string): Promise<void> {
  await Deno.writeFile(join(disk, "filler"), new Uint8Array(16 * 1024 * 1024)).catch(() => {});
  for (let count = 0; count < 4096; count++) {
    try {
      await Deno.mkdir(join(disk, `filler-${count}`));
      await Deno.writeTextFile(join(disk, `filler-${count}`, "x"), "x");
    } catch {
      return;
    }
  }
}

Deno.test({
  name: "too few open files: the command works, or says so with how to raise the limit",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await homeWithModel();
    const { home } = program;
    let failures = 0;
    for (const command of COMMANDS) {
      for (const limit of [26, 32, 48, 64]) {
        await Deno.remove(home.join("disk"), { recursive: true }).catch(() => {});
        await Deno.mkdir(home.join("disk"));
        const limited = ["-c", `ulimit -n ${limit}; exec "$@"`, "sh", ...PROGRAM, ...command];
        const options = { cwd: home.path, env: program.env };
        const { code, stdout, stderr } = await runCommand("sh", limited, options);
        const said = `${command.join(" ")}, ${limit}: ${stderr}`;
        if (code === 0) assert.notEqual(stdout + stderr, "", said);
        // What the runtime itself needs it says in its own words; Node loads many parts at once.
        if (code === 0 || !stderr.includes("error: Cannot")) continue;
        failures++;
        if (stderr.includes("error: Cannot load the program: ")) continue;
        assert.equal(code, 3, said);
        assert.match(stderr, /^error: Cannot (read|write) ".*": too many files are open$/m, said);
        assert.match(stderr, /^hint: raise the limit with `ulimit -n 4096`/m, said);
        await program.ok(command);
      }
    }
    assert.ok(failures > 0, "no limit was met");
  },
});

Deno.test({
  name: "a dry run of prune needs no leave to write, and says what prune would free",
  ignore: !await mayMount(),
  async fn() {
    await using program = await homeWithModel();
    const store = program.home.join("whole");
    const inStore = (...args: string[]) => program.json(["--storage-dir", store, ...args]);
    for (const target of [`${TARGET}-tar`, TARGET]) {
      await inStore("rm", target);
      const { bytes } = await inStore("prune", "--dry-run");
      {
        await using _mount = await mountForReading(store);
        assert.equal((await inStore("prune", "--dry-run")).bytes, bytes);
        const { code, stderr } = await program.run(["--storage-dir", store, "prune"]);
        assert.equal(code, 3, stderr);
        assert.match(stderr, /^error: Cannot write ".*": the file system is read-only$/m);
        assert.match(stderr, /^hint: make it writable/m);
      }
      assert.equal((await inStore("prune")).bytes, bytes);
    }
  },
});

Deno.test({
  name: "what certainly does not fit is refused before its first byte, and fills no disk of others",
  ignore: !await mayMount(),
  async fn() {
    await using program = await openProgram();
    const { home } = program;
    await home.write("ws/Modelfile", "MODEL weights.bin\n");
    await home.write("ws/weights.bin", "");
    await Deno.truncate(home.join("ws/weights.bin"), 2 ** 40);
    const disk = home.join("disk");
    await using _mount = await mountTmpfs(disk, "size=64m");
    for (const raw of [true, false]) {
      const args = ["--storage-dir", "disk", "build", "-t", TARGET, `--raw=${raw}`, "ws"];
      const { code, stderr } = await program.run(args);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /^error: Cannot write to ".*": 1\.0 TiB are needed, and 6\d MiB are /m);
      assert.match(stderr, /^hint: free 1\.0 TiB there, or choose a folder on another disk$/m);
      assert.deepEqual(await leftovers(disk), []);
    }
  },
});
