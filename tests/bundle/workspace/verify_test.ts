import assert from "node:assert/strict";
import { join } from "node:path";
import type { BundleEntry } from "../../../src/bundle/documents/bundle.ts";
import { materializeBundle } from "../../../src/bundle/workspace/materialize.ts";
import { verifyWorkspace } from "../../../src/bundle/workspace/verify.ts";
import { verifyBundle } from "../../../src/bundle/workspace/verify_stored.ts";
import { NotFoundError } from "../../../src/core/errors.ts";
import { streamOf } from "../../../src/core/streams.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import {
  bundleOver,
  externalEntry,
  MemoryObjects,
  registryEntries,
  registryEntry,
  utf8,
} from "./support.ts";

const POINTER = ".mops/ptr/data/train.csv.json";

/** A bundle with two registry files and an external one. */
async function bundle() {
  const store = memoryStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entries: BundleEntry[] = [
    ...await registryEntries(store, { "a": "1", "b/c": "22" }),
    await externalEntry(objects, { path: "data/train.csv", text: "333" }),
  ];
  return { store, objects, entries, bundle: bundleOver(store, entries) };
}

/** A workspace of it, and a way to verify that. */
async function workspace(prefetchExternal = false) {
  const temp: TempFolder = await tempFolder();
  const { objects, entries, bundle: resolved } = await bundle();
  const source = { bundle: resolved, entries, role: "default", objects: () => objects };
  await materializeBundle(source, { dest: temp.path, prefetchExternal });
  const states = async (against: readonly BundleEntry[] | undefined = entries) => {
    const report = await verifyWorkspace({ root: temp.path, entries: against });
    return report.files.map(({ path, state }) => `${path} ${state}`);
  };
  return Object.assign(temp, { entries, states });
}

Deno.test("verifyWorkspace() reads every file of a sound workspace", async () => {
  await using temp = await workspace();
  await temp.write("notes.txt", "mine");
  const report = await verifyWorkspace({ root: temp.path, entries: temp.entries });
  assert.deepEqual(report, {
    ok: true,
    files: [
      { path: "a", state: "ok", bytes: 1 },
      { path: "b/c", state: "ok", bytes: 2 },
      { path: "data/train.csv", state: "pointer", bytes: 0 },
    ],
    missing: [],
    modified: [],
    extra: ["notes.txt"],
    bytes: 3,
  });
});

Deno.test("verifyWorkspace() finds what is missing and what was modified", async () => {
  await using temp = await workspace(true);
  await Deno.writeTextFile(temp.join("a"), "2");
  await Deno.remove(temp.join("b"), { recursive: true });
  await Deno.writeTextFile(temp.join("data", "train.csv"), "3333");
  const report = await verifyWorkspace({ root: temp.path, entries: temp.entries });
  assert.equal(report.ok, false);
  assert.deepEqual([report.modified, report.missing], [["a", "data/train.csv"], ["b/c"]]);
  assert.equal(report.files[2]?.reason, "got 4 bytes, want 3");
  await Deno.remove(temp.join("data", "train.csv"));
  assert.deepEqual(await temp.states(), ["a modified", "b/c missing", "data/train.csv missing"]);
});

Deno.test("verifyWorkspace() finds pointers that are gone, broken or of other content", async () => {
  await using temp = await workspace();
  const text = await Deno.readTextFile(temp.join(POINTER));
  await Deno.writeTextFile(temp.join(POINTER), text.replace('"size":3', '"size":4'));
  assert.deepEqual((await temp.states())[2], "data/train.csv modified");
  await Deno.writeTextFile(temp.join(POINTER), "{");
  assert.deepEqual((await temp.states())[2], "data/train.csv missing");
  await Deno.remove(temp.join(POINTER));
  assert.deepEqual((await temp.states())[2], "data/train.csv missing");
});

Deno.test("verifyWorkspace() finds executable bits that differ, where the bundle has any", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = [
    await registryEntry(store, { path: "run.sh", text: "1", mode: 0o755 }),
    await registryEntry(store, { path: "own.sh", text: "2", mode: 0o700 }),
    await registryEntry(store, { path: "data", text: "3", mode: 0o644 }),
    await registryEntry(store, { path: "unsaid", text: "4" }),
  ];
  const source = { bundle: bundleOver(store, entries), entries, role: "default" };
  await materializeBundle(source, { dest: temp.path });
  const reasons = async () => {
    const { ok, files } = await verifyWorkspace({ root: temp.path, entries });
    return [ok, ...files.map(({ reason = "" }) => reason)];
  };
  const sound = [true, "", "", "", ""];
  assert.deepEqual(await reasons(), sound);
  for (const path of ["run.sh", "own.sh", "data", "unsaid"]) {
    const mode = path.endsWith(".sh") ? 0o644 : 0o755;
    await Deno.chmod(temp.join(path), mode);
  }
  assert.deepEqual(await reasons(), [
    false,
    "it has become executable",
    "it is not executable any more",
    "it is not executable any more",
    "",
  ]);
  await Deno.chmod(temp.join("run.sh"), 0o711);
  await materializeBundle(source, { dest: temp.path });
  assert.deepEqual(await reasons(), sound);
});

Deno.test("verifyWorkspace() does without the bundle's entries", async () => {
  await using temp = await workspace(true);
  const verify = () => verifyWorkspace({ root: temp.path });
  assert.deepEqual((await verify()).files, [{ path: "data/train.csv", state: "ok", bytes: 3 }]);
  await Deno.writeTextFile(temp.join("data", "train.csv"), "444");
  assert.deepEqual((await verify()).modified, ["data/train.csv"]);
  await temp.write(".mops/ptr/broken.json", "{");
  assert.deepEqual((await verify()).modified, [".mops/ptr/broken.json", "data/train.csv"]);
  await assert.rejects(verifyWorkspace({ root: join(temp.path, "none") }), NotFoundError);
});

Deno.test("verifyBundle() reads every blob where it is stored", async () => {
  const { bundle: resolved, entries, objects } = await bundle();
  const report = await verifyBundle({ bundle: resolved, entries });
  assert.deepEqual(report.files.map(({ path, state }) => `${path} ${state}`), [
    "a ok",
    "b/c ok",
    "data/train.csv pointer",
  ]);
  const whole = await verifyBundle({
    bundle: resolved,
    entries,
    objects: () => objects,
    readExternal: true,
  });
  assert.deepEqual([whole.ok, whole.bytes], [true, 6]);
});

Deno.test("verifyBundle() finds what is missing or another in either store", async () => {
  const { store, bundle: resolved, entries, objects } = await bundle();
  const verify = async (readExternal: boolean, readUnrecorded = false) => {
    const report = await verifyBundle({
      bundle: resolved,
      entries,
      objects: () => objects,
      readExternal,
      readUnrecorded,
    });
    return [report.missing, report.modified];
  };
  objects.objects.set("az://c/data/train.csv", utf8("444"));
  assert.deepEqual(await verify(false), [[], []]);
  assert.deepEqual(await verify(true), [[], ["data/train.csv"]]);
  // This store records no SHA-256, so that size is all that asking tells.
  assert.deepEqual(await verify(false, true), [[], ["data/train.csv"]]);
  objects.objects.set("az://c/data/train.csv", utf8("4"));
  assert.deepEqual(await verify(false), [[], ["data/train.csv"]]);
  objects.objects.clear();
  store.open = () => Promise.resolve(streamOf([utf8("9")]));
  assert.deepEqual(await verify(false), [["data/train.csv"], ["a", "b/c"]]);
  store.open = () => Promise.reject(new NotFoundError("Cannot find it"));
  assert.deepEqual(await verify(false), [["a", "b/c", "data/train.csv"], []]);
});
