import { e2eTest } from "../support/registry.ts";
import { MODCTL_ROWS } from "./modctl_rows.ts";
import { countRows, rowTitle } from "./rows/counting.ts";
import { isRunnable, runRow } from "./rows/row.ts";
import { GuideWorld } from "./world.ts";

const needs = ["docker-registry", "openssl", "curl", "git", "pgrep", "script"] as const;

for (const row of MODCTL_ROWS.filter(isRunnable)) {
  e2eTest(`guide row ${row.number}: ${rowTitle(row)}`, { needs }, async () => {
    await using world = await GuideWorld.open();
    await runRow(row, world);
  });
}

Deno.test("the guide has 51 rows, and all but a few named ones run", () => {
  countRows("the modctl Developer Guide", MODCTL_ROWS, { rows: 51, blocked: 3 });
});
