import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle, BUNDLE_ENTRY, BUNDLE_SOURCES, bundleModules } from "../../scripts/bundle.ts";
import config from "../../deno.json" with { type: "json" };
import { filesLoadedBy } from "../support/coverage.ts";
import { runOk } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

/** A bundle in a folder of its own, run where nothing else is: no cache and no network. */
async function openBundle() {
  const home = await tempFolder();
  const folder = home.join("bundle");
  await bundle(folder);
  const cache = home.join("cache");
  return {
    home,
    folder,
    run: async (args: readonly string[], env: Record<string, string> = {}) =>
      (await runOk(
        Deno.execPath(),
        ["run", "-A", "--no-remote", "--no-npm", "--quiet", join(folder, BUNDLE_ENTRY), ...args],
        { cwd: home.path, env: { HOME: home.path, DENO_DIR: cache, ...env } },
      )).stdout,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** The texts of the files of a folder, by name. */
async function readFiles(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    files[name] = await Deno.readTextFile(join(folder, name));
  }
  return files;
}

Deno.test("a bundle needs nothing but the runtime, and loads a command's own chunks", async (context) => {
  await using it = await openBundle();
  // The program is the first of its workers: several files that are copied at once need another.
  const size = 32 * 1024 * 1024;
  for (const number of [1, 2, 3, 4]) {
    await it.home.write(`model/weights-${number}.bin`, new Uint8Array(size).fill(number));
  }
  await it.home.write("model/Modelfile", "NAME tiny\nMODEL *.bin\n");
  await context.step("--version", async () => {
    assert.equal(await it.run(["--version"]), `${config.version}\n`);
  });
  await context.step("build, with a worker", async () => {
    const files = await filesLoadedBy((env) =>
      it.run(["build", "-t", "localhost:5000/tiny:v1", "model"], env)
    );
    const worker = pathToFileURL(join(it.folder, "worker.js")).href;
    assert.ok(files.includes(worker), `a worker of the bundle runs: ${files.join(" ")}`);
  });
  await context.step("extract", async () => {
    await it.run(["extract", "localhost:5000/tiny:v1", "--output", "out"]);
    assert.equal((await Deno.stat(it.home.join("out/weights-1.bin"))).size, size);
  });
  const small = [["list"], ["build", "-t", "localhost:5000/tiny:v1", "model"]];
  for (const args of small) {
    await context.step(`${args[0]} loads a part, and nothing of the Node layer`, async () => {
      const loaded = await filesLoadedBy((env) => it.run(args, env));
      const all = await readFiles(it.folder);
      assert.ok(loaded.length < Object.keys(all).length / 2, `${loaded.length} files`);
      const builtins = loaded.flatMap((url) => {
        const text = all[basename(url)] ?? "";
        return [...text.matchAll(/from"(node:[^"]+)"/g)].map(([, name = ""]) => name);
      });
      assert.deepEqual(builtins, []);
    });
  }
  await context.step("packages of CommonJS find the runtime's own modules", async () => {
    const exports = /\bas DefaultAzureCredential\b/;
    const azure = Object.entries(await readFiles(it.folder))
      .find(([, text]) => exports.test(text))?.[0];
    const script = `const { DefaultAzureCredential } = await import("./bundle/${azure}");
      console.log(new DefaultAzureCredential().constructor.name)`;
    const path = await it.home.write("azure.js", script);
    const { stdout } = await runOk(Deno.execPath(), ["run", "-A", "--quiet", path]);
    assert.equal(stdout, "DefaultAzureCredential\n");
  });
});

Deno.test("the same tree gives the same bundle, without the paths of this machine", async () => {
  await using folder = await tempFolder();
  const [one, two] = [folder.join("one"), folder.join("deeper/two")];
  await bundle(one);
  await bundle(two);
  await bundle(two); // Over what is there.
  const files = await readFiles(one);
  assert.deepEqual(await readFiles(two), files);
  const tree = repositoryPath();
  for (const [name, text] of Object.entries(files)) assert.ok(!text.includes(tree), name);
  const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assert.deepEqual(left.sort(), ["deeper", "one"]);
});

Deno.test("what is taken by using is disposed of in a bundle too", async () => {
  await using folder = await tempFolder();
  const [short, long] = [folder.join("short"), folder.join("long")];
  await bundle(short);
  await bundleModules(long, BUNDLE_SOURCES);
  const count = async (folder: string) => {
    const texts = Object.values(await readFiles(folder));
    return texts.join("\n").match(/\busing [\w$]+\s*=/g)?.length ?? 0;
  };
  const wanted = await count(long);
  assert.ok(wanted > 50, `${wanted} uses were found`);
  assert.equal(await count(short), wanted);
});
