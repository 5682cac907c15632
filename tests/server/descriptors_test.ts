import assert from "node:assert/strict";
import { connectionLimit, descriptorLimit } from "../../src/server/descriptors.ts";
import { tempFolder } from "../support/temp.ts";

const limits = (soft: string) =>
  "Limit                     Soft Limit           Hard Limit           Units\n" +
  `Max open files            ${soft}                 4096                 files\n`;

Deno.test("descriptorLimit() reads the soft limit, and takes the usual one where there is none", () => {
  assert.equal(descriptorLimit(limits("256")), 256);
  assert.equal(descriptorLimit(limits("unlimited")), 1024);
  assert.equal(descriptorLimit(""), 1024);
});

Deno.test("connectionLimit() leaves every connection the files that it may need", async () => {
  await using folder = await tempFolder();
  const of = async (soft: string) => connectionLimit(await folder.write("limits", limits(soft)));
  assert.equal(await of("1024"), 320);
  assert.equal(await of("70"), 4);
  assert.equal(await of("1000000"), 4096);
  assert.equal(connectionLimit(folder.join("none")), 320);
});
