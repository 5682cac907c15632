/** The program without the rights of the superuser, whose tests find no fault of permissions. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type CommandResult, runCommand } from "../support/command.ts";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";
import { serveInProcess } from "../support/served.ts";

const posix = { ignore: Deno.build.os !== "linux" } as const;
const TARGET = "localhost:5000/demo:v1";

/** What takes from root the right to open any file. */
const UNPRIVILEGED = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
  : [];

async function run({ home, env }: Program, args: readonly string[]): Promise<CommandResult> {
  const [program, ...words] = [...UNPRIVILEGED, ...PROGRAM, ...args];
  return await runCommand(program!, words, { cwd: home.path, env });
}

async function ok(program: Program, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
}

/** Writes a model whose files are there to be read alone, small ones and large ones. */
async function writeReadOnly({ home }: Program): Promise<Record<string, Uint8Array>> {
  const files = {
    "big.bin": new Uint8Array(randomBytes(5_000_000)),
    "sub/some.bin": new Uint8Array(randomBytes(1_100_000)),
    "small.json": new TextEncoder().encode("{}"),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.chmod(await home.write(`ws/${name}`, bytes), 0o444);
  }
  await home.write("ws/Modelfile", "NAME demo\nMODEL big.bin\nMODEL sub\nCONFIG small.json\n");
  return files;
}

for (const raw of [true, false]) {
  Deno.test({
    name: `read-only files of ${raw ? "raw" : "tar"} layers are extracted, and replaced`,
    ...posix,
    async fn() {
      await using program = await openProgram();
      const { home } = program;
      const files = await writeReadOnly(program);
      await ok(program, "build", "-t", TARGET, `--raw=${raw}`, "ws");
      for (const more of [[], [], ["--overwrite"]]) {
        if (more.length > 0) {
          for (const name of Object.keys(files)) {
            await Deno.remove(home.join("out", name));
            await Deno.chmod(await home.write(`out/${name}`, "mine"), 0o444);
          }
        }
        await ok(program, "extract", TARGET, "--output", "out", ...more);
        for (const [name, bytes] of Object.entries(files)) {
          assert.deepEqual(new Uint8Array(await Deno.readFile(home.join("out", name))), bytes);
          assert.equal((await Deno.stat(home.join("out", name))).mode! & 0o777, 0o444);
        }
      }
    },
  });
}

Deno.test({
  name: "read-only files of a registry are extracted past the store, and from it",
  ...posix,
  async fn() {
    await using operator = await openProgram();
    await using server = await serveInProcess(operator);
    await using program = await openProgram();
    await writeReadOnly(program);
    const name = `${server.address}/models/demo:v1`;
    await ok(program, "build", "-t", name, "ws");
    await ok(program, "push", name);
    await ok(program, "pull", name, "--extract-dir", "out", "--extract-from-remote");
    await ok(program, "rm", name);
    await ok(program, "prune");
    await ok(program, "pull", name, "--extract-dir", "out2");
    assert.equal((await Deno.stat(program.home.join("out2/big.bin"))).mode! & 0o777, 0o444);
  },
});

Deno.test({
  name: "login files of somebody else are passed over with a warning, and others count",
  ...posix,
  async fn() {
    await using operator = await openProgram();
    // The hash of "correct horse".
    const users = "ann:$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n";
    const htpasswd = await operator.home.write("users", users);
    await using server = await serveInProcess(operator, ["--htpasswd", htpasswd]);
    await using program = await openProgram();
    const { home } = program;
    await home.write("ws/w.bin", "weights");
    const name = `${server.address}/models/demo:v1`;
    await ok(program, "build", "-t", name, "ws");
    const own = ".modctl/config.json";
    const auth = btoa("ann:correct horse");
    await home.write(own, JSON.stringify({ auths: { [server.address]: { auth } } }));
    await Deno.chmod(home.join(own), 0o600);
    // The others were changed later, so they are asked first.
    await Deno.utime(home.join(own), 1, 1);
    // A file that may not be read, and one in a folder that may not be looked into.
    for (const file of [".docker/config.json", ".run/containers/auth.json"]) {
      await home.write(file, "{}");
      await Deno.chmod(home.join(file), 0);
    }
    await Deno.chmod(home.join(".run/containers"), 0);
    const { code, stderr } = await run(program, ["push", name]);
    await Deno.chmod(home.join(".run/containers"), 0o700);
    assert.equal(code, 0, stderr);
    for (const file of [".docker/config.json", ".run/containers/auth.json"]) {
      assert.match(stderr, new RegExp(`warning: Cannot read ".*/${file}": permission denied\n`));
    }
  },
});
