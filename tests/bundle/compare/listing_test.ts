import assert from "node:assert/strict";
import { diffListings, type FileListing } from "../../../src/bundle/compare/diff.ts";
import { exportArchive } from "../../../src/bundle/archive/export.ts";
import { listArchive, listBundle, listDirectory } from "../../../src/bundle/compare/listing.ts";
import { encodePointer } from "../../../src/bundle/documents/pointer.ts";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { tempFolder } from "../../support/temp.ts";
import { goldenFolder, MemoryObjects, memoryRegistry } from "../publish/support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const shaOf = (text: string) => digestHex(digestBytes(bytesOf(text)));

function publishing() {
  const memory = new MemoryObjects();
  return { ...memoryRegistry(), memory, objects: () => memory };
}

function isSame(from: FileListing, to: FileListing): boolean {
  const { added, modified, removed } = diffListings(from, to);
  return added.length + modified.length + removed.length === 0;
}

Deno.test("a directory, its published bundle and a workspace's archive are listed alike", async () => {
  await using folder = await goldenFolder();
  const registry = publishing();
  await publishBundle(folder.path, registry);
  const bundle = await listBundle(await resolveBundle("golden:1.0.0", registry));
  const directory = await listDirectory(folder.path);
  assert.ok(isSame(directory, bundle));
  await using workspace = await tempFolder();
  await workspace.write("src/a.py", "print(1)\n");
  await workspace.write("data/nine.bin", "012345678");
  const pointer = encodePointer({
    path: "data/ten.bin",
    layer: "data",
    uri: "az://cont1/b/data/ten.bin",
    sha256: shaOf("0123456789"),
    size: 10,
    fulfilled: false,
  });
  await workspace.write(".mops/ptr/data/ten.bin.json", pointer);
  await workspace.write(".mops/.lock", "");
  const listed = await listDirectory(workspace.path);
  assert.ok(isSame(bundle, listed));
  await using out = await tempFolder();
  const archive = out.join("w.tar.zst");
  await exportArchive(workspace.path, { dest: archive, zstdLevel: 1 });
  const packed = await listArchive(archive);
  assert.ok(isSame(bundle, packed));
  await folder.write("src/b.py", "");
  const after = diffListings(bundle, await listDirectory(folder.path));
  assert.deepEqual(after.added.map(({ path }) => path), ["src/b.py"]);
});

Deno.test("a link, a pipe or a folder in place of an external file is told, whatever its pointer says", async () => {
  const file = { layer: "data", uri: "az://c/x", sha256: shaOf("x"), size: 1, fulfilled: true };
  const paths = ["absent.bin", "folder.bin", "link.bin", "pipe.bin"];
  await using workspace = await tempFolder();
  for (const path of paths) {
    await workspace.write(`.mops/ptr/${path}.json`, encodePointer({ ...file, path }));
  }
  const before = await listDirectory(workspace.path);
  await workspace.write("folder.bin/x", "");
  await Deno.symlink("nowhere", workspace.join("link.bin"));
  await new Deno.Command("mkfifo", { args: [workspace.join("pipe.bin")] }).output();
  const told: string[] = [];
  const log = (_level: string, message: string) => void told.push(message);
  const after = await listDirectory(workspace.path, { log });
  const { removed, unchanged, unread } = diffListings(before, after);
  assert.deepEqual(told, [
    '"link.bin" is not compared: it is a symbolic link',
    '"pipe.bin" is not compared: it is a special file',
  ]);
  assert.deepEqual(unread, ["link.bin", "pipe.bin"]);
  assert.deepEqual(removed.map(({ path }) => path), ["folder.bin", "link.bin", "pipe.bin"]);
  assert.deepEqual(unchanged.map(({ path }) => path), ["absent.bin"]);
});

Deno.test("listBundle() lists the files of all layers", async () => {
  await using folder = await goldenFolder();
  const registry = publishing();
  await publishBundle(folder.path, registry);
  const bundle = await resolveBundle("golden:1.0.0", registry);
  const { label, files } = await listBundle(bundle);
  assert.equal(label, "golden:1.0.0");
  assert.deepEqual([...files.keys()], ["src/a.py", "data/nine.bin", "data/ten.bin"]);
});
