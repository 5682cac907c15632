import assert from "node:assert/strict";
import { tensorTable } from "../../../src/cli/output/card/tables.ts";
import { columnsOf } from "../../../src/cli/output/columns.ts";

/** The lines of so many tensors whose long names differ at one end alone. */
function linesOf(count: number, columns: number, nameOf: (number: string) => string): string[] {
  const tensors = Array.from({ length: count }, (_, index) => ({
    name: nameOf(String(index).padStart(5, "0")),
    type: "float32",
    shape: [1],
    bytes: 4,
    file: "model.safetensors",
  }));
  return [...tensorTable(tensors, { isTerminal: true, columns: () => columns })];
}

const NAMES: Readonly<Record<string, (number: string) => string>> = {
  "at the end": (number) => `${"n".repeat(50)}${number}`,
  "at the start": (number) => `${number}${"n".repeat(50)}`,
  "at the end, in wide letters": (number) => `${"中".repeat(30)}${number}`,
};

for (const [what, nameOf] of Object.entries(NAMES)) {
  Deno.test(`20,000 names that differ ${what} are told apart, and more of them fit the lines`, () => {
    const told = linesOf(20_000, 40, nameOf);
    assert.equal(new Set(told).size, told.length);
    const many = linesOf(20_001, 40, nameOf);
    assert.equal(many.length, 20_002);
    for (const line of [...told, ...many]) assert.ok(columnsOf(line) <= 40, line);
  });
}

Deno.test("what names share is found without the header, which is none of them", () => {
  const rows = {
    "a shared start": (number: string) =>
      `model.layers.${"x".repeat(30)}.${number}.${"y".repeat(30)}`,
    "a shared folder": (number: string) => `a/${"x".repeat(30)}/${number}/${"y".repeat(30)}`,
    "a start like the header": (number: string) =>
      `NAME.${"x".repeat(40)}.${number}.${"y".repeat(40)}`,
  };
  for (const [what, nameOf] of Object.entries(rows)) {
    const [header = "", ...lines] = linesOf(12, 50, nameOf);
    assert.match(header, /^NAME /, what);
    for (const [index, line] of lines.entries()) {
      assert.ok(line.includes(String(index).padStart(5, "0")), `${what}: ${line}`);
    }
  }
});
