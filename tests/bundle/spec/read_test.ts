import assert from "node:assert/strict";
import { readSpecFile } from "../../../src/bundle/spec/read.ts";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { tempFolder } from "../../support/temp.ts";
import { FLAT } from "./support.ts";

Deno.test("readSpecFile() takes the first of the four names", async () => {
  await using folder = await tempFolder();
  await folder.write(".mops-bundle.yml", FLAT.replace("1.8.0", "0.0.4"));
  assert.equal((await readSpecFile(folder.path)).spec.version, "0.0.4");
  await folder.write(".mops-bundle.yaml", FLAT.replace("1.8.0", "0.0.3"));
  await folder.write("modelops.yml", FLAT.replace("1.8.0", "0.0.2"));
  assert.equal((await readSpecFile(folder.path)).spec.version, "0.0.2");
  await folder.write("modelops.yaml", FLAT.replace("1.8.0", "0.0.1"));
  const found = await readSpecFile(folder.path);
  assert.equal(found.spec.version, "0.0.1");
  assert.equal(found.name, "modelops.yaml");
});

Deno.test("readSpecFile() says what is missing", async () => {
  await using folder = await tempFolder();
  await assert.rejects(readSpecFile(folder.path), InvalidInputError);
  await assert.rejects(readSpecFile(folder.join("nowhere")), NotFoundError);
  await folder.write("file", "");
  await assert.rejects(readSpecFile(folder.join("file")), InvalidInputError);
  await folder.write("modelops.yaml", new Uint8Array([0xff]));
  await assert.rejects(readSpecFile(folder.path), InvalidInputError);
});
