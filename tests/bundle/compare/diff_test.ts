import assert from "node:assert/strict";
import { diffListings, type FileListing } from "../../../src/bundle/compare/diff.ts";
import { exportArchive } from "../../../src/bundle/archive/export.ts";
import { listArchive, listBundle, listDirectory } from "../../../src/bundle/compare/listing.ts";
import { localBundleOpener } from "../../../src/bundle/resolve/local.ts";
import { encodePointer } from "../../../src/bundle/documents/pointer.ts";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { resolveBundle } from "../../../src/bundle/resolve/resolver.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { readContent } from "../../../src/oci/store.ts";
import { tempFolder } from "../../support/temp.ts";
import { goldenFolder, MemoryObjects, memoryRegistry } from "../publish/support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const shaOf = (text: string) => digestHex(digestBytes(bytesOf(text)));

function publishing() {
  const memory = new MemoryObjects();
  return { ...memoryRegistry(), memory, objects: () => memory };
}

function listing(label: string, files: Record<string, [string, number?]>): FileListing {
  const listed = Object.entries(files).map(([path, [text, mode]]) =>
    [path, { path, size: text.length, sha256: shaOf(text), mode }] as const
  );
  return { label, files: new Map(listed) };
}

function isSame(from: FileListing, to: FileListing): boolean {
  const { added, modified, removed } = diffListings(from, to);
  return added.length + modified.length + removed.length === 0;
}

Deno.test("diffListings() sorts files into added, modified, removed and unchanged", () => {
  const from = listing("one", {
    gone: ["g"],
    same: ["s"],
    changed: ["old"],
    executable: ["e", 0o644],
    known: ["k", 0o755],
    touched: ["t", 0o644],
  });
  const to = listing("two", {
    "😀": ["n"],
    "～": ["n"],
    same: ["s"],
    changed: ["newer"],
    executable: ["e", 0o755],
    known: ["k"],
    touched: ["t", 0o600],
  });
  const diff = diffListings(from, to);
  const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path);
  assert.deepEqual([diff.from, diff.to], ["one", "two"]);
  assert.deepEqual(paths(diff.added), ["～", "😀"]);
  assert.deepEqual(paths(diff.modified), ["changed", "executable"]);
  assert.deepEqual(paths(diff.removed), ["gone"]);
  assert.deepEqual(paths(diff.unchanged), ["known", "same", "touched"]);
  assert.ok(isSame(to, to));
});

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

Deno.test("listBundle() lists only the layers that are asked for", async () => {
  await using folder = await goldenFolder();
  const registry = publishing();
  await publishBundle(folder.path, registry);
  const bundle = await resolveBundle("golden:1.0.0", registry);
  const { label, files } = await listBundle(bundle, { layers: ["code"] });
  assert.equal(label, "golden:1.0.0");
  assert.deepEqual([...files.keys()], ["src/a.py"]);
});

Deno.test("resolveBundle() takes a working directory as the bundle that publishing makes of it", async () => {
  await using folder = await goldenFolder();
  const registry = { ...publishing(), openLocal: localBundleOpener() };
  const local = await resolveBundle(folder.path, registry);
  assert.equal(local.repository, undefined);
  assert.equal(registry.memory.puts.length, 0);
  const { digest } = await publishBundle(folder.path, registry);
  assert.equal(local.manifestDigest, digest);
  const [file] = await Array.fromAsync(readEntries(local, ["code"]));
  assert.ok(file?.kind === "registry");
  assert.deepEqual(await readContent(local.store, file.blob), bytesOf("print(1)\n"));
  await using empty = await tempFolder();
  await assert.rejects(resolveBundle(empty.path, registry), InvalidInputError);
  await assert.rejects(resolveBundle(empty.join("none"), registry), NotFoundError);
  await assert.rejects(resolveBundle(folder.path, memoryRegistry()), InvalidInputError);
});

Deno.test("resolveBundle() takes an export archive as a bundle of one layer", async () => {
  await using folder = await tempFolder();
  await folder.write("w/src/run.sh", "#!/bin/sh\n");
  await Deno.chmod(folder.join("w/src/run.sh"), 0o755);
  await folder.write(
    "w/.mops/ptr/big.json",
    encodePointer({
      path: "big",
      layer: "data",
      uri: "az://c/big",
      sha256: shaOf("big"),
      size: 3,
      tier: "cool",
      fulfilled: false,
    }),
  );
  const dest = folder.join("My Bundle.tar");
  await exportArchive(folder.join("w"), { dest });
  const registry = { ...memoryRegistry(), openLocal: localBundleOpener() };
  const bundle = await resolveBundle(dest, registry);
  assert.equal(bundle.name, "my-bundle");
  assert.deepEqual(bundle.roles, { default: ["workspace"] });
  const [pointed, file] = await Array.fromAsync(readEntries(bundle, ["workspace"]));
  assert.ok(pointed?.kind === "external" && file?.kind === "registry");
  assert.equal(pointed.uri, "az://c/big");
  assert.equal(file.path, "src/run.sh");
  assert.equal(file.mode, 0o755);
  assert.deepEqual(await readContent(bundle.store, file.blob), bytesOf("#!/bin/sh\n"));
});
