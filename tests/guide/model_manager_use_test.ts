import assert from "node:assert/strict";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";
import { newModelManager } from "./model_manager.ts";

e2eTest("ModelManager builds with a Modelfile of its own, and deploys to another registry", {
  needs: ["docker-registry"],
}, async () => {
  await using staging = await startRegistry();
  await using production = await startRegistry();
  await using folder = await tempFolder();
  await folder.write("workspace/model.bin", "weights");
  await using manager = newModelManager(folder.join("store"));
  const source = `${staging.address}/models/demo:v1`;
  await manager.buildModel(folder.join("workspace"), source, {
    name: "demo",
    arch: "transformer",
    family: "llama",
    outputRemote: true,
    platform: "linux/amd64",
    annotations: { "org.opencontainers.image.version": "v1" },
  });
  const modelfile = await Deno.readTextFile(folder.join("workspace/Modelfile"));
  assert.match(modelfile, /^NAME demo$/m);
  assert.match(modelfile, /^FAMILY llama$/m);

  await manager.deployModel(source, `${production.address}/models/demo:v1`);
  const manifests = await Promise.all(
    [staging, production].map(async ({ address }) => {
      const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
      return (await fetch(`http://${address}/v2/models/demo/manifests/v1`, { headers })).text();
    }),
  );
  assert.equal(manifests[1], manifests[0]);
  const { annotations } = JSON.parse(manifests[0] ?? "");
  assert.equal(annotations["org.opencontainers.image.version"], "v1");
  assert.equal(annotations["org.modelops.platforms"], "linux/amd64");
});

Deno.test("ModelManager leaves a Modelfile that is there as it is", async () => {
  await using folder = await tempFolder();
  await folder.write("workspace/model.bin", "weights");
  await folder.write("workspace/Modelfile", "NAME mine\nMODEL model.bin\n");
  await using manager = newModelManager(folder.join("store"));
  await manager.buildModel(folder.join("workspace"), "test-registry.com/mine:v1");
  assert.equal(
    await Deno.readTextFile(folder.join("workspace/Modelfile")),
    "NAME mine\nMODEL model.bin\n",
  );
});
