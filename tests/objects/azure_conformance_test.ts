import { OBJECT_STORE_ROWS } from "../conformance/object_store.ts";
import { e2eTest } from "../support/registry.ts";
import { azureWorld } from "./azurite.ts";

e2eTest("the Azure store does what every object store must do", {
  needs: ["azurite-blob"],
}, async (context) => {
  await using world = await azureWorld();
  const fixture = { store: world.store(), uri: (name: string) => `az://data/${name}` };
  for (const row of OBJECT_STORE_ROWS) await context.step(row.name, () => row.run(fixture));
});
