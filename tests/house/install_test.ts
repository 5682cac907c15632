import assert from "node:assert/strict";
import { bundle, BUNDLE_ENTRY } from "../../scripts/bundle.ts";
import { install, NAMES } from "../../scripts/install.ts";
import { runOk } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("without a binary, launchers run the bundle in a process of their own name", async () => {
  await using folder = await tempFolder();
  // A folder that a shell would take apart, if it were not quoted.
  const bin = folder.join("it's a folder/bin");
  const script =
    `console.log(Deno.readTextFileSync("/proc/self/comm").trim(), JSON.stringify(Deno.args));`;
  const bundle = async (folder: string) => {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/${BUNDLE_ENTRY}`, script);
  };
  // What the user's own projects say is not about this program.
  await folder.write("it's a folder/deno.json", "{ not JSON");
  const paths = await install(bin, { binary: folder.join("none"), bundle });
  assert.deepEqual(paths, NAMES.map((name) => `${bin}/${name}`));
  for (const [index, name] of NAMES.entries()) {
    const { stdout } = await runOk(paths[index]!, ["a b", "$HOME"]);
    // The system keeps the first 15 characters of a name.
    assert.equal(stdout, `${name.slice(0, 15)} ["a b","$HOME"]\n`);
  }
});

Deno.test("the program answers to the name of its launcher", async () => {
  await using folder = await tempFolder();
  const paths = await install(folder.path, { binary: folder.join("none"), bundle });
  const [modelops, modctl] = await Promise.all(
    paths.map(async (path) => (await runOk(path, ["push", "--help"])).stdout),
  );
  assert.match(modelops ?? "", /^Usage: modelops push/);
  assert.match(modctl ?? "", /^Usage: modctl push/);
});

Deno.test("what runs goes on with its own bundle, however often another is installed", async () => {
  await using folder = await tempFolder();
  const bin = folder.join("bin");
  // A program that loads a part of itself when it is told to.
  const version = (text: string) => async (folder: string) => {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/part-${text}.js`, `export default "${text}";`);
    await Deno.writeTextFile(
      `${folder}/${BUNDLE_ENTRY}`,
      `console.log("ready"); await Deno.stdin.read(new Uint8Array(1));
      const name = "./part-${text}.js"; console.log((await import(name)).default);`,
    );
  };
  const install1 = (text: string) =>
    install(bin, { binary: folder.join("none"), bundle: version(text) });
  const bundles = async () =>
    (await Array.fromAsync(Deno.readDir(`${bin}/.modelops`), ({ name }) => name))
      .filter((name) => name.startsWith("bundle")).length;
  const age = async () => {
    for await (const { name } of Deno.readDir(`${bin}/.modelops`)) {
      const mark = `${bin}/.modelops/${name}/.replaced`;
      await Deno.utime(mark, 1, 1).catch(() => undefined);
    }
  };
  const [path = ""] = await install1("one");
  const child = new Deno.Command(path, { stdin: "piped", stdout: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await lines.read()).value, "ready\n");
  await install1("one");
  assert.equal(await bundles(), 1, "the same content is there once");
  await install1("two");
  await age();
  await install1("three");
  assert.equal(await bundles(), Deno.build.os === "linux" ? 3 : 2, "one of them runs");
  const input = child.stdin.getWriter();
  await input.write(new Uint8Array(1));
  if (Deno.build.os === "linux") assert.equal((await lines.read()).value, "one\n");
  await input.close();
  await lines.cancel();
  await child.status;
  await age();
  await install1("four");
  assert.equal(await bundles(), 2, "what was just replaced stays");
});

Deno.test("a binary is copied under every name, over what is there", async () => {
  await using folder = await tempFolder();
  const bin = folder.join("bin");
  await install(bin, { binary: folder.join("none"), bundle });
  const binary = await folder.write("binary", '#!/bin/sh\necho "binary $1"\n');
  for (const path of await install(bin, { binary, bundle })) {
    assert.equal((await runOk(path, ["x"])).stdout, "binary x\n");
  }
  const left = await Array.fromAsync(Deno.readDir(bin), ({ name }) => name);
  assert.deepEqual(left.sort(), [".modelops", ...NAMES].sort());
});
