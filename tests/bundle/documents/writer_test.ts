import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalJson,
  encodeCanonical,
  selfDigest,
} from "../../../src/bundle/documents/canonical.ts";
import { readBundleManifest } from "../../../src/bundle/documents/manifest.ts";
import { readLayerIndexDocument } from "../../../src/bundle/documents/layer_index.ts";
import { writeBundleDocuments } from "../../../src/bundle/documents/writer.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { InvalidInputError, UnsupportedError } from "../../../src/core/errors.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const digestOf = (text: string) => digestBytes(bytesOf(text));
const json = (value: unknown) => bytesOf(JSON.stringify(value));
const DIGEST = digestOf("x");

const CODE = {
  mediaType: "application/json",
  layer: "code",
  entries: [{ path: "src/a.py", layer: "code", oras: { digest: digestOf("print(1)\n"), size: 9 } }],
};
const DATA = {
  mediaType: "application/json",
  layer: "data",
  entries: [
    {
      path: "data/ten.bin",
      layer: "data",
      external: {
        uri: "az://cont1/b/data/ten.bin",
        sha256: digestHex(digestOf("0123456789")),
        size: 10,
        tier: "cool",
      },
      oras: null,
    },
    { path: "data/nine.bin", layer: "data", oras: { digest: digestOf("012345678"), size: 9 } },
  ],
};
const MANIFEST = {
  mediaType: "application/json",
  name: "golden",
  version: "1.0.0",
  description: null,
  roles: { training: ["code", "data"], default: ["code"] },
  layers: { code: selfDigest(CODE), data: selfDigest(DATA) },
  external_index_present: true,
};

Deno.test("canonicalJson() gives the golden text of the code index", () => {
  const text = canonicalJson(CODE);
  assert.equal(
    text,
    '{"entries":[{"layer":"code","oras":{"digest":"sha256:' +
      'cc42155088fca5730758db72b2a5bca33112a941dfaa2d43098ec422ce4ea213","size":9},' +
      '"path":"src/a.py"}],"layer":"code","mediaType":"application/json"}',
  );
  assert.equal(text.length, 195);
});

Deno.test("selfDigest() gives the golden digests, whatever the order, nulls and digests in a document", () => {
  const code = "sha256:f7270ee7c0b122426753f39ba506c8c4c76cc784ce0d12c2a01247a228ef4b05";
  assert.equal(selfDigest(CODE), code);
  assert.equal(selfDigest({ ...CODE, digest: code }), code);
  assert.equal(
    selfDigest(DATA),
    "sha256:6fa1bae82af45c44dce46e646d74a1345f505c60da5eea27b24d0a755bb107fb",
  );
  assert.equal(
    selfDigest(MANIFEST),
    "sha256:b77775f25ce57094e04645cbda1277844dd7f14b3b8c3918b7f4dc704ac9185c",
  );
});

Deno.test("canonicalJson() gives the golden bytes of documents as earlier writers uploaded them", () => {
  const entries = CODE.entries.map((entry) => ({ ...entry, external: null }));
  const uploaded = encodeCanonical({ ...CODE, entries, digest: selfDigest(CODE) });
  assert.equal(uploaded.length, 294);
  assert.equal(
    digestBytes(uploaded),
    "sha256:70de008f24c90b9a48c2e1fa2b4acd945d8cd6b988318c87ff7a309dba0b4037",
  );
  assert.equal(
    digestBytes(encodeCanonical({ ...MANIFEST, digest: selfDigest(MANIFEST) })),
    "sha256:dd4d1218f8a352eb3b0cd835ce4a9713f853768346f6b87a10acad1a53653ae3",
  );
});

Deno.test("canonicalJson() escapes what is not ASCII and sorts keys by code point", () => {
  assert.equal(canonicalJson("é😀\u007f\n\ud800"), '"\\u00e9\\ud83d\\ude00\\u007f\\n\\ud800"');
  assert.equal(
    canonicalJson({ "😀": 1, "～": 2, 9: 3, 10: 4, a: undefined }),
    '{"10":4,"9":3,"\\uff5e":2,"\\ud83d\\ude00":1}',
  );
});

Deno.test("canonicalJson() is JSON of the same value, in ASCII", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("readBundleManifest() reads layers as a list and as a map", () => {
  const list = readBundleManifest(json({ layers: ["code", "data"] }), "m");
  assert.deepEqual(list.layers, ["code", "data"]);
  const map = readBundleManifest(json(MANIFEST), "m");
  assert.deepEqual(map.layers, ["code", "data"]);
  assert.deepEqual(map.layerIndexes, {});
  assert.deepEqual(map.roles, MANIFEST.roles);
  assert.equal(map.description, undefined);
  const indexed = readBundleManifest(
    json({ layers: ["code"], layer_indexes: { code: DIGEST } }),
    "m",
  );
  assert.deepEqual(indexed.layerIndexes, { code: DIGEST });
});

const BAD_MANIFESTS: Readonly<Record<string, unknown>> = {
  "no object": [],
  null: null,
  "roles of a wrong kind": { roles: ["default"] },
  "a role without layers": { roles: { default: [] }, layers: [] },
  "a role name with capitals": { roles: { Invalid_Role: ["code"] } },
  "a layer name with a space": { layers: ["a b"] },
  "a layer name as a key with capitals": { layers: { Code: DIGEST } },
  "an empty layer name": { layers: [""] },
  "a layer that is no text": { layers: [1] },
  "a digest of another algorithm": { layers: ["a"], layer_indexes: { a: "sha1:abc" } },
  "a digest in capitals": { layers: ["a"], layer_indexes: { a: `sha256:${"A".repeat(64)}` } },
  "a media type that is no text": { mediaType: 1 },
};

for (const [name, document] of Object.entries(BAD_MANIFESTS)) {
  Deno.test(`readBundleManifest() refuses ${name}`, () => {
    assert.throws(() => readBundleManifest(json(document), "the manifest"), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /^Cannot read the manifest: /);
      return true;
    });
  });
}

Deno.test("readers of documents know the media types of their generations and no other", () => {
  const gen1 = { mediaType: "application/vnd.modelops.bundle.manifest+json" };
  assert.equal(readBundleManifest(json(gen1), "m").mediaType, gen1.mediaType);
  const index = { mediaType: "application/vnd.modelops.layer+json" };
  assert.deepEqual(readLayerIndexDocument(json(index), "code", "i"), []);
  const other = json({ mediaType: "application/vnd.other+json" });
  assert.throws(() => readBundleManifest(other, "m"), UnsupportedError);
  assert.throws(() => readLayerIndexDocument(other, "code", "i"), UnsupportedError);
});

Deno.test("readLayerIndexDocument() reads all forms of entries", () => {
  const entries = [
    { path: "a", digest: DIGEST },
    { path: "b", digest: DIGEST, size: 3, oras: null },
    { path: "./c//d", oras: { digest: DIGEST, size: 4 }, external: null, mode: 0o755 },
    {
      path: "e",
      layer: "code",
      external: { uri: "az://c/e", sha256: "0".repeat(64), size: 0, tier: "lukewarm" },
    },
  ];
  assert.deepEqual(readLayerIndexDocument(json({ layer: "code", entries }), "code", "i"), [
    { path: "a", mode: undefined, storage: { kind: "registry", digest: DIGEST, size: undefined } },
    { path: "b", mode: undefined, storage: { kind: "registry", digest: DIGEST, size: 3 } },
    { path: "c/d", mode: 0o755, storage: { kind: "registry", digest: DIGEST, size: 4 } },
    {
      path: "e",
      mode: undefined,
      storage: {
        kind: "external",
        uri: "az://c/e",
        sha256: "0".repeat(64),
        size: 0,
        tier: undefined,
      },
    },
  ]);
});

const EXTERNAL = { uri: "az://c/k", sha256: "0".repeat(64), size: 1 };
const BAD_ENTRIES: Readonly<Record<string, unknown>> = {
  "no path": { digest: DIGEST },
  "an empty path": { path: "", digest: DIGEST },
  "a path that leaves": { path: "../x", digest: DIGEST },
  "an absolute path": { path: "/etc/passwd", digest: DIGEST },
  "a path with backslashes": { path: "a\\b", digest: DIGEST },
  "a reserved path": { path: ".mops/ptr/x.json", digest: DIGEST },
  "a reserved path in other case": { path: ".MOPS/x", digest: DIGEST },
  "a hidden reserved path": { path: "././.mops//x", digest: DIGEST },
  "another layer": { path: "a", layer: "data", digest: DIGEST },
  "no storage": { path: "a" },
  "two storages": { path: "a", oras: { digest: DIGEST }, external: EXTERNAL },
  "flat and nested storage": { path: "a", oras: { digest: DIGEST }, digest: DIGEST },
  "external without address": { path: "a", external: { ...EXTERNAL, uri: undefined } },
  "external with an empty address": { path: "a", external: { ...EXTERNAL, uri: "" } },
  "external without size": { path: "a", external: { ...EXTERNAL, size: undefined } },
  "external of negative size": { path: "a", external: { ...EXTERNAL, size: -1 } },
  "external of fractional size": { path: "a", external: { ...EXTERNAL, size: 1.5 } },
  "external of immense size": { path: "a", external: { ...EXTERNAL, size: 1e300 } },
  "a hash that is no hex": { path: "a", external: { ...EXTERNAL, sha256: "z".repeat(64) } },
  "a short hash": { path: "a", external: { ...EXTERNAL, sha256: "0".repeat(63) } },
  "a hash in capitals": { path: "a", external: { ...EXTERNAL, sha256: "A".repeat(64) } },
  "an upper-case digest": { path: "a", digest: `sha256:${"A".repeat(64)}` },
  "a short digest": { path: "a", digest: `sha256:${"a".repeat(63)}` },
  "sha512": { path: "a", digest: `sha512:${"a".repeat(128)}` },
  "sha1": { path: "a", digest: `sha1:${"a".repeat(40)}` },
  "an empty digest": { path: "a", digest: "" },
  "a digest that is a number": { path: "a", digest: 1 },
  "a mode that is none": { path: "a", digest: DIGEST, mode: 0o200000 },
};

for (const [name, entry] of Object.entries(BAD_ENTRIES)) {
  Deno.test(`readLayerIndexDocument() refuses an entry with ${name}`, () => {
    const document = json({ mediaType: "application/json", entries: [entry] });
    assert.throws(() => readLayerIndexDocument(document, "code", "the index"), InvalidInputError);
  });
}

Deno.test("readers of documents refuse what is not JSON in UTF-8", () => {
  for (const bytes of [bytesOf("{"), new Uint8Array([0x22, 0xff, 0x22]), new Uint8Array()]) {
    assert.throws(() => readBundleManifest(bytes, "m"), InvalidInputError);
    assert.throws(() => readLayerIndexDocument(bytes, "a", "i"), InvalidInputError);
  }
});

Deno.test("readers of documents throw only errors that say what is wrong", () => {
  const document = fc.oneof(
    fc.jsonValue(),
    fc.record({
      mediaType: fc.constantFrom("application/json", "x/y"),
      roles: fc.jsonValue(),
      layers: fc.jsonValue(),
      layer_indexes: fc.jsonValue(),
      entries: fc.array(fc.record({ path: fc.string(), digest: fc.jsonValue() })),
    }),
  );
  fc.assert(fc.property(document, (value) => {
    for (
      const read of [readBundleManifest, (b: Uint8Array) => readLayerIndexDocument(b, "a", "")]
    ) {
      try {
        read(json(value), "");
      } catch (error) {
        assert.ok(
          error instanceof InvalidInputError || error instanceof UnsupportedError,
          String(error),
        );
      }
    }
  }));
});

const CONTENT = {
  name: "golden",
  version: "1.0.0",
  description: "é",
  roles: { default: ["code"], training: ["code", "data"] },
  layers: [
    {
      name: "code",
      entries: [
        {
          path: "src/z.sh",
          mode: 0o755,
          storage: { kind: "registry", digest: digestOf("z"), size: 1 },
        },
        {
          path: "src/a.py",
          mode: 0o644,
          storage: { kind: "registry", digest: digestOf("print(1)\n"), size: 9 },
        },
      ],
    },
    {
      name: "data",
      entries: [{ path: "data/ten.bin", storage: { kind: "external", ...EXTERNAL } }],
    },
  ],
} as const;

Deno.test("writeBundleDocuments() writes a standard manifest that every reader takes", () => {
  const { manifest, documents, files } = writeBundleDocuments(CONTENT);
  const read = parseManifest(manifest.bytes);
  assert.equal(read.kind, "manifest");
  assert.ok(read.kind === "manifest");
  assert.equal(read.artifactType, "application/vnd.modelops.bundle.v1+json");
  assert.equal(read.config?.mediaType, "application/vnd.oci.empty.v1+json");
  assert.equal(
    read.config?.digest,
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  );
  assert.deepEqual(
    read.layers.map(({ mediaType, annotations }) => [annotations?.[TITLE], mediaType]),
    [
      ["bundle.manifest.json", "application/json"],
      ["layer.code.json", "application/json"],
      ["layer.data.json", "application/json"],
      ["src/a.py", "text/x-python"],
      ["src/z.sh", "application/x-sh"],
    ],
  );
  assert.equal(documents.length, 4);
  assert.equal(files.length, 2);
  for (const { descriptor, bytes } of [manifest, ...documents]) {
    assert.equal(digestBytes(bytes), descriptor.digest);
  }
});

const TITLE = "org.opencontainers.image.title";

Deno.test("writeBundleDocuments() gives true digests of the indexes, in both places", () => {
  const { documents, layerIndexes } = writeBundleDocuments(CONTENT);
  const [, bundleManifest, code] = documents;
  const raw = JSON.parse(new TextDecoder().decode(bundleManifest!.bytes));
  assert.deepEqual(raw.layers, raw.layer_indexes);
  assert.equal(raw.layers.code, digestBytes(code!.bytes));
  assert.equal(layerIndexes["code"]?.digest, raw.layers.code);
  assert.equal(raw.external_index_present, true);
  assert.equal(raw.mediaType, "application/json");
  const read = readBundleManifest(bundleManifest!.bytes, "m");
  assert.deepEqual(read.roles, CONTENT.roles);
  assert.equal(read.description, "é");
  assert.deepEqual(
    readLayerIndexDocument(code!.bytes, "code", "i"),
    [...CONTENT.layers[0].entries].reverse(),
  );
});

Deno.test("writeBundleDocuments() gives the same bytes whatever the order of files and roles", () => {
  const shuffled = {
    ...CONTENT,
    roles: { training: ["code", "data"], default: ["code"] },
    layers: CONTENT.layers.map((layer) => ({
      ...layer,
      entries: [...layer.entries].reverse(),
    })),
  };
  assert.deepEqual(writeBundleDocuments(shuffled), writeBundleDocuments(CONTENT));
});

Deno.test("writeBundleDocuments() refuses more files than a manifest can list", () => {
  const entries = Array.from({ length: 20_000 }, (_, index) => ({
    path: `a/rather/long/path/of/file/${index}`,
    storage: { kind: "registry", digest: DIGEST, size: 1 } as const,
  }));
  assert.throws(
    () => writeBundleDocuments({ ...CONTENT, layers: [{ name: "code", entries }] }),
    InvalidInputError,
  );
});
