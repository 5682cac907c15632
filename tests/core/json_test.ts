import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { decodeJson, encodeGoJson, goJson } from "../../src/core/json.ts";

Deno.test("goJson() escapes what Go escapes", () => {
  assert.equal(
    goJson({ a: "<b>&\u2028\u2029\b\f\\u003c" }),
    '{"a":"\\u003cb\\u003e\\u0026\\u2028\\u2029\\b\\f\\\\u003c"}',
  );
});

Deno.test("what goJson() writes reads back as the same value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(JSON.parse(goJson(value)), JSON.parse(JSON.stringify(value)));
    assert.deepEqual(decodeJson(encodeGoJson(value), "value"), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("decodeJson() takes JSON and refuses anything else as invalid input", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    try {
      decodeJson(bytes, "config");
    } catch (error) {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot read config: /);
    }
  }));
  assert.throws(() => decodeJson(new Uint8Array([0xff]), "config"), /not valid UTF-8/);
  assert.throws(
    () => decodeJson(new TextEncoder().encode("\ufeff{}"), "config"),
    InvalidInputError,
  );
});
