import assert from "node:assert/strict";
import { wrapped } from "../../../src/oci/wrapped.ts";
import { encodeCanonical } from "../../../src/bundle/documents/canonical.ts";
import { selfDigest } from "../documents/earlier_writer.ts";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import {
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  UnsupportedError,
} from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import type { MemoryStore } from "../../../src/oci/memory_store.ts";
import type { ContentStore } from "../../../src/oci/store.ts";
import { json, memoryRegistry, put, putManifest, titled } from "../publish/support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const EXTERNAL = { uri: "az://c/big", sha256: "0".repeat(64), size: 1000, tier: "cool" };
const roles = { default: ["code"], training: ["code", "data"] };

async function paths(bundle: Awaited<ReturnType<typeof resolveBundle>>): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of readEntries(bundle, bundle.layers)) found.push(path);
  return found;
}

Deno.test("resolveBundle() reads what the previous writer pushed and its own reader could not", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/bundles/old");
  const file = await put(store, bytesOf("print(1)\n"));
  const trap = await put(store, bytesOf("{}"));
  const code = {
    mediaType: "application/json",
    layer: "code",
    entries: [{
      path: "src/model.py",
      layer: "code",
      oras: { digest: file.digest, size: 9 },
      external: null,
    }],
  };
  const data = {
    mediaType: "application/json",
    layer: "data",
    entries: [{ path: "data/big", layer: "data", oras: null, external: EXTERNAL }],
  };
  const manifest = {
    mediaType: "application/json",
    name: "old",
    version: "1",
    description: null,
    roles,
    layers: { code: selfDigest(code), data: selfDigest(data) },
    external_index_present: true,
  };
  const uploaded = [];
  for (
    const [title, document] of [
      ["bundle.manifest.json", manifest],
      ["layer.code.json", code],
      ["layer.data.json", data],
    ] as const
  ) {
    const bytes = encodeCanonical({ ...document, digest: selfDigest(document) });
    uploaded.push(titled(await put(store, bytes), title));
  }
  const root = await putManifest(store, "1", {
    config: await put(store, bytesOf("{}"), "application/vnd.unknown.config.v1+json"),
    layers: [...uploaded, titled(file, "model.py"), titled(trap, "layer.code.json")],
    annotations: { "org.opencontainers.artifact.type": "modelops/bundle" },
  });
  const bundle = await resolveBundle("old:1", registry);
  assert.equal(bundle.manifestDigest, root.digest);
  assert.equal(bundle.repository, "registry.test/team/bundles/old");
  assert.deepEqual(bundle.roles, roles);
  assert.deepEqual(bundle.layers, ["code", "data"]);
  assert.equal(bundle.externalIndexPresent, true);
  assert.equal(bundle.totalSize, 1009);
  assert.deepEqual(await paths(bundle), ["src/model.py", "data/big"]);
});

/** The form that earlier readers took: layer names, and true digests of the indexes. */
async function readableForm(
  store: MemoryStore,
  options: { manifestType?: string; indexType?: string; title?: string; listed?: boolean } = {},
) {
  const { manifestType = "application/json", indexType = "application/json" } = options;
  const file = await put(store, bytesOf("x = 1\n"));
  const index = await put(
    store,
    json({
      mediaType: indexType,
      entries: [{ path: "a.py", digest: file.digest }, { path: "big", external: EXTERNAL }],
    }),
  );
  const manifest = await put(
    store,
    json({
      mediaType: manifestType,
      roles: { default: ["code"] },
      layers: ["code"],
      layer_indexes: { code: index.digest },
    }),
  );
  const marked = options.title === undefined
    ? { ...manifest, mediaType: manifestType }
    : titled(manifest, options.title);
  return { manifest: marked, index, file, listed: options.listed ?? true };
}

Deno.test("resolveBundle() reads earlier generations that give digests of the indexes", async () => {
  const gen1 = {
    manifestType: "application/vnd.modelops.bundle.manifest+json",
    indexType: "application/vnd.modelops.layer+json",
  };
  for (const form of [gen1, {}, { title: "bundle.manifest.json" }]) {
    for (const listed of [true, false]) {
      const registry = memoryRegistry();
      const store = registry.catalog.repository("registry.test/team/bundles/x");
      const { manifest, index, file } = await readableForm(store, form);
      await putManifest(store, "1", {
        config: await put(store, bytesOf("{}"), "application/vnd.oci.empty.v1+json"),
        layers: listed ? [manifest, index, file] : [manifest],
      });
      const bundle = await resolveBundle("x:1", registry);
      assert.equal(bundle.externalIndexPresent, true);
      const [first] = await bundle.entriesOf("code");
      assert.ok(first?.kind === "registry");
      assert.equal(first.blob.size, 6, "the size comes from the manifest or the store");
      assert.deepEqual(await paths(bundle), ["a.py", "big"]);
    }
  }
});

Deno.test("resolveBundle() finds the manifest by its title though another JSON file comes first", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const { manifest, index } = await readableForm(store, { title: "bundle.manifest.json" });
  const other = await put(store, bytesOf("[]"), "application/json");
  await putManifest(store, "1", { layers: [other, index, manifest] });
  assert.deepEqual((await resolveBundle("x:1", registry)).layers, ["code"]);
});

Deno.test("resolveBundle() finds a manifest that is the configuration", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const { manifest } = await readableForm(store, {
    manifestType: "application/vnd.modelops.bundle.manifest+json",
  });
  await putManifest(store, "1", { config: manifest, layers: [] });
  assert.deepEqual((await resolveBundle("x:1", registry)).layers, ["code"]);
});

Deno.test("resolveBundle() reads the first generation, where everything is a manifest", async () => {
  const registry = memoryRegistry();
  const below = registry.catalog.repository("registry.test/team/x");
  const file = await put(below, bytesOf("x"));
  const indexType = "application/vnd.modelops.layer+json";
  const index = await put(
    below,
    json({ mediaType: indexType, layer: "code", entries: [{ path: "a", digest: file.digest }] }),
    indexType,
  );
  const rootType = "application/vnd.modelops.bundle.manifest+json";
  const root = await put(
    below,
    json({
      mediaType: rootType,
      roles: { default: ["code"] },
      layers: { code: index.digest },
      external_index_present: false,
    }),
    rootType,
  );
  // A store that knows these types as manifests.
  const known = new Map([["1", root], [root.digest, root], [index.digest, index]]);
  const store: ContentStore = {
    name: below.name,
    has: (descriptor) => below.has(descriptor),
    open: (descriptor, options) => below.open(descriptor, options),
    write: () => Promise.reject(new Error("nothing is written")),
    resolve: (target) => {
      const found = known.get(target);
      return found ? Promise.resolve(found) : Promise.reject(new NotFoundError("nothing"));
    },
    tag: () => Promise.reject(new Error("nothing is tagged")),
    tags: () => below.tags(),
  };
  const bundle = await resolveBundle("x:1", { ...registry, open: () => store });
  assert.equal(bundle.manifestDigest, root.digest);
  assert.equal(bundle.mediaType, rootType);
  assert.deepEqual(await paths(bundle), ["a"]);
});

Deno.test("resolveBundle() says that other artifacts and indexes are no bundles", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const layer = await put(store, bytesOf("x"));
  await putManifest(store, "model", {
    artifactType: "application/vnd.model+json",
    layers: [layer],
  });
  await assert.rejects(resolveBundle("x:model", registry), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /application\/vnd\.model\+json/);
    return true;
  });
  const indexType = "application/vnd.oci.image.index.v1+json";
  const index = json({ schemaVersion: 2, mediaType: indexType, manifests: [] });
  await store.tag(await put(store, index, indexType), "index");
  await assert.rejects(resolveBundle("x:index", registry), UnsupportedError);
});

Deno.test("resolveBundle() refuses bundle manifests that are malformed or of a foreign type", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const bodies: [string, unknown, new (...args: never[]) => Error][] = [
    ["json", "{", InvalidInputError],
    ["type", { mediaType: "application/vnd.other+json" }, UnsupportedError],
    ["role", { roles: { Bad: ["a"] }, layers: ["a"] }, InvalidInputError],
  ];
  for (const [tag, body, expected] of bodies) {
    const bytes = typeof body === "string" ? bytesOf(body) : json(body);
    await putManifest(store, tag, {
      layers: [titled(await put(store, bytes), "bundle.manifest.json")],
    });
    await assert.rejects(resolveBundle(`x:${tag}`, registry), expected);
  }
});

Deno.test("resolveBundle() tells a wrong bundle manifest from its digest", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const { manifest, index } = await readableForm(store, { title: "bundle.manifest.json" });
  await putManifest(store, "1", { layers: [manifest, index] });
  const lying = wrapped(store, {
    capabilities: {},
    open: (descriptor) =>
      descriptor.digest === manifest.digest
        ? bytesSource(bytesOf("y".repeat(descriptor.size))).open()
        : store.open(descriptor),
  });
  await assert.rejects(
    resolveBundle("x:1", { ...registry, open: () => lying }),
    IntegrityError,
  );
});
