/**
 * The program by URL: from an empty folder, with nothing fetched before, and with no more than the
 * permissions that docs/permissions.md lists.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bundle, BUNDLE_ENTRY } from "../../scripts/bundle.ts";
import { runOk } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { staticFiles } from "../../scripts/static_files.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryRoot } from "../house/repository.ts";
import { pathToFileURL } from "node:url";

const SIZE = 5 * 1024 * 1024;

/** Pulls a model with a program that is served from a folder. */
async function pullByUrl(root: URL, entry: string, prepare: (cache: string) => Promise<void>) {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const name = `${registry.address}/models/tiny:v1`;
  await program.home.write("model/weights.bin", new Uint8Array(SIZE).fill(7));
  await program.home.write("model/Modelfile", "NAME tiny\nMODEL weights.bin\n");
  await program.ok(["build", "-t", name, "model"]);
  await program.ok(["push", "--plain-http", name]);
  await using home = await tempFolder();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    staticFiles(root),
  );
  const [cwd, cache, store] = [home.join("empty"), home.join("cache"), home.join(".modctl")];
  await Promise.all([Deno.mkdir(cwd), Deno.mkdir(cache)]);
  await prepare(cache);
  const host = `127.0.0.1:${server.addr.port}`;
  const logins = [".docker/config.json", ".config/containers/auth.json"].map((file) =>
    home.join(file)
  );
  const out = join(home.path, "out");
  await runOk(Deno.execPath(), [
    ...["run", "--no-prompt", "--no-lock", "--quiet", `--allow-import=${host}`],
    ...["--allow-env=HOME", `--allow-read=${[store, out, ...logins].join(",")}`],
    ...[`--allow-write=${store},${out}`, `--allow-net=${registry.address}`],
    ...[`http://${host}/${entry}`, "pull", "--plain-http", name, "--extract-dir", out],
  ], { cwd, env: { HOME: home.path, DENO_DIR: cache } });
  const bytes = await Deno.readFile(join(out, "weights.bin"));
  assert.ok(bytes.length === SIZE && bytes.every((byte) => byte === 7), "byte for byte");
}

e2eTest("cli.ts pulls from a URL under exact permissions", {
  needs: ["docker-registry"],
}, async () => {
  const { npmCache } = await denoCache();
  // Versions are pinned, so npm packages are the same from the cache of this machine.
  await pullByUrl(repositoryRoot, "cli.ts", (cache) => Deno.symlink(npmCache, join(cache, "npm")));
});

e2eTest("the bundle pulls from a URL under exact permissions, with an empty cache", {
  needs: ["docker-registry"],
}, async () => {
  await using folder = await tempFolder();
  await bundle(folder.join("bundle"));
  const root = pathToFileURL(`${folder.join("bundle")}/`);
  await pullByUrl(root, BUNDLE_ENTRY, () => Promise.resolve());
});
