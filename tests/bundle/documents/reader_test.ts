import assert from "node:assert/strict";
import fc from "fast-check";
import { readBundleManifest } from "../../../src/bundle/documents/manifest.ts";
import { readLayerIndex } from "../../../src/bundle/documents/layer_index.ts";
import { InvalidInputError, UnsupportedError } from "../../../src/core/errors.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytesOf(JSON.stringify(value));

Deno.test("readers of documents know the media types of their generations and no other", () => {
  const gen1 = { mediaType: "application/vnd.modelops.bundle.manifest+json" };
  assert.equal(readBundleManifest(json(gen1), "m").mediaType, gen1.mediaType);
  const index = { mediaType: "application/vnd.modelops.layer+json" };
  assert.deepEqual(readLayerIndex(json(index), "code", "i"), []);
  const other = json({ mediaType: "application/vnd.other+json" });
  assert.throws(() => readBundleManifest(other, "m"), UnsupportedError);
  assert.throws(() => readLayerIndex(other, "code", "i"), UnsupportedError);
});

Deno.test("readers of documents refuse what is not JSON in UTF-8", () => {
  for (const bytes of [bytesOf("{"), new Uint8Array([0x22, 0xff, 0x22]), new Uint8Array()]) {
    assert.throws(() => readBundleManifest(bytes, "m"), InvalidInputError);
    assert.throws(() => readLayerIndex(bytes, "a", "i"), InvalidInputError);
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
      const read of [readBundleManifest, (b: Uint8Array) => readLayerIndex(b, "a", "")]
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
