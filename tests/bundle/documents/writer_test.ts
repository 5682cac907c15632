import assert from "node:assert/strict";
import { readBundleManifest } from "../../../src/bundle/documents/manifest.ts";
import { readLayerIndex } from "../../../src/bundle/documents/layer_index.ts";
import { writeDocuments } from "../../../src/bundle/documents/writer.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { anonymousBlob } from "../../../src/oci/store.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";

const EXTERNAL = { uri: "az://c/k", sha256: "0".repeat(64), size: 1 };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const digestOf = (text: string) => digestBytes(bytesOf(text));

const DIGEST = digestOf("x");

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
          kind: "registry",
          path: "src/z.sh",
          layer: "code",
          mode: 0o755,
          blob: anonymousBlob(digestOf("z"), 1),
        },
        {
          kind: "registry",
          path: "src/a.py",
          layer: "code",
          mode: 0o644,
          blob: anonymousBlob(digestOf("print(1)\n"), 9),
        },
      ],
    },
    {
      name: "data",
      entries: [{ kind: "external", path: "data/ten.bin", layer: "data", ...EXTERNAL }],
    },
  ],
} as const;

Deno.test("writeDocuments() writes a standard manifest that every reader takes", () => {
  const { manifest, documents, files } = writeDocuments(CONTENT);
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

Deno.test("writeDocuments() gives true digests of the indexes, in both places", () => {
  const { documents } = writeDocuments(CONTENT);
  const [, bundleManifest, code] = documents;
  const raw = JSON.parse(new TextDecoder().decode(bundleManifest!.bytes));
  assert.deepEqual(raw.layers, raw.layer_indexes);
  assert.equal(raw.layers.code, digestBytes(code!.bytes));
  assert.equal(raw.external_index_present, true);
  assert.equal(raw.mediaType, "application/json");
  const read = readBundleManifest(bundleManifest!.bytes, "m");
  assert.deepEqual(read.roles, CONTENT.roles);
  assert.equal(read.description, "é");
  assert.deepEqual(
    readLayerIndex(code!.bytes, "code", "i"),
    [...CONTENT.layers[0].entries].reverse(),
  );
});

Deno.test("writeDocuments() gives the same bytes whatever the order of files and roles", () => {
  const shuffled = {
    ...CONTENT,
    roles: { training: ["code", "data"], default: ["code"] },
    layers: CONTENT.layers.map((layer) => ({
      ...layer,
      entries: [...layer.entries].reverse(),
    })),
  };
  assert.deepEqual(writeDocuments(shuffled), writeDocuments(CONTENT));
});

Deno.test("writeDocuments() refuses more files than a manifest can list", () => {
  const entries = Array.from({ length: 20_000 }, (_, index) => ({
    kind: "registry" as const,
    path: `a/rather/long/path/of/file/${index}`,
    layer: "code",
    blob: anonymousBlob(DIGEST, 1),
  }));
  assert.throws(
    () => writeDocuments({ ...CONTENT, layers: [{ name: "code", entries }] }),
    InvalidInputError,
  );
});
