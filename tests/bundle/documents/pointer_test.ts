import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodePointer,
  encodePointer,
  type Pointer,
} from "../../../src/bundle/documents/pointer.ts";
import {
  decodeProvenance,
  encodeProvenance,
  provenanceOf,
} from "../../../src/bundle/documents/provenance.ts";
import { pointerPath } from "../../../src/bundle/workspace/layout.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { bundleOver, registryEntries, utf8 } from "../workspace/support.ts";

const pointer: Pointer = {
  path: "data/train.csv",
  layer: "data",
  uri: "az://c/train.csv",
  sha256: digestHex(digestBytes(utf8("a,b\n1,2\n"))),
  size: 8,
  tier: "cool",
  fulfilled: true,
};

Deno.test("encodePointer() gives exactly the documented bytes", () => {
  const bytes = encodePointer(pointer);
  assert.equal(bytes.byteLength, 275);
  assert.equal(
    digestBytes(bytes),
    "sha256:0222a00725bf52f68102979807e5670b913f50293ff179135625fa0c3b3f0b7b",
  );
  assert.equal(
    new TextDecoder().decode(bytes),
    '{"created_at":"1970-01-01T00:00:00Z","fulfilled":true,"layer":"data",' +
      '"local_path":"data/train.csv","original_path":"data/train.csv","schema_version":1,' +
      `"sha256":"${pointer.sha256}","size":8,"tier":"cool","uri":"az://c/train.csv"}`,
  );
});

Deno.test("encodePointer() writes null for what is unknown, and text as it is", () => {
  const bytes = encodePointer({ ...pointer, path: "данные/😀", tier: undefined, fulfilled: false });
  const text = new TextDecoder().decode(bytes);
  assert.ok(text.includes('"tier":null') && text.includes('"local_path":null'));
  assert.ok(text.includes('"original_path":"данные/😀"'));
});

Deno.test("decodePointer() reads what encodePointer() writes", () => {
  fc.assert(fc.property(
    fc.record({
      path: fc.constantFrom("a", "a/b.csv", "дата/файл", "数据"),
      layer: fc.string(),
      uri: fc.constantFrom("az://c/k", "file:a/b", "file:///a", "https://host/unknown/scheme"),
      sha256: fc.constant(pointer.sha256),
      size: fc.nat(),
      tier: fc.constantFrom("hot" as const, "cool" as const, "archive" as const),
      fulfilled: fc.boolean(),
    }),
    (value) => assert.deepEqual(decodePointer(encodePointer(value), "pointer"), { ...value }),
  ));
});

Deno.test("decodePointer() takes any bytes or says what is wrong", () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
    assert.throws(() => decodePointer(bytes, "pointer"), InvalidInputError);
  }));
});

Deno.test("decodePointer() refuses what is no address", () => {
  for (const uri of ["", "a", "file:.", "file:..", "file:%2e%2e/a", "az://c/../k", "AZ://c/k"]) {
    const bytes = encodePointer({ ...pointer, uri });
    assert.throws(() => decodePointer(bytes, "pointer"), InvalidInputError, uri);
  }
});

Deno.test("decodePointer() reads a pointer with only the keys that describe the file", () => {
  const { sha256 } = pointer;
  const text = JSON.stringify({
    fulfilled: false,
    original_path: "data//train.csv",
    uri: "az://container/train.csv",
    sha256,
    size: 1048576,
    tier: "cool",
  });
  assert.equal(decodePointer(utf8(text), "pointer").path, "data/train.csv");
});

const bad: Readonly<Record<string, unknown>> = {
  schema_version: 2,
  original_path: "../evil",
  local_path: "/etc/passwd",
  sha256: "zzzz",
  size: -1,
  uri: "",
  fulfilled: "yes",
};

for (const [key, value] of Object.entries(bad)) {
  Deno.test(`decodePointer() refuses ${key} ${JSON.stringify(value)}`, () => {
    const document = JSON.parse(new TextDecoder().decode(encodePointer(pointer)));
    const bytes = utf8(JSON.stringify({ ...document, [key]: value }));
    assert.throws(() => decodePointer(bytes, "pointer"), InvalidInputError);
  });
}

const OPTIONAL = ["created_at", "fulfilled", "layer", "local_path", "schema_version", "tier"];

Deno.test("decodePointer() does without what other writers leave out, null or call otherwise", () => {
  const document = JSON.parse(new TextDecoder().decode(encodePointer(pointer)));
  const read = (changes: Record<string, unknown>) =>
    decodePointer(utf8(JSON.stringify({ ...document, ...changes })), "pointer");
  for (const value of [undefined, null]) {
    for (const key of OPTIONAL) assert.equal(read({ [key]: value }).sha256, pointer.sha256, key);
    const { path, sha256, size, uri } = pointer;
    assert.deepEqual(
      read(Object.fromEntries(OPTIONAL.map((key) => [key, value]))),
      { path, sha256, size, uri, layer: "", fulfilled: false },
    );
  }
  for (const tier of ["warm", "Cool", 3, ["hot"]]) assert.equal(read({ tier }).tier, undefined);
});

Deno.test("decodePointer() accepts the local path with a dot before it, and no other", () => {
  const document = JSON.parse(new TextDecoder().decode(encodePointer(pointer)));
  const read = (local_path: string) =>
    decodePointer(utf8(JSON.stringify({ ...document, local_path })), "pointer");
  assert.equal(read("./data/train.csv").path, "data/train.csv");
  assert.throws(() => read("data/other.csv"), InvalidInputError);
});

Deno.test("pointerPath() mirrors the path, and refuses a name that is too long for it", () => {
  assert.equal(pointerPath("data/train.csv"), ".mops/ptr/data/train.csv.json");
  assert.throws(() => pointerPath("x".repeat(251)), InvalidInputError);
});

Deno.test("provenance is compact JSON with sorted keys that reads back", async () => {
  const store = memoryStore("registry.test/my-model");
  const bundle = bundleOver(store, await registryEntries(store, { "a": "1" }));
  const bytes = encodeProvenance(provenanceOf(bundle, "default"));
  const index = digestBytes(utf8("{}"));
  assert.equal(
    new TextDecoder().decode(bytes),
    `{"layer_indexes":{"code":"${index}"},"manifest_digest":"${digestBytes(utf8("manifest"))}",` +
      '"media_type":"application/vnd.oci.image.manifest.v1+json","ref":{"digest":null,' +
      '"local_path":null,"name":"my-model","role":null,"version":"1.0.0"},"role":"default",' +
      '"roles":{"default":["code"],"training":["code"]}}',
  );
  const read = decodeProvenance(bytes, "provenance");
  assert.equal(read.manifestDigest, bundle.manifestDigest);
  assert.deepEqual(encodeProvenance(read), bytes);
  assert.throws(() => decodeProvenance(utf8("{}"), "provenance"), InvalidInputError);
});

Deno.test("provenance of other writers needs nothing but the digest of the manifest", () => {
  const digest = digestBytes(utf8("manifest"));
  const whole: Record<string, unknown> = {
    ...{ manifest_digest: digest, media_type: "a/b", role: "training", ref: { name: "x" } },
    ...{ layer_indexes: { code: digest }, roles: { training: ["code"] } },
    selection: { exclude: ["a"], include: ["b"], layers: ["code"] },
  };
  const read = (document: unknown) =>
    decodeProvenance(utf8(JSON.stringify(document)), "provenance");
  const { manifest_digest, ...rest } = whole;
  for (const value of [undefined, null]) {
    for (const key of Object.keys(rest)) {
      assert.equal(read({ ...whole, [key]: value }).manifestDigest, digest, key);
    }
    for (const key of ["exclude", "include", "layers"]) {
      read({ ...whole, selection: { ...whole["selection"] as object, [key]: value } });
    }
  }
  const { role, roles, ref } = read({ manifest_digest, extra: [1] });
  assert.deepEqual({ role, roles }, { role: "default", roles: {} });
  assert.deepEqual(ref, { kind: "digest", digest, role: undefined });
  assert.throws(() => read(rest), /manifest_digest: is missing$/);
});

Deno.test("provenance tells which part of a role was chosen, where it was not all of it", async () => {
  const store = memoryStore("registry.test/my-model");
  const bundle = bundleOver(store, await registryEntries(store, { "a": "1" }));
  const whole = encodeProvenance(provenanceOf(bundle, "default"));
  assert.deepEqual(encodeProvenance(provenanceOf(bundle, "default", { include: [] })), whole);
  const rows = [
    { layers: ["code"], include: [], exclude: [] },
    { layers: undefined, include: ["*.py"], exclude: ["b"] },
  ];
  for (const selection of rows) {
    const bytes = encodeProvenance(provenanceOf(bundle, "default", selection));
    const read = decodeProvenance(bytes, "provenance");
    assert.deepEqual(read.selection, selection);
    assert.deepEqual(encodeProvenance(read), bytes);
  }
});
