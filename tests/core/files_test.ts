import assert from "node:assert/strict";
import { readDirIfExists, readTextIfExists, removeIfExists } from "../../src/core/files.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("what is missing reads as absent, not as an error", async () => {
  await using folder = await tempFolder();
  assert.equal(await readTextIfExists(folder.join("none")), undefined);
  assert.deepEqual(await readDirIfExists(folder.join("none")), []);
  await removeIfExists(folder.join("none"));
});
