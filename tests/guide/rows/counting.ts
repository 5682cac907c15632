/** The rows of a guide, counted: none is missing, and few cannot run. @module */
import assert from "node:assert/strict";
import { isRunnable, type Row, type ScriptWorld } from "./row.ts";

/** The first of a row's command lines, with what continues it. */
export function rowTitle({ commands }: { readonly commands: string }): string {
  const lines = commands.replaceAll(/\\\n\s*/g, "").split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("#")) ?? commands;
}

/** Prints how many rows a guide has and which cannot run, and fails when it is not as expected. */
export function countRows<World extends ScriptWorld>(
  guide: string,
  rows: readonly Row<World>[],
  most: { readonly rows: number; readonly blocked: number },
): void {
  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: most.rows }, (_, index) => index + 1),
  );
  const blocked = rows.filter((row) => !isRunnable(row));
  const lines = [
    `${guide}: ${rows.length} rows, ${blocked.length} cannot run here`,
    ...blocked.map((row) => `row ${row.number}: ${"cannotRun" in row ? row.cannotRun : ""}`),
  ];
  Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
  assert.ok(blocked.length <= most.blocked, lines.join("\n"));
}
