import assert from "node:assert/strict";
import { columnsOf, fitMiddle } from "../../../src/cli/output/columns.ts";
import { tableLines } from "../../../src/cli/output/bundle_text.ts";
import { alignColumns } from "../../../src/cli/output/table.ts";

Deno.test("columns are aligned by what a terminal shows, whatever the letters", () => {
  const names = ["plain.bin", "模型.bin", "👩‍👩‍👧.bin", "cafe\u0301.bin", "한국어", "🇫🇷"];
  const lines = tableLines(names.map((name) => [name, "x"]));
  assert.deepEqual(new Set(lines.map((line) => columnsOf(line))), new Set([12]));
});

Deno.test("a table gives way in the columns that may, down to their least widths", () => {
  const letters = { columnsOf, fitMiddle };
  const rows = [["模型模型模型模型", "sizes", "v1"], ["b", "1", "v2"]];
  const yielding = new Map([[0, 5], [2, 2]]);
  for (const width of [30, 20, 15, 14]) {
    const lines = alignColumns(rows, { gap: " ", letters, width, yielding }).split("\n");
    assert.ok(lines.every((line) => columnsOf(line) <= width), lines.join("\n"));
    assert.ok(lines.every((line) => line.includes(line === lines[0] ? "sizes" : "1")));
  }
  const least = alignColumns(rows, { gap: " ", letters, width: 3, yielding }).split("\n");
  assert.equal(columnsOf(least[0]!), 14, "what cannot give way is wider than the terminal");
});
