import assert from "node:assert/strict";
import {
  canonicalJson,
  encodeCanonical,
  selfDigest,
} from "../../../src/bundle/documents/canonical.ts";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { resolveBundle } from "../../../src/bundle/resolve/resolver.ts";
import { selectLayers, selectRole } from "../../../src/bundle/documents/roles.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import {
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  RoleMismatchError,
  TransferError,
  UnsupportedError,
} from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/source.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import type { MemoryStore } from "../../../src/oci/memory_store.ts";
import type { ContentStore } from "../../../src/oci/store.ts";
import { json, memoryRegistry, put, putManifest } from "../publish/support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const TITLE = "org.opencontainers.image.title";
const TAR = "application/vnd.oci.image.layer.v1.tar";
const titled = (content: Descriptor, title: string, mediaType = TAR) => ({
  ...content,
  mediaType,
  annotations: { [TITLE]: title },
});

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
  const lying: ContentStore = Object.assign(Object.create(store), {
    name: store.name,
    resolve: (target: string) => store.resolve(target),
    stat: undefined,
    open: (descriptor: Descriptor) =>
      descriptor.digest === manifest.digest
        ? bytesSource(bytesOf("y".repeat(descriptor.size))).open()
        : store.open(descriptor),
  });
  await assert.rejects(
    resolveBundle("x:1", { ...registry, open: () => lying }),
    IntegrityError,
  );
});

Deno.test("readLayerIndex() tells what is wrong with an index, and resolving goes on without it", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const bad = await put(store, bytesOf("not json"));
  const foreign = await put(store, json({ mediaType: "application/vnd.other+json" }));
  const manifest = json({
    roles: { default: ["bad"] },
    layers: ["bad", "foreign", "none", "gone"],
    layer_indexes: { gone: digestBytes(bytesOf("gone")) },
  });
  const gone = { mediaType: TAR, digest: digestBytes(bytesOf("gone")), size: 4 };
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

Deno.test("selectRole() takes the role asked for, then that of the reference, then the default", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const manifest = json({
    roles: { ...roles, broken: ["code", "zzz", "aaa"] },
    layers: ["code", "data"],
  });
  await putManifest(store, "1", {
    layers: [titled(await put(store, manifest), "bundle.manifest.json")],
  });
  const bundle = await resolveBundle("x:1", { ...registry, log: () => {} });
  assert.deepEqual(selectRole(bundle), { role: "default", layers: ["code"] });
  assert.equal(selectRole(bundle, "").role, "default");
  assert.deepEqual(selectRole(bundle, "training"), { role: "training", layers: ["code", "data"] });
  const asked = { ...bundle, ref: { ...bundle.ref, role: "training" } };
  assert.equal(selectRole(asked).role, "training");
  assert.equal(selectRole(asked, "default").role, "default");
  const failure = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof RoleMismatchError);
      return error;
    }
    throw new Error("nothing was thrown");
  };
  const unknown = failure(() => selectRole(bundle, "trainin"));
  assert.match(unknown.message, /its roles are "broken", "default", "training"/);
  assert.deepEqual(unknown.facts.suggestions, ["training"]);
  assert.match(
    failure(() => selectRole(bundle, "broken")).message,
    /no layer "aaa", "zzz"; its layers are "code", "data"/,
  );
  failure(() => selectRole(bundle, "toString"));
  failure(() => selectRole({ ...bundle, roles: {} }));
  failure(() => selectRole({ ...bundle, roles: { runtime: ["code"] } }));
  failure(() => selectLayers(bundle, { layers: ["nope"] }));
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
  assert.equal(
    canonicalJson(found.map(({ path, layer }) => [path, layer])),
    '[["data/f","data"],["code/f","code"]]',
  );
  const reason = new Error("stop");
  await assert.rejects(
    Array.fromAsync(readEntries(bundle, ["code"], { signal: AbortSignal.abort(reason) })),
    (error) => error === reason,
  );
});
