import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { compareText } from "../../../src/core/text.ts";
import { pathPattern } from "../../../src/model/modelfile/path_pattern.ts";
import type { LayerKind } from "../../../src/model/media_types.ts";
import {
  FILE_INSTRUCTIONS,
  type Modelfile,
  VALUE_INSTRUCTIONS,
} from "../../../src/model/modelfile/values.ts";
import { formatModelfile, quoteArgument } from "../../../src/model/modelfile/format.ts";
import { parseModelfile } from "../../../src/model/modelfile/parser.ts";

const DEMO: Modelfile = {
  format: "safetensors",
  precision: "bfloat16",
  name: "demo",
  arch: "transformer",
  family: "llama",
  entries: [
    { kind: "doc", pattern: "README.md" },
    { kind: "model", pattern: "model.safetensors" },
    { kind: "code", pattern: "tokenizer.py" },
    { kind: "config", pattern: "config.json" },
  ],
};

Deno.test("formatModelfile() gives the bytes of the shared vector", async () => {
  const expected = await Deno.readTextFile(
    new URL("../testdata/Modelfile.generated", import.meta.url),
  );
  assert.equal(formatModelfile(DEMO, { generatedAt: "2025-01-01T00:00:00Z" }), expected);
});

Deno.test("formatModelfile() holds no clock unless it is given one", () => {
  assert.match(formatModelfile(DEMO), /^# name\nNAME demo\n\n# architecture\nARCH transformer\n/);
});

Deno.test("formatModelfile() writes DATASET last and sorts each kind by bytes", () => {
  const entries = ["b", "a", "a", "B", "é", "😀", "豈"].map((pattern) => ({
    kind: "dataset" as const,
    pattern,
  }));
  assert.equal(
    formatModelfile({ entries: [...entries, { kind: "doc", pattern: "z" }] }),
    "# doc files\nDOC z\n\n# dataset files\n" +
      "DATASET B\nDATASET a\nDATASET b\nDATASET é\nDATASET 豈\nDATASET 😀\n",
  );
});

Deno.test("formatModelfile() of nothing is nothing", () => {
  assert.equal(formatModelfile({ entries: [], name: "", arch: undefined }), "");
});

Deno.test("quoteArgument() quotes only what needs it", () => {
  const rows = [
    ["a.bin", "a.bin"],
    ["a b.bin", '"a b.bin"'],
    ["a\tb", '"a\tb"'],
    ["a\u00a0", '"a\u00a0"'],
    ['a"b', 'a\\"b'],
    ['a "b"', '"a \\"b\\""'],
    ["a\\b", "a\\\\b"],
    ["#a", "#a"],
  ] as const;
  for (const [argument, expected] of rows) assert.equal(quoteArgument(argument), expected);
});

Deno.test("quoteArgument() refuses what no Modelfile can say", () => {
  for (const argument of ["", "a\nb", "a\0b"]) {
    assert.throws(() => quoteArgument(argument), InvalidInputError);
  }
});

/** Legal arguments, with many of the characters that need care. */
const argument = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.string({
    minLength: 1,
    unit: fc.constantFrom(..."ab \t\r\"\\#'[]*?{},\u0085\u00a0\uFEFF\u2028"),
  }),
).filter((text) => !/[\n\0]/.test(text));

const modelfile = fc.record({
  values: fc.dictionary(fc.constantFrom(...VALUE_INSTRUCTIONS.map(({ key }) => key)), argument),
  paths: fc.uniqueArray(
    fc.tuple(fc.constantFrom(...FILE_INSTRUCTIONS.map(({ kind }) => kind)), argument),
    { selector: ([kind, path]) => `${kind} ${path}` },
  ),
}).map(({ values, paths }): Modelfile => ({
  ...values,
  entries: paths.map(([kind, path]) => ({ kind, pattern: pathPattern(path) })),
}));

/** A Modelfile without what writing does not keep: order and lines. */
function essence({ entries, ...values }: Modelfile) {
  const order = FILE_INSTRUCTIONS.map(({ kind }): LayerKind => kind);
  const sorted = entries.map(({ kind, pattern }) => ({ kind, pattern })).sort((a, b) =>
    order.indexOf(a.kind) - order.indexOf(b.kind) || compareText(a.pattern, b.pattern)
  );
  return { values: { ...values }, entries: sorted };
}

Deno.test("parseModelfile() reads back every Modelfile that formatModelfile() writes", () => {
  fc.assert(
    fc.property(modelfile, (modelfile) => {
      const text = formatModelfile(modelfile, { generatedAt: "2025-01-01T00:00:00Z" });
      const read = parseModelfile(text);
      assert.deepEqual(essence(read), essence(modelfile));
      assert.equal(formatModelfile(read, { generatedAt: "2025-01-01T00:00:00Z" }), text);
    }),
    { numRuns: 300 },
  );
});
