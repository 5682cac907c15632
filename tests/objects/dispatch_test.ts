import assert from "node:assert/strict";
import { InvalidInputError, NotFoundError, UnsupportedError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { objectFolder, openObjectStore } from "../../src/objects/dispatch.ts";
import { readObject, sha256Of } from "../conformance/object_store.ts";
import { tempFolder } from "../support/temp.ts";

const bytes = new TextEncoder().encode("content");
const sha256 = sha256Of(bytes);

Deno.test("openObjectStore() asks for credentials only when an object of Azure is touched", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("x", bytes);
  const azure = { account: "acct", connectionString: "malformed" };
  const files = openObjectStore({ azure, fileRoot: folder.path });
  assert.equal((await files.stat(`file://${path}`)).size, 7);
  const store = openObjectStore({ azure: { account: "acct" } });
  for (const scheme of ["az", "azure"]) {
    await assert.rejects(store.stat(`${scheme}://c/k`), (error) => {
      assert(error instanceof InvalidInputError);
      return error.facts.setting === "azureCredential";
    });
  }
});

Deno.test("what is no folder for objects is refused as one, whatever else it may be", () => {
  const wrong = [
    "",
    "file:",
    "file:.",
    "file://host/x",
    "file:x",
    "file:///a/../b",
    "file:///%2e%2e",
  ];
  for (const root of [...wrong, "az://c/k", "http://x/y", "s3://b/k?sig=s3cr3t"]) {
    assert.throws(() => objectFolder(root), (error: Error) => {
      assert(error instanceof InvalidInputError, root);
      assert.match(error.message, /^Cannot use ".*" as the folder for objects: want file:\/\/\//);
      assert.equal(error.facts.setting, "objectStore");
      return !error.message.includes("s3cr3t");
    });
  }
});

Deno.test("openObjectStore() keeps az:// in the folder while nothing enters Azure", async () => {
  await using folder = await tempFolder();
  for (
    const fileRoot of [folder.join("a"), `file://${folder.join("b")}`, `file://${folder.path}/`]
  ) {
    const store = openObjectStore({ azure: { account: "acct" }, fileRoot });
    await store.put("az://cont/dir/k", bytesSource(bytes), { sha256 });
    assert.deepEqual(await readObject(store, "azure://cont/dir/k"), bytes);
    assert.deepEqual(await readObject(store, "file:cont/dir/k"), bytes);
  }
  assert.deepEqual(await Deno.readFile(folder.join("a", "cont", "dir", "k")), bytes);
  assert.deepEqual(await Deno.readFile(folder.join("b", "cont", "dir", "k")), bytes);
  assert.deepEqual(await Deno.readFile(folder.join("cont", "dir", "k")), bytes);
});

Deno.test("openObjectStore() sends az:// to Azure when both are there, and file: to the folder", async () => {
  await using folder = await tempFolder();
  const asked: string[] = [];
  const store = openObjectStore(
    { azure: { account: "acct", key: "a2V5" }, fileRoot: folder.path },
    {
      transport: (request) => {
        asked.push(request.url);
        return Promise.resolve(new Response(null, { status: 404 }));
      },
    },
  );
  await assert.rejects(store.stat("az://cont/k"), NotFoundError);
  await assert.rejects(store.stat("file:cont/k"), NotFoundError);
  assert.deepEqual(asked, ["https://acct.blob.core.windows.net/cont/k"]);
});

Deno.test("openObjectStore() has no store for other schemes, and says which there are", async () => {
  const store = openObjectStore({});
  for (const uri of ["s3://b/k", "gs://b/k"]) {
    await assert.rejects(store.stat(uri), (error) => {
      assert(error instanceof UnsupportedError);
      return /az, azure and file/.test(error.message);
    });
  }
  await assert.rejects(store.stat("ftp://b/k"), UnsupportedError);
  await assert.rejects(store.open("az://c/../k"), InvalidInputError);
});

Deno.test("openObjectStore() refuses settings that make no sense", async () => {
  for (const timeoutSeconds of [0, -1, NaN, Infinity]) {
    assert.throws(() => openObjectStore({ timeoutSeconds }), InvalidInputError);
  }
  for (const retries of [-1, 1.5, NaN]) {
    assert.throws(() => openObjectStore({ retries }), InvalidInputError);
  }
  for (const fileRoot of ["az://c/k", "file:relative", "http://x/y", "file://host/x"]) {
    await assert.rejects(
      openObjectStore({ fileRoot }).stat("file:x"),
      (error) => error instanceof InvalidInputError || error instanceof UnsupportedError,
    );
  }
});
