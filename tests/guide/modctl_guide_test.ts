import assert from "node:assert/strict";
import { e2eTest } from "../support/registry.ts";
import { MODCTL_ROWS } from "./modctl_rows.ts";
import { isRunnable, runRow } from "./rows/row.ts";
import { GuideWorld } from "./world.ts";

const needs = ["docker-registry", "openssl", "curl", "git", "pgrep", "script"] as const;

/** The first of a row's command lines, with what continues it. */
function title(commands: string): string {
  const lines = commands.replaceAll(/\\\n\s*/g, "").split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("#")) ?? commands;
}

for (const row of MODCTL_ROWS.filter(isRunnable)) {
  e2eTest(`guide row ${row.number}: ${title(row.commands)}`, { needs }, async () => {
    await using world = await GuideWorld.open();
    await runRow(row, world);
  });
}

Deno.test("the guide has 51 rows, and all but a few named ones run", () => {
  assert.deepEqual(
    MODCTL_ROWS.map(({ number }) => number),
    Array.from({ length: 51 }, (_, index) => index + 1),
  );
  const blocked = MODCTL_ROWS.filter((row) => !isRunnable(row));
  const lines = [
    `the modctl Developer Guide: ${MODCTL_ROWS.length} rows, ${blocked.length} cannot run here`,
    ...blocked.map((row) => `row ${row.number}: ${"cannotRun" in row ? row.cannotRun : ""}`),
  ];
  Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
  assert.ok(blocked.length <= 3, lines.join("\n"));
});
