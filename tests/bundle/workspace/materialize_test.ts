import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { BundleEntry, RegistryEntry } from "../../../src/bundle/documents/bundle.ts";
import {
  materializeBundle,
  type MaterializeOptions,
  type MaterializeSource,
} from "../../../src/bundle/workspace/materialize.ts";
import { readLayerIndex } from "../../../src/bundle/documents/layer_index.ts";
import { decodePointer } from "../../../src/bundle/documents/pointer.ts";
import { WorkspaceConflictError } from "../../../src/bundle/workspace/conflict.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  TransferError,
} from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { streamOf } from "../../../src/core/streams.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { type MemoryStore, memoryStore } from "../../../src/oci/memory_store.ts";
import { tempFolder } from "../../support/temp.ts";
import {
  bundleOver,
  countingStore,
  externalEntry,
  files,
  MemoryObjects,
  registryEntries,
  registryEntry,
  tree,
  utf8,
} from "./support.ts";

const posix = { ignore: Deno.build.os === "windows" } as const;
const POINTER = ".mops/ptr/data/train.csv.json";

type TestOptions =
  & Omit<Partial<MaterializeOptions>, "cache">
  & Pick<MaterializeSource, "objects" | "cache">;

/** Materializes entries of a store. */
async function materialize(
  dest: string,
  store: MemoryStore,
  entries: readonly BundleEntry[],
  { objects, cache, ...options }: TestOptions = {},
) {
  const source = { bundle: bundleOver(store, entries), entries, role: "default", objects, cache };
  return await materializeBundle(source, { dest, ...options });
}

/** The conflicts of an operation that must fail with them. */
async function conflictsOf(work: Promise<unknown>): Promise<string[]> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof WorkspaceConflictError, String(error));
    assert.equal(error.facts.problems?.length, error.conflicts.length);
    return error.conflicts.map(({ path }) => path);
  }
  assert.fail("no conflict was found");
}

Deno.test("materializeBundle() writes files of any name, pointers and provenance", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const texts = {
    "src/a.py": "print(1)\n",
    "empty": "",
    "данные/модель.bin": "д",
    "数据/模型.bin": "数",
    "😀/🚀.txt": "🚀",
    "～.txt": "wide",
    "..a/b": "1",
    "a/.mops/x": "2",
  };
  const entries: BundleEntry[] = await registryEntries(store, texts);
  entries.push(await externalEntry(objects, { path: "data/train.csv", text: "a,b\n1,2\n" }));
  const dest = temp.join("new", "workspace");
  const result = await materialize(dest, store, entries, {
    objects: () => assert.fail("no external file was to be fetched"),
  });
  assert.deepEqual(await files(dest), Object.fromEntries(Object.entries(texts).sort()));
  assert.deepEqual(Object.keys(await tree(temp.join("new", "workspace", ".mops"))), [
    ".mops-manifest.json",
    "ptr/",
    "ptr/data/",
    "ptr/data/train.csv.json",
  ]);
  const pointer = decodePointer(await Deno.readFile(join(dest, POINTER)), "pointer");
  assert.deepEqual([pointer.fulfilled, pointer.uri], [false, "az://c/data/train.csv"]);
  assert.equal(result.selectedRole, "default");
  assert.equal(result.destPath, dest);
  assert.deepEqual(result.counters, {
    created: 8,
    replaced: 0,
    kept: 0,
    pointers: 1,
    bytesWritten: 24,
    bytesFetched: 24,
    bytesPrefetched: 0,
  });
  assert.deepEqual(result.files.map(({ path }) => path).slice(-2), ["～.txt", "😀/🚀.txt"]);
  assert.deepEqual(result.files.find(({ kind }) => kind === "external"), {
    path: "data/train.csv",
    action: "pointer",
    size: 8,
    kind: "external",
    layer: "data",
  });
});

Deno.test("materializeBundle() changes nothing when everything is there already", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entries: BundleEntry[] = await registryEntries(store, { "a": "1", "b/c": "2" });
  entries.push(await externalEntry(objects, { path: "data/train.csv", text: "x" }));
  await materialize(temp.path, store, entries);
  const before = await tree(temp.path);
  const times = await mtimes(temp.path, Object.keys(before));
  store.opened.length = 0;
  for (const overwrite of [false, true]) {
    const { counters } = await materialize(temp.path, store, entries, { overwrite });
    assert.deepEqual([counters.kept, counters.created, counters.pointers], [3, 0, 0]);
  }
  assert.deepEqual(store.opened, []);
  assert.deepEqual(await tree(temp.path), before);
  assert.deepEqual(await mtimes(temp.path, Object.keys(before)), times);
});

async function mtimes(root: string, paths: readonly string[]): Promise<(number | undefined)[]> {
  const found = paths.filter((path) => !path.endsWith("/"));
  return await Promise.all(
    found.map(async (path) => (await Deno.stat(join(root, path))).mtime?.getTime()),
  );
}

Deno.test(
  "materializeBundle() reports all conflicts together and writes nothing",
  posix,
  async () => {
    await using temp = await tempFolder();
    const store = countingStore("registry.test/my-model");
    const entries: BundleEntry[] = [
      ...await registryEntries(store, {
        "aaa": "new",
        "different": "mine",
        "folder": "x",
        "file/inside": "x",
        "linked/inside": "x",
        "link": "same",
        "dangling": "x",
        "twice": "1",
        "Twin": "1",
        "twin": "2",
        "node": "1",
        "node/below": "1",
      }),
      { ...await registryEntry(store, { path: "twice", text: "1" }), layer: "config" },
    ];
    const root = temp.join("root");
    await temp.write("root/different", "theirs");
    await temp.write("root/folder/kept", "1");
    await temp.write("root/file", "1");
    await temp.write("outside/same", "same");
    await Deno.symlink(temp.join("outside"), join(root, "linked"));
    await Deno.symlink(temp.join("outside", "same"), join(root, "link"));
    await Deno.symlink("nowhere", join(root, "dangling"));
    const before = await tree(temp.path);
    const portable = { portable: true } as const;
    assert.deepEqual(await conflictsOf(materialize(root, store, entries, portable)), [
      "dangling",
      "different",
      "file/inside",
      "folder",
      "link",
      "linked/inside",
      "node/below",
      "twice",
      "twin",
    ]);
    assert.deepEqual(await tree(temp.path), before);
    assert.deepEqual(store.opened, []);
    const overwriting = { portable: true, overwrite: true };
    assert.deepEqual(await conflictsOf(materialize(root, store, entries, overwriting)), [
      "file/inside",
      "linked/inside",
      "node/below",
      "twice",
      "twin",
    ]);
    assert.deepEqual(await tree(temp.path), before);
  },
);

Deno.test("a conflict error says what was found and what was wanted", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  await temp.write("a", "22");
  const entries = await registryEntries(store, { "a": "1" });
  await assert.rejects(materialize(temp.path, store, entries), (error) => {
    assert.ok(error instanceof WorkspaceConflictError && error instanceof ConflictError);
    assert.equal(
      error.message,
      `Cannot write to workspace ${JSON.stringify(temp.path)}: ` +
        '"a": a different file is there: got 2 bytes, want 1',
    );
    assert.equal(error.conflicts[0]?.expected, digestBytes(utf8("1")));
    return true;
  });
  assert.deepEqual(await tree(temp.path), { "a": "22" });
});

Deno.test("materializeBundle() leaves no trace of a folder it made when a conflict stops it", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = await registryEntries(store, { "a": "1", "a/b": "2" });
  await conflictsOf(materialize(temp.join("new"), store, entries));
  assert.deepEqual(await tree(temp.path), {});
});

Deno.test(
  "overwrite replaces files, links and folders, and never what a link leads to",
  posix,
  async () => {
    await using temp = await tempFolder();
    const store = memoryStore("registry.test/my-model");
    const entries = await registryEntries(store, {
      "a": "new",
      "b": "new",
      "c": "new",
      "d": "same",
    });
    const root = temp.join("root");
    await temp.write("outside", "kept");
    await temp.write("root/a", "old");
    await temp.write("root/b/deep/file", "old");
    await Deno.symlink(temp.join("outside"), join(root, "c"));
    await temp.write("root/d", "same");
    const { counters } = await materialize(root, store, entries, { overwrite: true });
    assert.deepEqual(await files(root), { a: "new", b: "new", c: "new", d: "same" });
    assert.equal(await Deno.readTextFile(temp.join("outside")), "kept");
    assert.deepEqual([counters.replaced, counters.kept], [3, 1]);
  },
);

Deno.test("a folder that was to be replaced is back when the content cannot be fetched", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const [entry] = await registryEntries(memoryStore("elsewhere"), { "b": "new" });
  await temp.write("b/deep/file", "old");
  await assert.rejects(
    materialize(temp.path, store, [entry!], { overwrite: true }),
    TransferError,
  );
  assert.deepEqual(await files(temp.path), { "b/deep/file": "old" });
});

for (const [what, place] of [["a link", "-> elsewhere"], ["a file", "file"]] as const) {
  Deno.test(
    `materializeBundle() does not write through ${what} in place of .mops`,
    posix,
    async () => {
      await using temp = await tempFolder();
      const store = memoryStore("registry.test/my-model");
      await Deno.mkdir(temp.join("elsewhere"));
      await Deno.mkdir(temp.join("root"));
      if (place === "file") await temp.write("root/.mops", "x");
      else await Deno.symlink(temp.join("elsewhere"), temp.join("root", ".mops"));
      const before = await tree(temp.path);
      const entries = await registryEntries(store, { "a": "1" });
      await conflictsOf(materialize(temp.join("root"), store, entries, { overwrite: true }));
      assert.deepEqual(await tree(temp.path), before);
    },
  );
}

Deno.test("materializeBundle() does not write pointers through a link", posix, async () => {
  await using temp = await tempFolder();
  const objects = new MemoryObjects();
  await Deno.mkdir(temp.join("elsewhere"));
  await Deno.mkdir(temp.join("root", ".mops"), { recursive: true });
  await Deno.symlink(temp.join("elsewhere"), temp.join("root", ".mops", "ptr"));
  const entry = await externalEntry(objects, { path: "data/train.csv", text: "x" });
  const store = memoryStore("registry.test/my-model");
  assert.deepEqual(await conflictsOf(materialize(temp.join("root"), store, [entry])), [POINTER]);
  assert.deepEqual(await tree(temp.join("elsewhere")), {});
});

Deno.test("pointers that meet a pointer folder are a conflict", async () => {
  await using temp = await tempFolder();
  const objects = new MemoryObjects();
  const entries = [
    await externalEntry(objects, { path: "a", text: "1" }),
    await externalEntry(objects, { path: "a.json/b", text: "2" }),
  ];
  const store = memoryStore("registry.test/my-model");
  assert.deepEqual(await conflictsOf(materialize(temp.path, store, entries)), [
    ".mops/ptr/a.json/b.json",
  ]);
});

Deno.test("a path that must not be refuses the whole bundle before anything is written", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  for (
    const path of ["../evil", "/etc/passwd", ".mops/x", "a\\..\\b", "a\0b", "", "x".repeat(256)]
  ) {
    const [good, bad] = await registryEntries(store, { "good": "1", [path]: "2" });
    const entries = [good!, bad ?? { ...good!, path }];
    await assert.rejects(materialize(temp.join("new"), store, entries), InvalidInputError);
  }
  assert.deepEqual(await tree(temp.path), {});
});

Deno.test("content that is not what the index says is refused and leaves nothing", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const [good, bad] = await registryEntries(store, { "a": "1", "b": "right" });
  for (const text of ["wrong", "short", "much longer"]) {
    store.open = (descriptor) =>
      Promise.resolve(streamOf([utf8(descriptor.digest === bad!.blob.digest ? text : "1")]));
    await assert.rejects(materialize(temp.path, store, [good!, bad!]), IntegrityError);
    assert.deepEqual(await files(temp.path), { a: "1" });
  }
  await temp.write("b", "mine");
  await assert.rejects(
    materialize(temp.path, store, [good!, bad!], { overwrite: true }),
    IntegrityError,
  );
  assert.deepEqual(await files(temp.path), { a: "1", b: "mine" });
});

Deno.test("a blob that is missing in the registry is a failed transfer", async () => {
  await using temp = await tempFolder();
  const entries = await registryEntries(memoryStore("elsewhere"), { "a": "1" });
  const store = memoryStore("registry.test/my-model");
  for (const cache of [undefined, memoryStore("cache")]) {
    await assert.rejects(materialize(temp.join("w"), store, entries, { cache }), {
      name: "TransferError",
      message: /^Cannot fetch "a": its content is missing .*: Cannot .*registry\.test\/my-model/,
    });
  }
  assert.deepEqual(await tree(temp.path), {});
});

Deno.test("a missing blob is a failed transfer in every form of index, and leaves nothing", async () => {
  const digest = digestBytes(utf8("gone"));
  const size = 4;
  const forms: readonly object[] = [
    { digest },
    { digest, size },
    { digest, size: null, oras: null },
    { oras: { digest, size } },
    { oras: { digest } },
    { oras: { digest, size: 0 }, external: null },
  ];
  for (const form of forms) {
    await using temp = await tempFolder();
    const index = utf8(JSON.stringify({ entries: [{ path: "a", ...form }] }));
    const entries = readLayerIndex(index, "code", "the index");
    const store = memoryStore("registry.test/my-model");
    for (const cache of [undefined, memoryStore("cache")]) {
      await assert.rejects(materialize(temp.join("w"), store, entries, { cache }), {
        name: "TransferError",
        message: /^Cannot fetch "a": its content is missing .*: Cannot .*registry\.test\/my-model/,
      }, JSON.stringify(form));
    }
    assert.deepEqual(await tree(temp.path), {});
  }
});

Deno.test("old indexes that do not say sizes are read", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = (await registryEntries(store, { "a": "123", "empty": "" }))
    .map((entry): RegistryEntry => ({ ...entry, blob: { ...entry.blob, size: 0 } }));
  await materialize(temp.path, store, entries);
  assert.deepEqual(await files(temp.path), { a: "123", empty: "" });
  const { counters } = await materialize(temp.path, store, entries);
  assert.equal(counters.kept, 2);
});

Deno.test("modes are carried where they are known, and 0644 otherwise", posix, async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = [
    await registryEntry(store, { path: "run.sh", text: "1", mode: 0o4755 }),
    await registryEntry(store, { path: "secret", text: "2", mode: 0o400 }),
    await registryEntry(store, { path: "plain", text: "3" }),
  ];
  const modes = () =>
    Promise.all(
      ["run.sh", "secret", "plain", ".mops/.mops-manifest.json"].map(async (name) =>
        ((await Deno.stat(temp.join(name))).mode ?? 0) & 0o7777
      ),
    );
  await materialize(temp.path, store, entries);
  assert.deepEqual(await modes(), [0o755, 0o600, 0o644, 0o644]);
  await Deno.chmod(temp.join("run.sh"), 0o644);
  await Deno.chmod(temp.join("plain"), 0o640);
  const { counters } = await materialize(temp.path, store, entries);
  assert.equal(counters.kept, 3);
  assert.deepEqual(await modes(), [0o755, 0o600, 0o640, 0o644]);
});

Deno.test("the same content in several files is fetched once", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const entries = await registryEntries(store, { "a": "same", "b": "same", "c/d": "same" });
  const { counters } = await materialize(temp.path, store, entries);
  assert.deepEqual(await files(temp.path), { a: "same", b: "same", "c/d": "same" });
  assert.equal(store.opened.length, 1);
  assert.deepEqual([counters.bytesFetched, counters.bytesWritten], [4, 12]);
});

Deno.test("a cache keeps blobs from being fetched again, and its content from being linked to", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const cache = diskCatalog(temp.join("store")).repository("cache");
  const entries = await registryEntries(store, { "a": "same", "b": "same", "c": "other" });
  const first = await materialize(temp.join("one"), store, entries, { cache });
  assert.equal(store.opened.length, 2);
  assert.equal(first.counters.bytesFetched, 9);
  await Deno.writeTextFile(temp.join("one", "a"), "changed in place");
  const second = await materialize(temp.join("two"), store, entries, { cache });
  assert.equal(store.opened.length, 2);
  assert.equal(second.counters.bytesFetched, 0);
  assert.deepEqual(await files(temp.join("two")), { a: "same", b: "same", c: "other" });
  const cached = cache.filePath(entries[2]!.blob);
  assert.equal((await Deno.stat(cached)).nlink, Deno.build.os === "windows" ? null : 1);
  await Deno.chmod(cached, 0o644);
  await Deno.writeTextFile(cached, "wrong");
  const third = await materialize(temp.join("three"), store, entries, { cache });
  assert.equal(third.counters.bytesFetched, 5);
  assert.deepEqual(await files(temp.join("three")), { a: "same", b: "same", c: "other" });
  assert.deepEqual(Object.keys(await tree(temp.join("three", ".mops"))), [".mops-manifest.json"]);
});

Deno.test("a damaged cache is passed by", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const cache = memoryStore("cache");
  const entries = await registryEntries(store, { "a": "right" });
  await cache.write(entries[0]!.blob, bytesSource(utf8("right")));
  cache.open = () => Promise.resolve(streamOf([utf8("wrong")]));
  const warnings: string[] = [];
  await materialize(temp.path, store, entries, {
    cache,
    log: (level, message) => void (level === "warning" && warnings.push(message)),
  });
  assert.deepEqual(await files(temp.path), { a: "right" });
  assert.equal(warnings.length, 1);
});

Deno.test("a cache that may not be written to is passed by with one word, and nothing comes twice", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const cache = memoryStore("cache");
  const cause = Object.assign(new Error(), { code: "EROFS" });
  cache.write = () => Promise.reject(new TransferError("Cannot write", { cause }));
  const content = { "a": "same", "b": "same", "c": "other" };
  const entries = await registryEntries(store, content);
  const warnings: string[] = [];
  await materialize(temp.path, store, entries, {
    cache,
    log: (level, message) => void (level === "warning" && warnings.push(message)),
  });
  assert.deepEqual(await files(temp.path), content);
  assert.deepEqual(warnings, ["Nothing is kept in cache for other workspaces: Cannot write"]);
  assert.equal(store.opened.length, 2);
});

Deno.test("prefetching writes the file and fulfils its pointer, once and for all", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entries = [
    await externalEntry(objects, { path: "data/train.csv", text: "a,b\n1,2\n", tier: "cool" }),
    await externalEntry(objects, { path: "data/same.csv", text: "a,b\n1,2\n" }),
    await externalEntry(objects, { path: "data/none.csv", text: "" }),
  ];
  const prefetch = { prefetchExternal: true, objects: () => objects };
  const { counters } = await materialize(temp.path, store, entries, prefetch);
  assert.deepEqual([counters.created, counters.bytesPrefetched], [3, 8]);
  assert.deepEqual(await files(temp.path), {
    "data/none.csv": "",
    "data/same.csv": "a,b\n1,2\n",
    "data/train.csv": "a,b\n1,2\n",
  });
  const before = await tree(temp.path);
  assert.ok(
    !Object.keys(before).some((path) => path.startsWith(".mops/.")) ||
      Object.keys(before).filter((path) => path.startsWith(".mops/.")).length === 1,
  );
  assert.equal(objects.opened.length, 2);
  await materialize(temp.path, store, entries);
  assert.deepEqual(await tree(temp.path), before);
  await materialize(temp.path, store, entries, prefetch);
  assert.deepEqual(await tree(temp.path), before);
  assert.equal(objects.opened.length, 2);
});

Deno.test("a pointer is fulfilled by a file that is there already, and not by another", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entry = await externalEntry(objects, { path: "data/train.csv", text: "right" });
  const fulfilled = async () =>
    decodePointer(await Deno.readFile(temp.join(POINTER)), "pointer").fulfilled;
  await temp.write("data/train.csv", "right");
  await materialize(temp.path, store, [entry]);
  assert.equal(await fulfilled(), true);
  await temp.write("data/train.csv", "other");
  await materialize(temp.path, store, [entry]);
  assert.equal(await fulfilled(), false);
  const prefetch = { prefetchExternal: true, objects: () => objects };
  assert.deepEqual(await conflictsOf(materialize(temp.path, store, [entry], prefetch)), [
    "data/train.csv",
  ]);
  await materialize(temp.path, store, [entry], { ...prefetch, overwrite: true });
  assert.equal(await fulfilled(), true);
  assert.equal(await Deno.readTextFile(temp.join("data", "train.csv")), "right");
});

Deno.test("a change of tier rewrites the pointer without a conflict", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entry = await externalEntry(new MemoryObjects(), { path: "data/train.csv", text: "x" });
  await materialize(temp.path, store, [entry]);
  await temp.write(".mops/ptr/data/train.csv.json.bak", "kept");
  const { counters } = await materialize(temp.path, store, [{ ...entry, tier: "archive" }]);
  assert.equal(counters.pointers, 1);
  const pointer = decodePointer(await Deno.readFile(temp.join(POINTER)), "pointer");
  assert.equal(pointer.tier, "archive");
});

for (
  const [what, damage] of [
    [
      "other bytes",
      (objects: MemoryObjects, uri: string) => objects.objects.set(uri, utf8("wrong")),
    ],
    ["another size", (objects: MemoryObjects, uri: string) => objects.objects.set(uri, utf8("w"))],
    ["nothing", (objects: MemoryObjects, uri: string) => objects.objects.delete(uri)],
  ] as const
) {
  Deno.test(`prefetching ${what} leaves the file out and keeps the others`, async () => {
    await using temp = await tempFolder();
    const store = memoryStore("registry.test/my-model");
    const objects = new MemoryObjects();
    const bad = await externalEntry(objects, { path: "data/train.csv", text: "right" });
    const entries = [
      await registryEntry(store, { path: "code.py", text: "1" }),
      bad,
      await externalEntry(objects, { path: "data/zzz.csv", text: "good" }),
    ];
    damage(objects, bad.uri);
    const prefetch = { prefetchExternal: true, objects: () => objects };
    const expected = what === "nothing" ? TransferError : IntegrityError;
    await assert.rejects(materialize(temp.path, store, entries, prefetch), expected);
    assert.deepEqual(await files(temp.path), { "code.py": "1", "data/zzz.csv": "good" });
    const pointer = decodePointer(await Deno.readFile(temp.join(POINTER)), "pointer");
    assert.equal(pointer.fulfilled, false);
    const left = Object.keys(await tree(temp.join(".mops")));
    assert.ok(!left.includes(".lock") && !left.includes(".mops-manifest.json"), String(left));
    objects.objects.set(bad.uri, utf8("right"));
    objects.opened.length = 0;
    await materialize(temp.path, store, entries, prefetch);
    assert.deepEqual(objects.opened, [bad.uri]);
    assert.equal(await Deno.readTextFile(temp.join("data", "train.csv")), "right");
  });
}

Deno.test("prefetching without an object store is refused", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entry = await externalEntry(new MemoryObjects(), { path: "a", text: "x" });
  await assert.rejects(
    materialize(temp.path, store, [entry], { prefetchExternal: true }),
    InvalidInputError,
  );
});

Deno.test("a dry run says what would happen and changes nothing", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entries: BundleEntry[] = await registryEntries(store, { "a": "1", "b": "22", "c": "333" });
  entries.push(await externalEntry(objects, { path: "data/train.csv", text: "4444" }));
  await temp.write("a", "1");
  await temp.write("b", "other");
  const before = await tree(temp.path);
  const dry = await materialize(temp.path, store, entries, { dryRun: true });
  assert.deepEqual(dry.files.map(({ path, action }) => `${path} ${action}`), [
    "a keep",
    "b conflict",
    "c create",
    "data/train.csv pointer",
  ]);
  assert.deepEqual([dry.plan.bytesToMove, dry.plan.conflicts.length], [3, 1]);
  assert.ok((dry.plan.diskFree ?? 1) > 0);
  const overwriting = await materialize(temp.path, store, entries, {
    dryRun: true,
    overwrite: true,
    prefetchExternal: true,
  });
  assert.deepEqual(overwriting.plan.bytesToMove, 9);
  assert.deepEqual(await tree(temp.path), before);
  await materialize(temp.join("new"), store, entries, { dryRun: true });
  assert.deepEqual(await tree(temp.path), before);
  assert.deepEqual(store.opened, []);
});

Deno.test("include and exclude choose files by pattern", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = await registryEntries(store, {
    "src/a.py": "1",
    "src/deep/b.py": "2",
    "src/deep/c.txt": "3",
    "data/.hidden.py": "4",
    "top.py": "5",
  });
  const chosen = async (options: TestOptions) => {
    const { files } = await materialize(temp.path, store, entries, { ...options, dryRun: true });
    return files.map(({ path }) => path);
  };
  assert.deepEqual(await chosen({ include: ["*.py"], exclude: ["data"] }), [
    "src/a.py",
    "src/deep/b.py",
    "top.py",
  ]);
  assert.deepEqual(await chosen({ include: ["src/*.py"] }), ["src/a.py"]);
  assert.deepEqual(await chosen({ include: ["src/**"], exclude: ["**/*.txt"] }), [
    "src/a.py",
    "src/deep/b.py",
  ]);
  assert.deepEqual(await chosen({ include: ["src/deep/"] }), ["src/deep/b.py", "src/deep/c.txt"]);
  await assert.rejects(chosen({ include: [""] }), InvalidInputError);
});

Deno.test("two materializations of one folder at once end well or with a conflict", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const entries = await registryEntries(
    store,
    Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f/${index}`, `${index}`])),
  );
  const results = await Promise.all([1, 2, 3].map(() => materialize(temp.path, store, entries)));
  assert.equal(results.reduce((sum, { counters }) => sum + counters.created, 0), 50);
  assert.equal(store.opened.length, 50);
  assert.equal(Object.keys(await files(temp.path)).length, 50);
});

Deno.test("a materialization that does not get the folder in time is a conflict", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const entries = await registryEntries(store, { "a": "1" });
  const held = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const open = store.open.bind(store);
  store.open = async (...args) => {
    started.resolve();
    await held.promise;
    return await open(...args);
  };
  const first = materialize(temp.path, store, entries);
  await started.promise;
  await assert.rejects(
    materialize(temp.path, store, entries, { lockTimeout: 0 }),
    (error) => error instanceof ConflictError && /another command is using it/.test(error.message),
  );
  held.resolve();
  await first;
  assert.deepEqual(await files(temp.path), { a: "1" });
});

Deno.test("an abort ends the materialization and leaves nothing half-written", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = await registryEntries(store, { "a": "1", "b": "2" });
  const controller = new AbortController();
  const reason = new Error("stop");
  store.open = () => {
    controller.abort(reason);
    return Promise.resolve(streamOf([utf8("1")]));
  };
  await assert.rejects(
    materialize(temp.join("w"), store, entries, { signal: controller.signal }),
    (error) => error === reason,
  );
  assert.deepEqual(await tree(temp.path), {});
});

Deno.test("what a dead run left behind is removed, and nothing else of such a name", async () => {
  await using temp = await tempFolder();
  const store = memoryStore("registry.test/my-model");
  const entries = await registryEntries(store, { "a/b": "1" });
  const uuid = "0123abcd-0123-0123-0123-0123456789ab";
  await temp.write(`old/.mops-${uuid}.partial`, "half");
  await temp.write(`.mops-${uuid}.partial/folder/file`, "moved away");
  await temp.write(`.mops/ptr/.mops-${uuid}.partial`, "half");
  await temp.write(".mops/.download/abc", "half");
  await temp.write(`kept/.${uuid}.partial`, "of another program");
  await temp.write("kept/.mops-notes.partial", "the user's");
  await materialize(temp.path, store, entries);
  const left = await tree(temp.path);
  delete left[".mops/.mops-manifest.json"];
  assert.deepEqual(left, {
    ".mops/": "",
    ".mops/ptr/": "",
    "a/": "",
    "a/b": "1",
    "kept/": "",
    [`kept/.${uuid}.partial`]: "of another program",
    "kept/.mops-notes.partial": "the user's",
    "old/": "",
  });
});

Deno.test("materializeBundle() writes 2,000 files", async () => {
  await using temp = await tempFolder();
  const store = countingStore("registry.test/my-model");
  const texts = Object.fromEntries(
    Array.from({ length: 2000 }, (_, index) => [`d${index % 40}/файл-${index}.txt`, `${index}`]),
  );
  const entries = await registryEntries(store, texts);
  await materialize(temp.path, store, entries);
  const written = await files(temp.path);
  assert.equal(Object.keys(written).length, 2000);
  assert.ok(Object.entries(texts).every(([path, text]) => written[path] === text));
});

Deno.test("a workspace holds exactly its bundle, whatever was there in part", async () => {
  const name = fc.constantFrom("a", "b", "c/d", "c/e", "ж/з", "数");
  const model = fc.dictionary(name, fc.string({ maxLength: 5 }), { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(model, model, async (wanted, present) => {
      await using temp = await tempFolder();
      const store = memoryStore("registry.test/my-model");
      for (const [path, text] of Object.entries(present)) await temp.write(path, text);
      const entries = await registryEntries(store, wanted);
      await materialize(temp.path, store, entries, { overwrite: true });
      assert.deepEqual({ ...present, ...wanted }, await files(temp.path));
    }),
    { numRuns: 30 },
  );
});
