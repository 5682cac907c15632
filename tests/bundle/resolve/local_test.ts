import assert from "node:assert/strict";
import { exportArchive } from "../../../src/bundle/archive/export.ts";
import { encodePointer } from "../../../src/bundle/documents/pointer.ts";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
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

Deno.test("resolveBundle() takes a working directory as the bundle that publishing makes of it", async () => {
  await using folder = await goldenFolder();
  const registry = publishing();
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
  const registry = memoryRegistry();
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
