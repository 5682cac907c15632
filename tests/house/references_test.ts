import assert from "node:assert/strict";
import { MODELFILE_EXAMPLE } from "../../scripts/docs/modelfile.ts";
import { EXAMPLE, FLAT_EXAMPLE } from "../../scripts/docs/modelops_yaml.ts";
import { BUNDLE_COMMANDS } from "../../src/cli/bundle_commands.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { specForms } from "../../src/bundle/spec/json_schema.ts";
import { parseSpec } from "../../src/bundle/spec/parse.ts";
import { parseModelfile } from "../../src/model/modelfile/parser.ts";
import { FILE_INSTRUCTIONS, VALUE_INSTRUCTIONS } from "../../src/model/modelfile/values.ts";
import { repositoryRoot } from "./repository.ts";

Deno.test("the examples of the reference of modelops.yaml can be used", () => {
  assert.equal(parseSpec(EXAMPLE, "modelops.yaml").externalRules[0]?.sizeThreshold, 10485760);
  assert.deepEqual(parseSpec(FLAT_EXAMPLE, "modelops.yaml").roles, { default: ["code"] });
});

/** Every key of a map and of what is in it. */
function keysOf(part: ReturnType<typeof specForms>["nested"]): string[] {
  const inner = part.anyOf?.find(({ type }) => type !== "null") ?? part;
  const below = Object.entries(inner.properties ?? {}).flatMap((
    [key, value],
  ) => [key, ...keysOf(value)]);
  return inner.items ? [...below, ...keysOf(inner.items)] : below;
}

Deno.test("the reference of modelops.yaml has an example and a row of every key", async () => {
  const reference = await Deno.readTextFile(new URL("docs/modelops-yaml.md", repositoryRoot));
  const keys = keysOf(specForms().nested);
  assert.ok(keys.length >= 19);
  for (const key of keys) {
    assert.match(EXAMPLE, new RegExp(`\\b${key}:`), key);
    assert.match(
      reference,
      new RegExp(`\\| \`[^\`]*\\b${key}\` +\\| [^|]+\\| [^|]*\\w[^|]*\\|`),
      key,
    );
  }
});

Deno.test("the reference of Modelfiles has a row and an example of every instruction", async () => {
  const reference = await Deno.readTextFile(new URL("docs/modelfile.md", repositoryRoot));
  const { entries, ...facts } = parseModelfile(MODELFILE_EXAMPLE);
  const kinds = new Set(entries.map(({ kind }) => kind));
  for (const instruction of [...VALUE_INSTRUCTIONS, ...FILE_INSTRUCTIONS]) {
    const { command } = instruction;
    assert.ok("key" in instruction ? facts[instruction.key] : kinds.has(instruction.kind), command);
    assert.match(reference, new RegExp(`^\\| \`${command}\` +\\| [^|]*\\w[^|]*\\|`, "m"), command);
  }
});

Deno.test("README and CONTRIBUTING lead to every document", async () => {
  const texts = await Promise.all(
    ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/modelops-yaml.md"]
      .map((file) => Deno.readTextFile(new URL(file, repositoryRoot))),
  );
  for await (const { name, isFile } of Deno.readDir(new URL("docs/", repositoryRoot))) {
    if (isFile) assert.ok(texts.join().includes(name), `nothing leads to docs/${name}`);
  }
});

Deno.test("the reference of JSON documents has that of every command", async () => {
  const text = await Deno.readTextFile(new URL("docs/json.md", repositoryRoot));
  const leaves = COMMANDS.filter(({ name, hidden }) => !hidden && name !== "bundle")
    .flatMap(({ name }) =>
      name === "modelfile" ? [`${name} generate`, `${name} validate`] : [name]
    );
  const all = [...leaves, ...BUNDLE_COMMANDS.map(({ name }) => `bundle ${name}`)];
  // `bundle pull` writes what `bundle materialize` does; the others are described in a sentence.
  const described = ["serve", "completion", "help", "bundle schema", "bundle pull"];
  for (const name of all.filter((name) => !described.includes(name))) {
    assert.match(text, new RegExp(`^## ${name}( --check)?$`, "m"));
  }
});

/** Every key of a value and of what is in it. */
function jsonKeys(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(jsonKeys)];
}

Deno.test("JSON has one style of keys, and modctl's where modctl defines the document", async () => {
  const text = await Deno.readTextFile(new URL("docs/json.md", repositoryRoot));
  const sections = [...text.matchAll(/^## (.+)\n\n```json\n([^`]+)```$/gm)];
  assert.ok(sections.length > 30);
  for (const [, title = "", json = ""] of sections) {
    const style = title === "inspect" ? /^[A-Z][A-Za-z0-9]*$/ : /^[a-z][A-Za-z0-9]*$/;
    for (const key of jsonKeys(JSON.parse(json))) assert.match(key, style, title);
  }
});
