import assert from "node:assert/strict";
import { MANIFEST } from "./earlier_writer.ts";
import { readBundleManifest } from "../../../src/bundle/documents/manifest.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const digestOf = (text: string) => digestBytes(bytesOf(text));
const json = (value: unknown) => bytesOf(JSON.stringify(value));
const DIGEST = digestOf("x");

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

Deno.test("readBundleManifest() does not take any JSON for a bundle", () => {
  const others = [{}, { a: 1 }, { name: "x", version: "1" }, { layers: null }, {
    mediaType: "application/json",
  }];
  for (const document of others) {
    assert.throws(() => readBundleManifest(json(document), "m"), {
      name: "UnsupportedError",
      message: "Cannot read m: it has neither layers nor roles",
    });
  }
});

Deno.test("readBundleManifest() refuses more layers or roles than a bundle may have", () => {
  const names = Array.from({ length: 1001 }, (_, index) => `part-${index}`);
  const documents = [
    { layers: names },
    { layers: Object.fromEntries(names.map((name) => [name, null])) },
    { layers: ["a"], roles: Object.fromEntries(names.map((name) => [name, ["a"]])) },
  ];
  for (const document of documents) {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    assert.throws(
      () => readBundleManifest(bytes, "it"),
      /it has 1001 (layers|roles), want at most 1000$/,
    );
  }
  const most = new TextEncoder().encode(JSON.stringify({ layers: names.slice(1) }));
  assert.equal(readBundleManifest(most, "it").layers.length, 1000);
});
