/** Packages folders of models, and looks at them as people and programs do. @module */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { Ajv2020 } from "ajv/2020";
import { besideTests, Home } from "../../cli/support.ts";
import { FILE_TIME } from "./folder.ts";
import schema from "./testdata/config-schema.json" with { type: "json" };

const NAME = "registry.test/models/demo:v1";
const ENVIRONMENT = { NO_COLOR: "1", SOURCE_DATE_EPOCH: String(FILE_TIME) };

/** The schema that the specification publishes, as its own validator reads it. */
const isConfig = new Ajv2020({
  formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) },
}).compile(schema);

/** A model that was packaged from a folder, in a home of its own. */
export interface PackagedModel extends AsyncDisposable {
  readonly home: Home;
  /** The folder it was made from. */
  readonly path: string;
}

/** Packages the folder that `write` makes. */
export async function packaged(
  folder: string,
  write: (path: string) => Promise<void>,
): Promise<PackagedModel> {
  const home = await Home.open();
  const path = home.at(folder);
  await write(path);
  const built = await home.run(["build", path, "-t", NAME], { env: ENVIRONMENT });
  assert.equal(built.code, 0, built.stderr);
  return { home, path, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

/** The parts of a document that tests look at. */
// deno-lint-ignore no-explicit-any -- tests say what they expect of it
export type Document = any;

/** The card of a model as a document. */
export async function cardOf({ home }: PackagedModel): Promise<Document> {
  return JSON.parse(await home.done("inspect", NAME, "--card", "--json"));
}

/** The tensors of a model. */
export async function tensorsOf({ home }: PackagedModel): Promise<Document[]> {
  return JSON.parse(await home.done("inspect", NAME, "--tensors", "--json")).tensors;
}

/** The Modelfile that is generated for the folder. */
async function modelfileOf({ home, path }: PackagedModel): Promise<string> {
  const output = home.at("generated");
  await home.done("modelfile", "generate", path, "-O", output, "--overwrite");
  return await Deno.readTextFile(`${output}/Modelfile`);
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

/** What a person sees: the Modelfile, and the card at three widths, are those of a file. */
export async function checkPicture(
  model: PackagedModel,
  { room, title }: { readonly room: string; readonly title: string },
): Promise<void> {
  const cards: string[] = [];
  for (const columns of [120, 80, 40]) {
    const options = { terminal: true, columns, env: ENVIRONMENT };
    const { code, stdout, stderr } = await model.home.run(["inspect", NAME], options);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const line of stdout.split("\n")) assert.ok(line.length <= columns, line);
    cards.push(`=== ${columns} columns\n${stdout}`);
  }
  const picture = [`=== Modelfile\n${await modelfileOf(model)}`, ...cards].join("\n");
  // To agree on a new one: delete the file, run this test, and read what it wrote.
  const name = title.replace(/^\W+/, "").replace(/\W+/g, "-");
  const file = besideTests(`../model/folders/testdata/${room}/${name}.txt`);
  const agreed = await Deno.readTextFile(file).catch(async (error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, picture);
    return picture;
  });
  assert.equal(picture, agreed);
}

/** Modelfile, configuration and card say the same, and the specification allows it. */
export async function checkAgreement(model: PackagedModel): Promise<void> {
  const { facts } = await cardOf(model);
  const document: Document = JSON.parse(await model.home.done("inspect", NAME, "--config"));
  assert.ok(isConfig(document), JSON.stringify(isConfig.errors));
  const { descriptor, config }: Document = document;
  assert.deepEqual(
    [facts.architecture, facts.family, facts.format, facts.precision, facts.quantization],
    [config.architecture, descriptor.family, config.format, config.precision, config.quantization],
  );
  assert.deepEqual(facts.license && [facts.license], descriptor.licenses);
  const stated = {
    NAME: descriptor.name,
    ARCH: config.architecture,
    FAMILY: descriptor.family,
    FORMAT: config.format,
    PARAMSIZE: config.paramSize,
    PRECISION: config.precision,
    QUANTIZATION: config.quantization,
  };
  const known = Object.entries(stated).filter(([, value]) => value !== undefined);
  assert.deepEqual(valuesOf(await modelfileOf(model)), Object.fromEntries(known));
}
