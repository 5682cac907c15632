/** What a first run has to fetch: the packages that commands import, and no others. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type BundledPackage, bundledPackages } from "../../scripts/image/bundled_packages.ts";
import { runCommand } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { packageOf } from "./import_rules.ts";
import { repositoryPath } from "./repository.ts";

/** Bytes that the packages of a first run may have, unpacked. */
const MOST = 25_000_000;

/** The packages that `src/deps` names as what the runtime imports before the program runs. */
async function importedAtOnce(): Promise<BundledPackage[]> {
  const specifiers: string[] = [];
  for await (const { name } of Deno.readDir(repositoryPath("src/deps"))) {
    const text = await Deno.readTextFile(repositoryPath(`src/deps/${name}`));
    for (const [, specifier = ""] of text.matchAll(/^export \{[^}]*\} from "(npm:[^"]+)"/gm)) {
      const name = packageOf(specifier);
      assert.ok(name, specifier);
      specifiers.push(`${name}@${/@([\d.]+)(?:\/.*)?$/.exec(specifier)?.[1]}`);
    }
  }
  const lock = await Deno.readTextFile(repositoryPath("deno.lock"));
  return bundledPackages(specifiers, JSON.parse(lock));
}

/** The cache of a Deno that has fetched some packages and nothing else. */
async function cacheOf(packages: readonly BundledPackage[], folder: TempFolder): Promise<string> {
  const { npmCache } = await denoCache();
  const [registry] = await Array.fromAsync(Deno.readDir(npmCache));
  for (const { name, version } of packages) {
    const path = join(registry!.name, name, version);
    await cp(join(npmCache, path), folder.join("cache/npm", path), { recursive: true });
  }
  return folder.join("cache");
}

/** Runs `cli.ts` of this tree with a cache, and without the network. */
async function runFrom(cache: string, ...args: string[]) {
  const command = ["run", "-A", "--cached-only", "--quiet", repositoryPath("cli.ts"), ...args];
  return await runCommand(Deno.execPath(), command, { env: { DENO_DIR: cache } });
}

/** Bytes of the files of a folder and below. */
async function sizeOf(folder: string): Promise<number> {
  let size = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    size += isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
  }
  return size;
}

Deno.test("a first run needs no package of tests, of scripts or of Azure, and few bytes", async () => {
  await using folder = await tempFolder();
  const cache = await cacheOf(await importedAtOnce(), folder);
  const size = await sizeOf(cache);
  assert.ok(size <= MOST, `the packages have ${size} bytes`);
  for (const args of [["version"], ["list", "--storage-dir", folder.join("store")]]) {
    const { code, stderr } = await runFrom(cache, ...args);
    assert.equal(code, 0, stderr);
  }
});

Deno.test("a run without the network fails where it lacks a package that it needs", async () => {
  await using folder = await tempFolder();
  const packages = await importedAtOnce();
  const cache = await cacheOf(packages.filter(({ name }) => name !== "commander"), folder);
  const { code, stderr } = await runFrom(cache, "version");
  assert.notEqual(code, 0);
  assert.match(stderr, /commander/);
});
