import assert from "node:assert/strict";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import { InvalidInputError, TransferError, UnsupportedError } from "../../../src/core/errors.ts";
import { createBundles } from "../../../src/bundle/operations.ts";
import { tempFolder } from "../../support/temp.ts";
import { json, memoryRegistry, put, putManifest, titled } from "../publish/support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const EXTERNAL = { uri: "az://c/big", sha256: "0".repeat(64), size: 1000, tier: "cool" };
const roles = { default: ["code"], training: ["code", "data"] };

Deno.test("entriesOf() tells what is wrong with an index, and resolving goes on without it", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const bad = await put(store, bytesOf("not json"));
  const foreign = await put(store, json({ mediaType: "application/vnd.other+json" }));
  const manifest = json({
    roles: { default: ["bad"] },
    layers: ["bad", "foreign", "none", "gone"],
    layer_indexes: { gone: digestBytes(bytesOf("gone")) },
  });
  const gone = {
    mediaType: "application/octet-stream",
    digest: digestBytes(bytesOf("gone")),
    size: 4,
  };
  await putManifest(store, "1", {
    layers: [
      titled(await put(store, manifest), "bundle.manifest.json"),
      titled(bad, "layer.bad.json"),
      titled(foreign, "layer.foreign.json"),
      gone,
    ],
  });
  const warnings: string[] = [];
  const bundle = await resolveBundle("x:1", {
    ...registry,
    log: (_, message) => warnings.push(message),
  });
  assert.equal(bundle.totalSize, 0);
  assert.equal(warnings.length, 4);
  await assert.rejects(bundle.entriesOf("bad"), InvalidInputError);
  await assert.rejects(bundle.entriesOf("foreign"), UnsupportedError);
  await assert.rejects(bundle.entriesOf("none"), InvalidInputError);
  await assert.rejects(bundle.entriesOf("gone"), TransferError);
  await assert.rejects(bundle.entriesOf("toString"), InvalidInputError);
});

Deno.test("readEntries() gives the files of the layers that are asked for, in that order", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const index = (layer: string) =>
    json({ layer, entries: [{ path: `${layer}/f`, external: EXTERNAL }] });
  const layers = [
    titled(
      await put(store, json({ roles, layers: ["code", "data"] })),
      "bundle.manifest.json",
    ),
    titled(await put(store, index("code")), "layer.code.json"),
    titled(await put(store, index("data")), "layer.data.json"),
  ];
  await putManifest(store, "1", { layers });
  const bundle = await resolveBundle("x:1", registry);
  const found = await Array.fromAsync(readEntries(bundle, ["data", "code"]));
  assert.deepEqual(
    found.map(({ path, layer }) => [path, layer]),
    [["data/f", "data"], ["code/f", "code"]],
  );
  const reason = new Error("stop");
  await assert.rejects(
    Array.fromAsync(readEntries(bundle, ["code"], { signal: AbortSignal.abort(reason) })),
    (error) => error === reason,
  );
});

Deno.test("a file whose blob is gone is a failed transfer, however its index says where it is", async () => {
  await using folder = await tempFolder();
  const digest = digestBytes(bytesOf("gone"));
  const forms = {
    "oras with its size": { oras: { digest, size: 4 } },
    "oras without a size": { oras: { digest } },
    "oras whose size is null": { oras: { digest, size: null }, external: null },
    "flat with its size": { digest, size: 4 },
    "flat without a size": { digest },
    "flat beside nulls": { digest, size: null, oras: null, external: null },
  };
  for (const [form, where] of Object.entries(forms)) {
    for (const cache of [undefined, memoryRegistry().catalog.repository("cache")]) {
      const registry = memoryRegistry();
      const store = registry.catalog.repository("registry.test/team/x");
      const index = json({ layer: "code", entries: [{ path: "f", ...where }] });
      const main = json({ roles: { default: ["code"] }, layers: ["code"] });
      await putManifest(store, "1", {
        layers: [
          titled(await put(store, main), "bundle.manifest.json"),
          titled(await put(store, index), "layer.code.json"),
        ],
      });
      const bundles = createBundles({ ...registry, cache });
      const dest = folder.join("ws");
      const error = await bundles.materialize("x:1", { dest }).catch((error) => error);
      assert.ok(error instanceof TransferError, `${form}: ${error}`);
      assert.match(error.message, /missing/);
      assert.equal((await bundles.resolve("x:1")).totalSize >= 0, true);
      const { files } = await bundles.verify("x:1");
      assert.deepEqual(files.map(({ path, state }) => [path, state]), [["f", "missing"]], form);
    }
  }
});
