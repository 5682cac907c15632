import { openObjectStore } from "../../src/objects/dispatch.ts";
import type { ObjectStore } from "../../src/objects/object_store.ts";
import { OBJECT_STORE_ROWS } from "../conformance/object_store.ts";
import { e2eTest } from "../support/registry.ts";
import { accountSettings, scriptedAccount } from "../support/scripted_account.ts";
import { azureWorld } from "./azurite.ts";

async function conforms(context: Deno.TestContext, store: ObjectStore): Promise<void> {
  const fixture = { store, uri: (name: string) => `az://data/${name}` };
  for (const row of OBJECT_STORE_ROWS) await context.step(row.name, () => row.run(fixture));
}

e2eTest("the Azure store does what every object store must do", {
  needs: ["azurite-blob"],
}, async (context) => {
  await using world = await azureWorld();
  await conforms(context, world.store());
});

Deno.test("so it does with the account that tests have misbehave", async (context) => {
  await using account = scriptedAccount();
  await conforms(context, openObjectStore({ azure: accountSettings(`${account.host}/demo`) }));
});
