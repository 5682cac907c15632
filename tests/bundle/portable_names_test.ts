import assert from "node:assert/strict";
import { createBundles } from "../../src/bundle/operations.ts";
import type { NameOptions } from "../../src/bundle/workspace/path.ts";
import { WorkspaceConflictError } from "../../src/bundle/workspace/conflict.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { fakeClient, FakeRegistry } from "../support/fake_registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { runIn } from "../cli/support.ts";
import { files } from "./workspace/support.ts";

// These tests write the names, which only some systems can hold.
const holding = { ignore: Deno.build.os !== "linux" } as const;

const SPEC = `name: demo
version: "1.0.0"
layers: [{ name: code, type: code, files: ["src/**"] }]
roles: { default: [code] }
`;

/** Files that this system can hold, by why another cannot. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "a tab": ["src/a\tb"],
  "a backslash": ["src/a\\b.py"],
  "a device name": ["src/aux.py"],
  "a device name of a folder": ["src/con/x"],
  "a trailing dot": ["src/end."],
  "a trailing space": ["src/end "],
  "a question mark": ["src/what?"],
  "a colon": ["src/a:b"],
};

/** Names that are one file where case is folded. */
const TWINS: Readonly<Record<string, readonly string[]>> = {
  "twins by case": ["src/Readme", "src/readme"],
  "twins by the case of a folder": ["src/Sub/x", "src/sub/X", "src/sub/x"],
  "twins of other letters": ["src/\u00c9t\u00e9", "src/\u00e9t\u00e9"],
};

/** A registry, and a working directory with these files. */
async function workdir(temp: TempFolder, names: readonly string[]) {
  await temp.write("work/modelops.yaml", SPEC);
  for (const name of names) await temp.write(`work/${name}`, name);
  const registry = new FakeRegistry();
  const client = fakeClient(registry.transport);
  const bundles = createBundles({
    settings: { registry: "registry.test", repository: "team" },
    open: (name) => client.repository(name),
  });
  return { bundles, registry, work: temp.join("work") };
}

for (const [what, names] of Object.entries({ ...NAMES, ...TWINS })) {
  Deno.test(`a bundle with ${what} goes round on a system that can hold it`, holding, async () => {
    await using temp = await tempFolder();
    const { bundles, work } = await workdir(temp, names);
    const { warnings } = await bundles.scan(work);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^Not every system can hold the files ".*; --portable refuses them$/,
    );
    assert.equal((await bundles.plan(work)).layers[0]?.files.length, names.length);
    await bundles.push(work);

    const expected = Object.fromEntries(names.map((name) => [name, name]));
    await bundles.materialize("demo:1.0.0", { dest: temp.join("ws") });
    assert.deepEqual(await files(temp.join("ws")), expected);
    assert.equal((await bundles.verify(temp.join("ws"))).ok, true);

    for (const archive of [temp.join("ws.tar"), temp.join("ws.tar.zst")]) {
      await bundles.exportArchive(temp.join("ws"), { dest: archive });
      await bundles.importArchive(archive, { dest: `${archive}.copy` });
      assert.deepEqual(await files(`${archive}.copy`), expected);
      const { added, modified, removed, unchanged } = await bundles.diff("demo:1.0.0", archive);
      assert.deepEqual([added, modified, removed], [[], [], []]);
      assert.equal(unchanged.length, names.length);
    }
    await bundles.materialize(temp.join("ws.tar"), { dest: temp.join("from-archive") });
    assert.deepEqual(await files(temp.join("from-archive")), expected);
  });

  const isTwin = what in TWINS;
  const systems: readonly NameOptions[] = [
    { platform: "windows" },
    { portable: true },
    { portable: true, platform: "darwin" },
    ...isTwin ? [{ platform: "darwin" } as const] : [],
  ];
  Deno.test(`a bundle with ${what} is refused where it cannot be held`, holding, async () => {
    await using temp = await tempFolder();
    const { bundles, registry, work } = await workdir(temp, names);
    for (const system of systems) {
      const options = { ...system, tags: [] };
      await assert.rejects(bundles.scan(work, system), InvalidInputError);
      await assert.rejects(bundles.plan(work, system), InvalidInputError);
      await assert.rejects(bundles.push(work, options), InvalidInputError);
    }
    assert.deepEqual(registry.log, []);

    await bundles.push(work);
    await bundles.materialize("demo:1.0.0", { dest: temp.join("ws") });
    const archive = temp.join("ws.tar");
    await bundles.exportArchive(temp.join("ws"), { dest: archive });
    const refusal = isTwin ? WorkspaceConflictError : InvalidInputError;
    for (const system of systems) {
      const dest = temp.join("refused");
      await assert.rejects(bundles.materialize("demo:1.0.0", { ...system, dest }), refusal);
      await assert.rejects(bundles.importArchive(archive, { ...system, dest }), refusal);
      const out = { ...system, dest: temp.join("out.tar") };
      await assert.rejects(bundles.exportArchive(temp.join("ws"), out), InvalidInputError);
      await assert.rejects(Deno.lstat(dest), Deno.errors.NotFound);
      await assert.rejects(Deno.lstat(out.dest), Deno.errors.NotFound);
    }
    // What is only read needs no system that could hold it.
    assert.equal((await bundles.resolve("demo:1.0.0")).totalSize > 0, true);
    assert.equal((await bundles.verify("demo:1.0.0")).ok, true);
  });
}

Deno.test(
  "commands on bundles warn of names that others cannot hold, and refuse them with --portable",
  holding,
  async () => {
    await using temp = await tempFolder();
    const names = Array.from({ length: 7 }, (_, index) => `src/aux.${index}`);
    await workdir(temp, names);
    const run = async (...args: string[]) =>
      await runIn(["--storage-dir", temp.join("store"), "bundle", ...args], {
        home: temp.join("home"),
        env: { REGISTRY_REPO: "models" },
      });
    const at = (name: string) => temp.join(name);
    const rows: readonly (readonly string[])[] = [
      ["scan", at("work")],
      ["plan", at("work")],
      ["push", at("work")],
      ["materialize", "demo:1.0.0", at("ws")],
      ["pull", "demo:1.0.0", at("ws")],
      ["export", at("ws"), at("ws.tar")],
      ["import", at("ws.tar"), at("copy")],
    ];
    for (const row of rows) {
      const plain = await run(...row);
      assert.equal(plain.code, 0, plain.stderr);
      const warned = ["scan", "plan", "push"].includes(row[0]!);
      const warning = /warning: Not every system can hold the files "src\/aux\.0", .* and 2 more; /;
      assert.equal(warning.test(plain.stderr), warned, plain.stderr);
      const refused = await run(...row, "--portable");
      assert.equal(refused.code, 2, `${row}: ${refused.stderr}`);
      assert.match(refused.stderr, /"src\/aux\.0": a part is a device name of Windows/);
      const { error } = JSON.parse((await run(...row, "--portable", "--json")).stdout);
      assert.equal(error.code, 2);
    }
  },
);

Deno.test(
  "names in decomposed form go through an archive, and are verified behind it",
  holding,
  async () => {
    await using temp = await tempFolder();
    await temp.write(
      "work/modelops.yaml",
      `${SPEC}external_rules: [{ pattern: "src/*.bin", uri_template: "az://c/{path}" }]\n`,
    );
    for (const name of ["src/e\u0301.py", "src/cafe\u0301.bin"]) {
      await temp.write(`work/${name}`, name);
    }
    const at = (name: string) => temp.join(name);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runIn(
        ["--storage-dir", at("store"), "bundle", ...args, "--json"],
        {
          home: at("home"),
          env: { REGISTRY_REPO: "models", OBJECT_STORE: `file://${at("objects")}` },
        },
      );
      assert.equal(code, 0, stderr);
      return { ...JSON.parse(stdout), stderr };
    };
    await run("push", at("work"));
    for (const [index, flag] of ["--prefetch-external", "--no-cache"].entries()) {
      const [ws, archive, copy] = [at(`ws${index}`), at(`${index}.tar`), at(`copy${index}`)];
      await run("materialize", "demo:1.0.0", ws, flag);
      const { changed, stderr } = await run("export", ws, archive, "--include-external");
      assert.deepEqual(changed, []);
      assert.match(stderr, /names in composed form \(NFC\): those of ".*e\u0301/);
      await run("import", archive, copy);
      for (const pair of [["demo:1.0.0", archive], [copy, "demo:1.0.0"], [ws, copy]]) {
        const { added, modified, removed, unchanged } = await run("diff", ...pair);
        assert.deepEqual([added, modified, removed, unchanged.length], [[], [], [], 2]);
      }
      assert.equal((await run("verify", copy)).ok, true);
      assert.deepEqual((await run("export", copy, at("again.tar"))).changed, []);
    }
  },
);
