import assert from "node:assert/strict";
import { IntegrityError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/source.ts";
import { FileStore } from "../../src/objects/file_store.ts";
import { readObject, sha256Of } from "../conformance/object_store.ts";
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

Deno.test("FileStore takes an absolute path only below its root, and any without a root", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("x", bytes);
  const below = new FileStore({ root: folder.join("root") });
  await put(below, `file://${folder.join("root", "y")}`);
  for (
    const uri of [`file://${path}`, `file://${folder.join("root-2")}`, `file://${folder.path}`]
  ) {
    await assert.rejects(below.stat(uri), InvalidInputError, uri);
  }
  const anywhere = new FileStore();
  assert.deepEqual(await readObject(anywhere, `file://${path}`), bytes);
  await put(anywhere, `file://${folder.join("z")}`);
  await assert.rejects(anywhere.stat("file:x"), (error) => {
    assert(error instanceof InvalidInputError);
    return /OBJECT_STORE/.test(error.facts.remedy ?? "");
  });
});

Deno.test("FileStore refuses names that are its own or that no file can have", async () => {
  await using folder = await tempFolder();
  const store = new FileStore({ root: folder.path });
  for (const name of [".modelops", ".modelops/x.json", "a/.MODELOPS/x", "a".repeat(256)]) {
    await assert.rejects(put(store, `file:${name}`), InvalidInputError, name);
  }
  await assert.rejects(store.stat("s3://b/k"), NotFoundError);
});
