import assert from "node:assert/strict";
import { install, NAMES } from "../../scripts/install.ts";
import { runOk } from "../support/command.ts";
import { CLI_PATH } from "../support/program.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("without a binary, launchers run the tree in a process of their own name", async () => {
  await using folder = await tempFolder();
  // A folder that a shell would take apart, if it were not quoted.
  const bin = folder.join("it's a folder/bin");
  const entry = await folder.write(
    "entry.ts",
    `console.log(Deno.readTextFileSync("/proc/self/comm").trim(), JSON.stringify(Deno.args));`,
  );
  const paths = await install(bin, { binary: folder.join("none"), entry });
  assert.deepEqual(paths, NAMES.map((name) => `${bin}/${name}`));
  for (const [index, name] of NAMES.entries()) {
    const { stdout } = await runOk(paths[index]!, ["a b", "$HOME"]);
    // The system keeps the first 15 characters of a name.
    assert.equal(stdout, `${name.slice(0, 15)} ["a b","$HOME"]\n`);
  }
});

Deno.test("the program answers to the name of its launcher", async () => {
  await using folder = await tempFolder();
  const paths = await install(folder.path, { binary: folder.join("none"), entry: CLI_PATH });
  const [modelops, modctl] = await Promise.all(
    paths.map(async (path) => (await runOk(path, ["push", "--help"])).stdout),
  );
  assert.match(modelops ?? "", /^Usage: modelops push/);
  assert.match(modctl ?? "", /^Usage: modctl push/);
});

Deno.test("a binary is copied under every name, over what is there", async () => {
  await using folder = await tempFolder();
  const entry = await folder.write("entry.ts", "");
  const bin = folder.join("bin");
  await install(bin, { binary: folder.join("none"), entry });
  const binary = await folder.write("binary", '#!/bin/sh\necho "binary $1"\n');
  for (const path of await install(bin, { binary, entry })) {
    assert.equal((await runOk(path, ["x"])).stdout, "binary x\n");
  }
  const left = await Array.fromAsync(Deno.readDir(bin), ({ name }) => name);
  assert.deepEqual(left.sort(), [".modelops", ...NAMES].sort());
});
