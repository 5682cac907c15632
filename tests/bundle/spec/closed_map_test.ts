import assert from "node:assert/strict";
import { closedMap } from "../../../src/bundle/spec/closed_map.ts";
import { shaped } from "../../../src/core/shapes/shape.ts";
import * as z from "../../../src/deps/zod.ts";

function messagesOf(schema: z.ZodType, document: unknown): string[] {
  return (shaped(schema, document).problems ?? [])
    .map(({ path, message }) => `${path.join(".")} ${message}`);
}

Deno.test("closedMap() names keys that are not known, and the one that was perhaps meant", () => {
  const schema = closedMap({ layers: z.array(closedMap({ name: z.string() })) });
  assert.deepEqual(messagesOf(schema, { layer: [], zzz: 1, "x-note": 1 }), [
    "layers is missing",
    'layer is not known: did you mean "layers"?',
    "zzz is not known",
  ]);
  assert.deepEqual(messagesOf(schema, { layers: [{ nmae: "a" }] }), [
    "layers.0.name is missing",
    'layers.0.nmae is not known: did you mean "name"?',
  ]);
  assert.deepEqual(messagesOf(schema, { layers: [{ name: "a", "x-a": {} }], "x-b": 1 }), []);
  assert.deepEqual(messagesOf(schema, null), [" is empty, want a map"]);
});
