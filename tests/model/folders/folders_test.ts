/**
 * Models as people publish them, from the folder to the card: Modelfile, configuration, card and
 * documents tell the same facts, and those are the right ones.
 */
import assert from "node:assert/strict";
import { type ModelFolder, writeFolder } from "./folder.ts";
import { GGUF_MODELS } from "./gguf_models.ts";
import { LANGUAGE_MODELS } from "./language_models.ts";
import { OTHER_MODELS } from "./other_models.ts";
import { QUANTIZED_MODELS } from "./quantized_models.ts";
import { cardOf, checkAgreement, checkPicture, packaged } from "./packaging.ts";

const ROOMS = {
  language: LANGUAGE_MODELS,
  quantized: QUANTIZED_MODELS,
  gguf: GGUF_MODELS,
  other: OTHER_MODELS,
};

const FOLDERS = Object.entries(ROOMS).flatMap(([room, folders]) =>
  Object.entries(folders).map(([title, folder]) => ({ room, title, folder }))
);

const open = (folder: ModelFolder) =>
  packaged(folder.folder ?? "demo", (path) => writeFolder(path, folder));

for (const { room, title, folder } of FOLDERS) {
  Deno.test(`${title} tells its facts, and no others`, async () => {
    await using model = await open(folder);
    const { facts, warnings } = await cardOf(model);
    assert.deepEqual(facts, { name: "demo", ...folder.facts });
    const expected = folder.warnings ?? [];
    assert.equal(warnings.length, expected.length, warnings.join("\n"));
    expected.forEach((pattern, index) => assert.match(warnings[index], pattern));
  });

  Deno.test(`the Modelfile and the card of ${title} are those that were agreed on`, async () => {
    await using model = await open(folder);
    await checkPicture(model, { room, title });
  });

  Deno.test(`Modelfile, configuration and card of ${title} agree`, async () => {
    await using model = await open(folder);
    await checkAgreement(model);
  });
}
