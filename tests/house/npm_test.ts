import assert from "node:assert/strict";
import { basename } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { packPackage } from "../../scripts/npm.ts";
import { runCommand, runOk } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("the package works from its archive in an empty folder, with Node and npm", async (context) => {
  await using folder = await tempFolder();
  const archive = await packPackage(folder.join("packed"));
  assert.equal(basename(archive), `modelops-${config.version}.tgz`);
  const user = folder.join("user");
  await Deno.mkdir(user);
  // No scripts: the runtime of the package is found all the same.
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await runOk("npm", ["install", ...quiet, archive], { cwd: user });
  const options = { cwd: user, env: { HOME: folder.path } };
  const npx = (name: string, ...args: string[]) =>
    runCommand("npx", ["--no-install", name, ...args], options);

  await context.step("each command has its own name", async () => {
    for (const name of ["modelops", "modctl"]) {
      const { stdout, stderr } = await npx(name, "push", "--help");
      assert.ok(stdout.startsWith(`Usage: ${name} push`), stdout + stderr);
    }
  });
  await context.step("a model is built with a worker, listed and extracted", async () => {
    const weights = new Uint8Array(5 * 1024 * 1024).fill(7);
    await folder.write("user/model/weights.bin", weights);
    await folder.write("user/model/Modelfile", "NAME tiny\nMODEL weights.bin\n");
    for (
      const args of [
        ["build", "-t", "localhost:5000/tiny:v1", "model"],
        ["extract", "localhost:5000/tiny:v1", "--output", "out"],
      ]
    ) {
      const { code, stderr } = await npx("modelops", ...args);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(await Deno.readFile(folder.join("user/out/weights.bin")), weights);
    assert.match((await npx("modelops", "list")).stdout, /localhost:5000\/tiny/);
  });
  await context.step("a failure has its exit code and its words", async () => {
    const { code, stderr } = await npx("modelops", "biuld", ".");
    assert.equal(code, 2);
    assert.match(stderr, /did you mean "build"/);
  });
  await context.step("a signal reaches the program", async () => {
    const child = new Deno.Command("node", {
      args: ["node_modules/modelops/bin/modelops.mjs", "serve", "--address", "127.0.0.1:0"],
      cwd: user,
      env: { HOME: folder.path },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert.match(new TextDecoder().decode(value), /127\.0\.0\.1:\d+/);
    child.kill("SIGINT");
    await reader.cancel();
    assert.equal((await child.status).code, 0);
  });
});
