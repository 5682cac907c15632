import assert from "node:assert/strict";
import { join } from "node:path";
import { createModelBackend, DiskCatalog, RegistryConnector } from "../../mod.ts";

Deno.test("the model that is built is the one that is listed", async () => {
  // Set up a temporary workspace
  const workspace = await Deno.makeTempDir();
  await Deno.writeTextFile(join(workspace, "model.bin"), "fake model");
  await Deno.writeTextFile(join(workspace, "config.json"), '{"model_type": "test"}');
  await Deno.writeTextFile(
    join(workspace, "Modelfile"),
    `NAME test-model
ARCH transformer
MODEL model.bin
CONFIG config.json`,
  );

  // Create a backend
  const storageDir = await Deno.makeTempDir();
  await using registries = new RegistryConnector();
  const backend = createModelBackend({
    catalog: new DiskCatalog(storageDir),
    connect: registries.connect,
  });

  // Build the model
  await backend.build(workspace, {
    modelfile: "Modelfile",
    targets: ["test-registry.com/test-model:v1.0.0"],
    outputRemote: false,
  });

  // Verify that the model exists
  const { models } = await backend.list();
  assert.equal(models.length, 1);
  assert.equal(models[0]?.repository, "test-registry.com/test-model");
  assert.equal(models[0]?.tag, "v1.0.0");

  await Deno.remove(workspace, { recursive: true });
  await Deno.remove(storageDir, { recursive: true });
});
