/**
 * Models as people publish them, from the folder to the card: Modelfile, configuration, card and
 * documents tell the same facts, and those are the right ones.
 */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/2020";
import { besideTests, Home } from "../../cli/support.ts";
import { FILE_TIME, type ModelFolder, writeFolder } from "./folder.ts";
import { GGUF_MODELS } from "./gguf_models.ts";
import { LANGUAGE_MODELS } from "./language_models.ts";
import { OTHER_MODELS } from "./other_models.ts";
import schema from "./testdata/config-schema.json" with { type: "json" };

const FOLDERS = { ...LANGUAGE_MODELS, ...GGUF_MODELS, ...OTHER_MODELS };

const NAME = "registry.test/models/demo:v1";
const ENVIRONMENT = { NO_COLOR: "1", SOURCE_DATE_EPOCH: String(FILE_TIME) };

/** The schema that the specification publishes, as its own validator reads it. */
const isConfig = new Ajv2020({
  formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) },
}).compile(schema);

/** A home in which the model of a folder was packaged. */
async function packaged(folder: ModelFolder): Promise<Home> {
  const home = await Home.open();
  const path = home.at(folder.folder ?? "demo");
  await writeFolder(path, folder);
  const built = await home.run(["build", path, "-t", NAME], { env: ENVIRONMENT });
  assert.equal(built.code, 0, built.stderr);
  return home;
}

/** The Modelfile that is generated for a folder. */
async function modelfileOf(home: Home, { folder = "demo" }: ModelFolder): Promise<string> {
  const output = home.at("generated");
  await home.done("modelfile", "generate", home.at(folder), "-O", output, "--overwrite");
  return await Deno.readTextFile(`${output}/Modelfile`);
}

async function cardOf(home: Home) {
  return JSON.parse(await home.done("inspect", NAME, "--card", "--json"));
}

/** The values of a Modelfile by its commands, without the lines of files. */
function valuesOf(modelfile: string): Record<string, string> {
  const lines = modelfile.matchAll(
    /^(NAME|ARCH|FAMILY|FORMAT|PARAMSIZE|PRECISION|QUANTIZATION) (.*)$/gm,
  );
  return Object.fromEntries(
    Array.from(lines, ([, command = "", value = ""]) => [command, value.replace(/^"(.*)"$/, "$1")]),
  );
}

/** What a person sees of a folder: its Modelfile, and the card at three widths. */
async function pictureOf(home: Home, folder: ModelFolder): Promise<string> {
  const cards: string[] = [];
  for (const columns of [120, 80, 40]) {
    const shown = await home.run(["inspect", NAME], { terminal: true, columns, env: ENVIRONMENT });
    assert.deepEqual([shown.code, shown.stderr], [0, ""]);
    for (const line of shown.stdout.split("\n")) assert.ok(line.length <= columns, line);
    cards.push(`=== ${columns} columns\n${shown.stdout}`);
  }
  return [`=== Modelfile\n${await modelfileOf(home, folder)}`, ...cards].join("\n");
}

for (const [title, folder] of Object.entries(FOLDERS)) {
  Deno.test(`${title} tells its facts, and no others`, async () => {
    await using home = await packaged(folder);
    const { facts, warnings } = await cardOf(home);
    assert.deepEqual(facts, { name: "demo", ...folder.facts });
    const expected = folder.warnings ?? [];
    assert.equal(warnings.length, expected.length, warnings.join("\n"));
    expected.forEach((pattern, index) => assert.match(warnings[index], pattern));
  });

  Deno.test(`the Modelfile and the card of ${title} are those that were agreed on`, async () => {
    await using home = await packaged(folder);
    const picture = await pictureOf(home, folder);
    // To agree on a new one: delete the file, run this test, and read what it wrote.
    const snapshot = besideTests(`../model/folders/testdata/${title.replaceAll(" ", "-")}.txt`);
    const agreed = await Deno.readTextFile(snapshot).catch(async (error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await Deno.writeTextFile(snapshot, picture);
      return picture;
    });
    assert.equal(picture, agreed);
  });

  Deno.test(`Modelfile, configuration and card of ${title} agree`, async () => {
    await using home = await packaged(folder);
    const { facts } = await cardOf(home);
    const document = JSON.parse(await home.done("inspect", NAME, "--config"));
    assert.equal(isConfig(document), true, JSON.stringify(isConfig.errors));
    const { descriptor, config } = document;
    const modelfile = valuesOf(await modelfileOf(home, folder));
    assert.deepEqual(
      [facts.architecture, facts.family, facts.format, facts.precision, facts.quantization],
      [
        config.architecture,
        descriptor.family,
        config.format,
        config.precision,
        config.quantization,
      ],
    );
    assert.deepEqual(facts.license && [facts.license], descriptor.licenses);
    assert.deepEqual(
      modelfile,
      JSON.parse(JSON.stringify({
        NAME: descriptor.name,
        ARCH: config.architecture,
        FAMILY: descriptor.family,
        FORMAT: config.format,
        PARAMSIZE: config.paramSize,
        PRECISION: config.precision,
        QUANTIZATION: config.quantization,
      })),
    );
  });
}
