import assert from "node:assert/strict";
import fc from "fast-check";
import { stringWidth } from "../../../src/deps/string-width.ts";
import {
  columnsOf,
  fitMiddle,
  fitNames,
  padColumns,
  startOf,
} from "../../../src/cli/output/columns.ts";

const FAMILY = "👨‍👩‍👧";

Deno.test("widths are counted in columns: of wide letters, accents and joined emoji too", () => {
  assert.equal(columnsOf("abc"), 3);
  assert.equal(columnsOf("模型"), 4);
  assert.equal(columnsOf("e\u0301"), 1);
  assert.equal(columnsOf(FAMILY), 2);
  assert.equal(padColumns("模型", 6), "模型  ");
  assert.equal(startOf("模型", 3), "模");
  assert.equal(startOf(`${FAMILY}${FAMILY}`, 3), FAMILY);
});

Deno.test("text of plain characters is as wide as it is long, and so is what the library says", () => {
  const plain = fc.string({ unit: "grapheme-ascii" });
  fc.assert(fc.property(plain, (text) => {
    assert.equal(columnsOf(text), stringWidth(text));
    assert.equal(columnsOf(text), text.length);
  }));
  for (const text of ["a\tb", "\u007f", "\u001b[31mred\u001b[0m", "a\n", "é", ""]) {
    assert.equal(columnsOf(text), stringWidth(text));
  }
});

Deno.test("a name is cut in the middle, and no letter in two", () => {
  assert.equal(fitMiddle("short", 5), "short");
  assert.equal(fitMiddle("abcdefghij", 5), "ab…ij");
  assert.equal(fitMiddle("模型模型模型", 7), "模…模型");
  assert.equal(fitMiddle(`${FAMILY}ab${FAMILY}cd`, 5), `${FAMILY}…cd`);
});

Deno.test("shards of one model stay apart at every width that has room for what differs", () => {
  const shards = Array.from(
    { length: 12 },
    (_, index) => `model-${String(index + 1).padStart(5, "0")}-of-00012.safetensors`,
  );
  for (let width = 6; width <= 40; width++) {
    const cut = fitNames(shards, width);
    assert.equal(new Set(cut).size, shards.length, `${width}: ${cut.join(" ")}`);
    assert.ok(cut.every((name) => columnsOf(name) <= width), cut.join(" "));
  }
  assert.equal(
    fitNames(["model-00001-of-00030.safetensors"], 28)[0],
    "model-00001-of…0.safetensors",
  );
});

Deno.test("files that differ in their folders, or in their endings, stay apart", () => {
  const folders = ["encoder/a/long/path/model.onnx", "decoder/a/long/path/model.onnx"];
  const endings = ["a/rather/long/folder/model.json", "a/rather/long/folder/model.bin"];
  for (const names of [folders, endings]) {
    assert.equal(new Set(fitNames(names, 14)).size, 2, fitNames(names, 14).join(" "));
  }
});

Deno.test("an ellipsis stands where something is missing, and nowhere else", () => {
  const rows: [names: string[], width: number, shown: string[]][] = [
    [
      ["ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "keys_v1.txt"],
      22,
      ["ch_PP-OCRv4_det_infer…", "ch_PP-OCRv4_rec_infer…", "keys_v1.txt"],
    ],
    [["ab-c-one-zzzz", "ab-c-two-zzzz", "keys"], 9, ["ab-c-one…", "ab-c-two…", "keys"]],
    [["same/path/one.bin", "same/path/two.bin"], 8, ["…one.bin", "…two.bin"]],
  ];
  for (const [names, width, shown] of rows) assert.deepEqual(fitNames(names, width), shown);
});

Deno.test("whatever a name is made of, it fits", () => {
  const names = fc.array(fc.string({ unit: "grapheme", maxLength: 60 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      names,
      fc.nat(50),
      (names, width) => fitNames(names, width).every((name) => columnsOf(name) <= width),
    ),
  );
});
