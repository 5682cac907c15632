/**
 * The reference of `modelops.yaml`, made of the schema that files are checked by.
 * @module
 */
import { type SchemaPart, specForms, specJsonSchema } from "../../src/bundle/spec/json_schema.ts";
import { PLACEHOLDERS } from "../../src/bundle/spec/uri_template.ts";

/** An example that has every key. */
export const EXAMPLE = `apiVersion: v1                      # any text
kind: Bundle
metadata:
  name: epi-sir                     # part of the repository's name
  version: "1.3.0"                  # the tag, so in quotes where it looks like a number
  description: SIR model            # for people
spec:
  layers:                           # sets of files
    - name: code
      type: code
      files: ["src/**/*.py", requirements.txt]
      ignore: ["**/__pycache__/**"]
    - name: config
      type: config
      files: ["config/*.yaml"]
    - name: data
      type: data
      files: ["data/**"]
  roles:                            # what a machine needs
    default: [code, config]         # taken when no role is asked for
    training: [code, config, data]
  external_rules:                   # what goes to an object store
    - pattern: "data/*.parquet"
      uri_template: "az://bundles/{name}/{version}/{path}"
      tier: cool
      size_threshold: 10485760      # smaller ones stay in the registry
  oras_size_limit: 104857600        # larger files need a rule
x-owner: team-a                     # what starts with x- is for others
`;

/** The same in the flat form, with what is needed. */
export const FLAT_EXAMPLE = `name: epi-sir
version: "1.3.0"
layers: [{ name: code, type: code, files: ["src/**"] }]
roles: { default: [code] }
`;

/** `docs/modelops-yaml.md` */
export function specReference(): Promise<string> {
  const { nested, flat } = specForms();
  const top = Object.keys(flat.properties ?? {}).map((key) => `\`${key}\``).join(", ");
  return Promise.resolve(`# modelops.yaml

What a bundle is made of, and where its files go. Written by \`deno task generate\` from the schema
that files are checked by; do not edit. \`modelops bundle init\` writes a first one for a folder, and
\`modelops bundle schema\` the JSON Schema for editors, which is also
[modelops.schema.json](modelops.schema.json).

The file is looked for under the names \`modelops.yaml\`, \`modelops.yml\`, \`.mops-bundle.yaml\` and
\`.mops-bundle.yml\`, in this order.

## Example

\`\`\`yaml
${EXAMPLE}\`\`\`

## Keys

${keyTable(nested)}

A key that is not here is refused, with the one that was perhaps meant. Keys that start with \`x-\` are
passed over wherever they are.

## The flat form

Without the key \`spec\` the same keys are at the top: ${top}. \`apiVersion\` and \`kind\` may be
left out then.

\`\`\`yaml
${FLAT_EXAMPLE}\`\`\`

## Patterns

Patterns of \`files\` go part by part: \`*\`, \`?\` and \`[…]\` stop at a slash, \`**\` is any number of folders,
and a wildcard does not match a name that starts with a dot. Patterns of \`ignore\` and \`pattern\` are
compared with the whole path, in which \`*\` crosses slashes. All are relative to the folder of the
file; links are followed as long as they stay in it.

## Addresses

A template may use ${PLACEHOLDERS.map((name) => `\`{${name}}\``).join(", ")}; a doubled brace is a
brace. \`az://container/key\` (also \`azure://\`) goes to Azure Blob Storage, or below the folder that
\`--object-store\` or \`OBJECT_STORE\` names where no login of Azure is set. \`file:relative/path\` and
\`file:///absolute/path\` lead below that folder and nowhere else. \`s3://\` and \`gs://\` are read and not
opened.

An address without \`{sha256}\` or \`{version}\` is that of every version: the next push of other
content replaces its object, with a warning, and earlier bundles have lost theirs. Of two pushes at
once one replaces nothing of the other: it ends with 12.

## YAML

The file is read as PyYAML reads it: YAML 1.1 with merge keys (\`<<\`), anchors and aliases; \`yes\`, \`no\`,
\`on\` and \`off\` are switches, and a version such as \`1.10\` has to be in quotes. A key that comes twice
is refused.
`);
}

/** `docs/modelops.schema.json` */
export function specSchemaFile(): Promise<string> {
  return Promise.resolve(`${JSON.stringify(specJsonSchema(), undefined, 2)}\n`);
}

function keyTable(form: SchemaPart): string {
  const rows = [...rowsOf(form, "")];
  return ["| key | value | |", "| --- | --- | --- |", ...rows].join("\n");
}

/** A row for each key of a map, and for those below it. */
function* rowsOf(map: SchemaPart, prefix: string): Generator<string> {
  for (const [key, part] of Object.entries(map.properties ?? {})) {
    const path = prefix + key;
    const needed = map.required?.includes(key) ? "; required" : "";
    yield `| \`${path}\` | ${valueOf(part)}${needed} | ${part.description ?? ""} |`;
    const inner = present(part);
    yield* rowsOf(inner, `${path}.`);
    if (inner.items) yield* rowsOf(inner.items, `${path}[].`);
  }
}

/** A part without the null that stands for its absence. */
function present(part: SchemaPart): SchemaPart {
  return part.anyOf?.find(({ type }) => type !== "null") ?? part;
}

function valueOf(part: SchemaPart): string {
  const { type, enum: values, const: value, items, additionalProperties } = present(part);
  if (value !== undefined) return `\`${value}\``;
  const known = values?.filter((value) => value !== null);
  if (known) return known.map((value) => `\`${value}\``).join(", ");
  const [name = ""] = [type].flat().filter((name) => name !== "null");
  if (name === "array" && items) return `list of ${valueOf(items)}`;
  if (name === "object" && typeof additionalProperties === "object") {
    return `map to ${valueOf(additionalProperties)}`;
  }
  return NOUNS[name] ?? name;
}

const NOUNS: Readonly<Record<string, string>> = {
  integer: "whole number",
  object: "map",
  string: "text",
};
