import assert from "node:assert/strict";
import { NotFoundError } from "../../src/core/errors.ts";
import { openModels } from "../../src/library/models.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("models whose registries cannot be opened say so, and can be closed all the same", async () => {
  await using folder = await tempFolder();
  await using models = await openModels({
    storageDir: folder.join("store"),
    caFile: folder.join("none.pem"),
  });
  await assert.rejects(models.pull("registry.test/m:v1"), NotFoundError);
  assert.deepEqual((await models.list()).models, []);
});
