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
