/**
 * A process may be killed at any moment: no blob has a folder before its bytes are there.
 * @module
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { digestBytes } from "../../src/core/digest.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { receivingPlace } from "../../src/oci/disk/room.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { DiskLayout } from "../../src/oci/disk_layout.ts";
import { anonymousBlob, type ContentStore, readContent } from "../../src/oci/store.ts";
import { capability } from "../../src/oci/capabilities.ts";
import { localFile } from "../../src/work/local_file.ts";
import { tempFolder } from "../support/temp.ts";

/** The blobs that have folders, and whether each has its bytes. */
async function blobFolders(storageDir: string): Promise<boolean[]> {
  const blobs = `${storageDir}/content.v1/docker/registry/v2/blobs/sha256`;
  const found: boolean[] = [];
  for (const prefix of await Array.fromAsync(Deno.readDir(blobs)).catch(() => [])) {
    for await (const { name } of Deno.readDir(`${blobs}/${prefix.name}`)) {
      const data = await Deno.stat(`${blobs}/${prefix.name}/${name}/data`).catch(() => undefined);
      found.push(data !== undefined);
    }
  }
  return found;
}

/** A source whose last byte comes after a look at the store. */
function watched(bytes: Uint8Array, look: () => Promise<void>): BlobSource {
  return {
    size: bytes.byteLength,
    open: () =>
      Promise.resolve(streamOf((async function* () {
        yield bytes.subarray(0, -1);
        await look();
        yield bytes.subarray(-1);
      })())),
  };
}

const MIB = 1024 * 1024;

for (
  const [what, size, way] of [
    ["a small blob", 1000, "write"],
    ["a blob that is streamed", 3 * MIB, "write"],
    ["a large blob", 6 * MIB, "file"],
    ["an upload", 2 * MIB, "ingest"],
  ] as const
) {
  Deno.test(`${what} has no folder before it has its bytes`, async () => {
    await using folder = await tempFolder();
    const bytes = Uint8Array.from({ length: size }, (_, index) => index * 7);
    const blob = anonymousBlob(digestBytes(bytes), size);
    const storage = folder.join("store");
    const store: ContentStore = diskCatalog(storage).repository("a/b");
    const seen: boolean[] = [];
    const look = async () => void seen.push(...await blobFolders(storage));
    let looked = 0;
    const source = watched(bytes, async () => {
      looked++;
      await look();
    });
    if (way === "write") await store.write(blob, source);
    else if (way === "ingest") {
      await using ingest = await capability(store, "ingest")!();
      await ingest.append(await source.open());
      await ingest.commit(blob.digest);
    } else {
      const file = await localFile(await folder.write("file", bytes));
      const toFile: typeof file.toFile = async (path, options) => {
        looked++;
        await look();
        const digest = await file.toFile(path, options);
        await look();
        return digest;
      };
      await store.write(blob, Object.assign(await localFile(file.path), { toFile }));
    }
    assert.ok(looked > 0);
    assert.deepEqual(seen, []);
    assert.deepEqual(await blobFolders(storage), [true]);
    const uploads = `${storage}/content.v1/docker/registry/v2/repositories/a/b/_uploads`;
    assert.deepEqual(await Array.fromAsync(Deno.readDir(uploads)), []);
  });
}

Deno.test("a folder without bytes, as earlier versions left it, is filled", async () => {
  await using folder = await tempFolder();
  const bytes = new Uint8Array(1000);
  const blob = anonymousBlob(digestBytes(bytes), bytes.byteLength);
  const store = diskCatalog(folder.path).repository("a/b");
  const path = store.filePath(blob);
  await Deno.mkdir(path.slice(0, -"/data".length), { recursive: true });
  await store.write(blob, bytesSource(bytes));
  assert.deepEqual(await Deno.readFile(path), bytes);
});

Deno.test("one blob that is written many times at once is there once", async () => {
  await using folder = await tempFolder();
  const bytes = new Uint8Array(1000);
  const blob = anonymousBlob(digestBytes(bytes), bytes.byteLength);
  const stores = Array.from(
    { length: 8 },
    (_, index) => diskCatalog(folder.path).repository(`a/b${index}`),
  );
  await Promise.all(stores.map((store) => store.write(blob, bytesSource(bytes))));
  assert.deepEqual(await blobFolders(folder.path), [true]);
});

Deno.test("a blob is received where a killed command left the folder that it was to have", async () => {
  await using temp = await tempFolder();
  const bytes = Uint8Array.from({ length: 6 * MIB }, (_, index) => index * 11);
  const blob = anonymousBlob(digestBytes(bytes), bytes.byteLength);
  const layout = new DiskLayout(temp.join("content.v1"));
  const { base } = receivingPlace(layout, "a/b", blob.digest);
  await Deno.mkdir(`${base}.partial.blob`, { recursive: true });
  await Deno.writeTextFile(`${base}.partial.blob/data`, "left");
  const store = diskCatalog(temp.path).repository("a/b");
  await store.write(blob, await localFile(await temp.write("file", bytes)));
  assert.deepEqual(await readContent(store, blob, { limit: blob.size }), bytes);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(dirname(dirname(base)))), []);
});
