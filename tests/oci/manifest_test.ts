import assert from "node:assert/strict";
import { isDigest } from "../../src/core/digest.ts";
import { inForm } from "../../src/core/shapes/form.ts";
import { descriptorForm } from "../../src/oci/descriptor.ts";
import fc from "fast-check";
import { InvalidInputError, ModelOpsError, UnsupportedError } from "../../src/core/errors.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { children, MANIFEST_SIZE_LIMIT, parseManifest } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { sampleArtifact } from "../conformance/store.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const blob = describeBytes("application/vnd.test", new Uint8Array([1]));

Deno.test("a manifest keeps the bytes it was read from", () => {
  const bytes = new TextEncoder().encode(
    ` { "schemaVersion" : 2, "unknown": 1.0, "config": ${JSON.stringify(blob)}, "layers": [] } `,
  );
  const manifest = parseManifest(bytes);
  assert.equal(manifest.bytes, bytes);
  assert.equal(manifest.mediaType, MediaType.imageManifest);
});

Deno.test("the children of a manifest are its layers and its configuration, not its subject", () => {
  const sample = sampleArtifact("x", { subject: describeBytes("a/b", new Uint8Array()) });
  const digests = children(parseManifest(sample.bytes)).map((child) => child.digest);
  assert.deepEqual(digests, [sample.layer.digest, sample.config.digest]);
});

Deno.test("the children of an index are what it lists, in order, and its subject is not among them", () => {
  const listed = ["b", "a"].map((text) =>
    describeBytes(MediaType.imageManifest, new TextEncoder().encode(text))
  );
  const index = { schemaVersion: 2, mediaType: MediaType.imageIndex, manifests: listed };
  for (const more of [{}, { subject: blob }]) {
    assert.deepEqual(children(parseManifest(encode({ ...index, ...more }))), listed);
  }
});

Deno.test("a null list of layers is an empty one", () => {
  const manifest = parseManifest(encode({ schemaVersion: 2, config: blob, layers: null }));
  assert.deepEqual(children(manifest).map((child) => child.digest), [blob.digest]);
});

Deno.test("Docker's forms and the early artifact form are read", () => {
  const layers = { schemaVersion: 2, config: blob, layers: [blob] };
  assert.equal(parseManifest(encode(layers), MediaType.dockerManifest).kind, "manifest");
  const list = { schemaVersion: 2, mediaType: MediaType.dockerManifestList, manifests: [blob] };
  assert.equal(parseManifest(encode(list)).kind, "index");
  const artifact = { mediaType: MediaType.artifactManifest, artifactType: "a/b", blobs: [blob] };
  assert.equal(children(parseManifest(encode(artifact))).length, 1);
});

const layer = (change: Record<string, unknown>) => ({
  schemaVersion: 2,
  config: blob,
  layers: [{ ...blob, ...change }],
});

const REFUSED: [string, unknown, string?][] = [
  ["both layers and manifests", { schemaVersion: 2, config: blob, layers: [], manifests: [] }],
  ["an index called a manifest", { schemaVersion: 2, manifests: [] }, MediaType.imageManifest],
  [
    "a manifest called an index",
    { schemaVersion: 2, config: blob, layers: [] },
    MediaType.imageIndex,
  ],
  [
    "a type other than it was delivered as",
    { mediaType: MediaType.imageIndex, manifests: [] },
    MediaType.imageManifest,
  ],
  ["neither layers nor manifests", { schemaVersion: 2 }],
  ["the errors of a gateway", { errors: [] }, MediaType.imageManifest],
  ["schema version 1", { schemaVersion: 1, layers: [] }],
  ["a list", []],
  ["null", null],
  ["a size of -1", layer({ size: -1 })],
  ["a size of 2^62", layer({ size: 2 ** 62 })],
  ["a size of 1.5", layer({ size: 1.5 })],
  ["a size in text", layer({ size: "10" })],
  ["no size", layer({ size: undefined })],
  ["a short digest", layer({ digest: `sha256:${"a".repeat(63)}` })],
  ["an upper-case digest", layer({ digest: `sha256:${"A".repeat(64)}` })],
  ["an unknown algorithm", layer({ digest: `md5:${"a".repeat(32)}` })],
  ["a digest that is a path", layer({ digest: "sha256:../../x" })],
  ["a media type that is none", layer({ mediaType: "no type" })],
  ["annotations that are not text", layer({ annotations: { a: 1 } })],
];
for (const [what, value, mediaType] of REFUSED) {
  Deno.test(`a manifest with ${what} is refused`, () => {
    assert.throws(() => parseManifest(encode(value), mediaType), InvalidInputError);
  });
}

Deno.test("an unknown kind of document is unsupported, not invalid", () => {
  const value = { schemaVersion: 2, mediaType: "application/vnd.test.unknown+json" };
  assert.throws(() => parseManifest(encode(value)), UnsupportedError);
});

Deno.test("a document over the limit is refused before it is parsed", () => {
  const bytes = new Uint8Array(MANIFEST_SIZE_LIMIT + 1);
  assert.throws(() => parseManifest(bytes), /more than the limit/);
});

Deno.test("deep nesting is refused or read, never a crash", () => {
  const bytes = new TextEncoder().encode("[".repeat(100_000));
  assert.throws(() => parseManifest(bytes), InvalidInputError);
});

Deno.test("parseManifest() takes or refuses any bytes, and fails in no other way", () => {
  const key = fc.constantFrom(
    "schemaVersion",
    "mediaType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
  );
  const value = fc.oneof(fc.jsonValue(), fc.constant(blob), fc.constant([blob]), fc.constant(2));
  const documents = fc.oneof(
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.dictionary(key, value).map(encode),
  );
  fc.assert(
    fc.property(documents, (bytes) => {
      try {
        parseManifest(bytes);
      } catch (error) {
        assert.ok(error instanceof ModelOpsError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

/** What JSON makes has the prototype of objects. */
const PLAIN = { noNullPrototype: true };

Deno.test("a descriptor is taken when its parts are right, with whatever else is in it", () => {
  const right = { mediaType: "a/b", digest: `sha256:${"a".repeat(64)}`, size: 1, more: [1] };
  assert.deepEqual(inForm(descriptorForm, right), { value: right });
  const digests = fc.constantFrom(right.digest, `sha512:${"0".repeat(128)}`, "sha256:1", "");
  const parts = fc.record({
    mediaType: fc.oneof(fc.constantFrom("a/b", "a", "a/b c", "/"), fc.string()),
    digest: fc.oneof(digests, fc.string()),
    size: fc.oneof(fc.maxSafeInteger(), fc.double(), fc.constantFrom(-1, 2 ** 62, "1")),
    annotations: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer()), PLAIN),
    other: fc.jsonValue(),
  }, { requiredKeys: [], ...PLAIN });
  fc.assert(fc.property(fc.oneof(parts, fc.jsonValue()), (document) => {
    const { value } = inForm(descriptorForm, document);
    if (value === undefined) return;
    assert.deepEqual(value, document);
    assert.match(value.mediaType, /^[!-~]+\/[!-~]+$/);
    assert.ok(isDigest(value.digest) && Number.isSafeInteger(value.size) && value.size >= 0);
    for (const text of Object.values(value.annotations ?? {})) assert.equal(typeof text, "string");
  }));
});

for (
  const [type, more] of [
    ["application/vnd.docker.distribution.manifest.v1+prettyjws", { signatures: [] }],
    ["application/vnd.docker.distribution.manifest.v1+json", { fsLayers: undefined }],
    ["application/json", {}],
    [undefined, { schemaVersion: 2 }],
  ] as const
) {
  Deno.test(`a manifest of schema 1 that comes as ${type} is said to be one`, () => {
    const fsLayers = [{ blobSum: `sha256:${"a".repeat(64)}` }];
    const early = { schemaVersion: 1, name: "a", tag: "b", fsLayers, history: [], ...more };
    const bytes = new TextEncoder().encode(JSON.stringify(early));
    assert.throws(() => parseManifest(bytes, type), (error) => {
      assert.ok(error instanceof UnsupportedError, String(error));
      assert.match(error.message, /it is a container image of schema 1/);
      return true;
    });
  });
}
