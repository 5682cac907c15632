import { e2eTest } from "../support/registry.ts";
import { BUNDLES_ROWS } from "./bundles_rows.ts";
import { BundlesWorld, publishBundle } from "./bundles_world.ts";
import { countRows, rowTitle } from "./rows/counting.ts";
import { isRunnable, runRow } from "./rows/row.ts";

e2eTest("the bundles guide", { needs: ["docker-registry", "azurite-blob"] }, async (t) => {
  await using bundle = await publishBundle();
  for (const row of BUNDLES_ROWS.filter(isRunnable)) {
    await t.step(`guide row ${row.number}: ${rowTitle(row)}`, async () => {
      await using world = await BundlesWorld.open(bundle);
      await runRow(row, world);
    });
  }
});

Deno.test("the bundles guide has 48 rows, and all but one run", () => {
  countRows("the bundles guide", BUNDLES_ROWS, { rows: 48, blocked: 1 });
});
