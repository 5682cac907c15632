/** Room on the disk for what bundle commands write: said by a dry run, asked for by the command. */
import assert from "node:assert/strict";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";
import { type Finished, Home } from "./support.ts";

const SPEC = `name: demo
version: 1.0.0
layers: [{ name: data, type: data, files: ["data/**"] }]
roles: { default: [data] }
`;

/** Runs a command of `modelops bundle`, whose bundles have a place in the store. */
async function bundle(home: Home, ...args: string[]): Promise<Finished> {
  return await home.run(["bundle", ...args], { env: { REGISTRY_REPO: "models" } });
}

/** Runs one that has to succeed, and returns what it says. */
async function done(home: Home, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await bundle(home, ...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** A home with a bundle of 6 MiB that was pushed to its store, and an archive of it. */
async function homeWithBundle(): Promise<Home> {
  const home = await Home.open();
  await home.folder.write("work/modelops.yaml", SPEC);
  await home.folder.write("work/data/big.bin", new Uint8Array(6 * 1024 * 1024).fill(7));
  await done(home, "push", home.at("work"));
  await done(home, "export", home.at("work"), home.at("work.tar"));
  return home;
}

Deno.test("a dry run of import says what moves, and how much is free", async () => {
  await using home = await homeWithBundle();
  const line = ["import", home.at("work.tar"), home.at("ws"), "--dry-run"];
  const { bytesToMove, diskFree } = JSON.parse(await done(home, ...line, "--json"));
  assert.equal(bytesToMove, 6 * 1024 * 1024 + SPEC.length);
  assert.ok(diskFree > bytesToMove);
  const text = await done(home, ...line);
  assert.match(text, /^Bytes to move: 6\.0 MiB\nDisk: 6\.0 MiB needed, .* free$/m);
  await done(home, ...line.slice(0, -1));
  assert.equal(JSON.parse(await done(home, ...line, "--json")).bytesToMove, 0);
});

Deno.test({
  name: "a dry run of push to a store without room says so, and ends as the push does",
  ignore: !await mayMount(),
  fn: async () => {
    await using home = await homeWithBundle();
    await using small = await tempFolder();
    await using _mount = await mountTmpfs(small.join("disk"), "size=4m");
    const push = ["push", home.at("work"), "--storage-dir", small.join("disk", "store")];
    for (const more of [[], ["--dry-run"], ["--dry-run", "--json"]]) {
      const { code, stdout, stderr } = await bundle(home, ...push, ...more);
      assert.equal(code, 3, stderr);
      assert.match(stdout + stderr, /6\.0 MiB are needed, and 4\.0 MiB are free/);
    }
    const roomy = await bundle(home, "push", home.at("work"), "--dry-run", "--bump", "patch");
    assert.equal(roomy.code, 0, roomy.stderr);
  },
});

Deno.test({
  name: "what a disk has no room for is not imported, exported or materialized",
  ignore: !await mayMount(),
  fn: async () => {
    await using home = await homeWithBundle();
    await using small = await tempFolder();
    const disk = small.join("disk");
    await using _mount = await mountTmpfs(disk, "size=4m");
    const lines = [
      ["import", home.at("work.tar"), small.join("disk", "ws")],
      ["materialize", "demo:1.0.0", small.join("disk", "ws"), "--no-cache"],
      ["export", home.at("work"), small.join("disk", "copy.tar")],
    ];
    for (const line of lines) {
      if (line[0] !== "export") {
        const { code, stdout } = await bundle(home, ...line, "--dry-run", "--json");
        const { error, dryRun, bytesToMove, diskFree } = JSON.parse(stdout);
        assert.deepEqual([code, error.kind, dryRun], [3, "transfer", true], line.join(" "));
        assert.ok(bytesToMove > diskFree);
      }
      const { code, stderr } = await bundle(home, ...line);
      assert.equal(code, 3, line.join(" "));
      assert.match(stderr, /6\.0 MiB are needed, and 4\.0 MiB are free on its disk$/m);
      assert.match(stderr, /hint: free 2\.0 MiB there/);
      for await (const { name } of Deno.readDir(disk)) assert.equal(name, "ws");
      for await (const { name } of Deno.readDir(disk)) {
        assert.deepEqual(await Array.fromAsync(Deno.readDir(small.join("disk", name))), []);
      }
    }
  },
});
