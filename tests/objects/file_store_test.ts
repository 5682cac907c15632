import assert from "node:assert/strict";
import {
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { FileStore } from "../../src/objects/file_store.ts";
import { readObject, sha256Of } from "../conformance/object_store.ts";
import { rounds, whileSwapped } from "../support/link_swapper.ts";
import { tempFolder } from "../support/temp.ts";

const bytes = new TextEncoder().encode("content");
const sha256 = sha256Of(bytes);
const put = (store: FileStore, uri: string) => store.put(uri, bytesSource(bytes), { sha256 });

Deno.test("FileStore does not vouch for a file that changed under it", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  await put(store, "file:a/x");
  await folder.write("a/x", "someone's");
  const facts = await store.stat("file:a/x");
  assert.equal(facts.size, 9);
  assert.equal(facts.sha256, undefined);
  await put(store, "file:a/x");
  assert.equal((await store.stat("file:a/x")).sha256, sha256);
  await folder.write("a/.modelops/x.json", "{damaged");
  assert.equal((await store.stat("file:a/x")).sha256, undefined);
});

Deno.test("FileStore leaves nothing of content that is wrong", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  const wrong = store.put("file:a/x", bytesSource(bytes), { sha256: "0".repeat(64) });
  await assert.rejects(wrong, IntegrityError);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.join("a"))), []);
});

Deno.test({
  name: "FileStore follows no link below its root",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await tempFolder();
    await folder.write("outside/secret", "secret");
    const root = folder.join("root");
    await Deno.mkdir(root);
    await Deno.symlink(folder.join("outside"), folder.join("root", "link"));
    await Deno.symlink(folder.join("outside", "secret"), folder.join("root", "file"));
    await Deno.symlink(folder.join("nowhere"), folder.join("root", "dangling"));
    const store = new FileStore({ root });
    const uris = ["az://link/secret", "file:link/secret", "file:file", "file:dangling"];
    for (const uri of [...uris, `file://${root}/link/secret`]) {
      await assert.rejects(store.open(uri), InvalidInputError, uri);
      await assert.rejects(put(store, uri), InvalidInputError, uri);
    }
    await assert.rejects(put(store, "file:link/new/x"), InvalidInputError);
    assert.equal(await Deno.readTextFile(folder.join("outside", "secret")), "secret");
    await assert.rejects(Deno.stat(folder.join("outside", "new")), Deno.errors.NotFound);
  },
});

Deno.test("FileStore replaces what a killed command has left of an object, and two write it once", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  let left = "";
  let opened = 0;
  // The hidden name of an object is the same each time.
  const source = () => ({
    size: bytes.byteLength,
    open: () =>
      Promise.resolve(streamOf((async function* () {
        opened++;
        for await (const { name } of Deno.readDir(folder.join("a"))) {
          if (name.endsWith(".partial")) left = name;
        }
        yield bytes;
      })())),
  });
  await store.put("file:a/x", source(), { sha256 });
  await Deno.remove(folder.join("a/x"));
  await folder.write(`a/${left}`, "what a killed command has left");
  await Promise.all([1, 2].map(() => store.put("file:a/x", source(), { sha256 })));
  assert.equal(opened, 2);
  assert.deepEqual(await Deno.readFile(folder.join("a/x")), bytes);
  const names = (await Array.fromAsync(Deno.readDir(folder.join("a")))).map(({ name }) => name);
  assert.deepEqual(names.sort(), [".modelops", "x"]);
});

Deno.test("FileStore takes only regular files for objects", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  await folder.write("dir/x", bytes);
  await assert.rejects(store.stat("file:dir"), InvalidInputError);
  await assert.rejects(put(store, "file:dir"), InvalidInputError);
  await assert.rejects(store.stat("file:dir/x/y"), InvalidInputError);
  await assert.rejects(put(store, "file:dir/x/y"), InvalidInputError);
  if (Deno.build.os === "linux") {
    await assert.rejects(new FileStore().stat("file:///dev/zero"), InvalidInputError);
  }
});

/** What leads elsewhere than below the root, in the forms that bundles of others may try. */
function elsewhere(path: string): string[] {
  return [
    `file://${path}`,
    `file:${path}`,
    `FILE://${path}`,
    `file://localhost${path}`,
    `file:///${path}`,
    `file:../outside`,
    "file:.",
    "file:..",
    "file:%2e%2e/outside",
    "file:.%2E/outside",
    "file:a%2f..%2foutside",
    "file:a%5c..",
    "az://data/../../outside",
  ];
}

Deno.test("FileStore uses nothing that is not below its root, and tells nothing of it", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("outside", bytes);
  for (const root of [undefined, folder.join("root")]) {
    const store = new FileStore({ root });
    for (const uri of [...elsewhere(path), ...elsewhere(folder.join("missing"))]) {
      for (const use of [store.stat(uri), store.open(uri), put(store, uri)]) {
        const error = await use.then(() => undefined, (error) => error);
        assert.ok(error instanceof InvalidInputError, uri);
        assert.ok(!Deno.inspect(error).includes(sha256), uri);
        assert.doesNotMatch(error.message, /7 bytes|no such|regular|directory/);
      }
      assert.throws(() => store.locate(uri), InvalidInputError);
    }
  }
  assert.deepEqual(await Deno.readFile(path), bytes);
  await assert.rejects(Deno.stat(folder.join("missing")), Deno.errors.NotFound);
});

Deno.test("FileStore points to the setting where no folder is named", async () => {
  for (const uri of ["file:x", "file:///etc/passwd", "file:///proc/self/environ"]) {
    await assert.rejects(new FileStore().stat(uri), (error) => {
      assert(error instanceof InvalidInputError);
      return error.facts.setting === "objectStore";
    });
  }
});

Deno.test("FileStore takes absolute addresses below its root, also where the root is a link", async () => {
  await using folder = await tempFolder();
  await Deno.mkdir(folder.join("real"));
  await Deno.symlink(folder.join("real"), folder.join("link"));
  for (const name of ["made", "link"]) {
    const root = folder.join(name);
    const store = new FileStore({ root });
    const uri = `file://${root}/a/x`;
    await put(store, uri);
    assert.equal(store.locate("file:a/x"), folder.join(name, "a", "x"));
    assert.deepEqual(await readObject(store, "file:a/x"), bytes);
    assert.deepEqual(await readObject(store, uri), bytes);
  }
});

Deno.test({
  name: "FileStore never follows a link that gets on the way while it works",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    await folder.write("outside/x", "secret!");
    const root = folder.join("root");
    await folder.write("root/a/x", bytes);
    const store = new FileStore({ root });
    let found = 0;
    await whileSwapped(folder, async () => {
      for (const round of rounds(200, () => found > 0)) {
        await readObject(store, "file:a/x").then((read) => {
          assert.deepEqual(read, bytes);
          found++;
        }, (error) => assert.ok(error instanceof ModelOpsError, Deno.inspect(error)));
        await put(store, `file:a/new-${round}`).catch((error) =>
          assert.ok(error instanceof ModelOpsError, Deno.inspect(error))
        );
      }
    });
    assert.ok(found > 0);
    const outside = await Array.fromAsync(Deno.readDir(folder.join("outside")), (it) => it.name);
    assert.deepEqual(outside, ["x"]);
  },
});

Deno.test({
  name: "FileStore follows no link to what it knows about objects",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await tempFolder();
    await Deno.mkdir(folder.join("outside"));
    await Deno.mkdir(folder.join("root"));
    await Deno.symlink(folder.join("outside"), folder.join("root", ".modelops"));
    const store = new FileStore({ root: folder.join("root") });
    await assert.rejects(put(store, "file:x"), InvalidInputError);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.join("outside"))), []);
  },
});

Deno.test("FileStore remembers another tier without writing the object again", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  await store.put("file:x", bytesSource(bytes), { sha256, tier: "hot" });
  const { etag } = await store.stat("file:x");
  await store.put("file:x", bytesSource(bytes), { sha256, tier: "archive" });
  const facts = await store.stat("file:x");
  assert.deepEqual([facts.tier, facts.etag], ["archive", etag]);
});

Deno.test("FileStore refuses names that are its own or that no file can have", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  for (const name of [".modelops", ".modelops/x.json", "a/.MODELOPS/x", "a".repeat(256)]) {
    await assert.rejects(put(store, `file:${name}`), InvalidInputError, name);
  }
  await assert.rejects(store.stat("s3://b/k"), NotFoundError);
});
