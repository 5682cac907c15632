import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSpec } from "../../../src/bundle/spec/parse.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { FLAT, NESTED } from "./support.ts";

Deno.test("parseSpec() reads the nested form", () => {
  assert.deepEqual(parseSpec(NESTED, "modelops.yaml"), {
    name: "epi-sir",
    version: "1.3.0",
    description: "SIR model",
    layers: [
      {
        name: "code",
        type: "code",
        files: ["src/**/*.py", "requirements.txt"],
        ignore: ["*.pyc"],
      },
      { name: "config", type: "config", files: ["config/*.yaml"], ignore: [] },
      { name: "data", type: "data", files: ["data/*"], ignore: [] },
    ],
    roles: {
      default: ["code", "config"],
      runtime: ["code", "config"],
      training: ["code", "config", "data"],
    },
    externalRules: [{
      pattern: "data/*.parquet",
      uriTemplate: "az://bundles/epi-sir/{path}",
      tier: "cool",
      sizeThreshold: 10485760,
    }],
    orasSizeLimit: 104857600,
  });
});

Deno.test("parseSpec() reads the flat form, names in lower case, and fills in defaults", () => {
  assert.deepEqual(parseSpec(FLAT, "modelops.yaml"), {
    name: "epi-sir",
    version: "1.8.0",
    description: undefined,
    layers: [{ name: "code", type: "code", files: ["src/**"], ignore: [] }],
    roles: { default: ["code"] },
    externalRules: [],
    orasSizeLimit: 100_000_000,
  });
});

function problemsOf(text: string): string[] {
  try {
    parseSpec(text, "modelops.yaml");
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    assert.match(error.message, /^Cannot use "modelops.yaml": /);
    return (error.facts.problems ?? []).map(({ line, message }) => `${line}: ${message}`);
  }
  throw new Error("the spec was accepted");
}

Deno.test("parseSpec() reports all problems of shape at once, with their lines", () => {
  const problems = problemsOf(`apiVersion: v1
kind: Bundel
metadata:
  version: 1.2
spec:
  layers:
    - name: code
      files: src/**
  roles:
    default: {layers: [code]}
  external_rules:
    - pattern: "*"
      tier: frozen
      size_threshold: 1.5
`);
  assert.deepEqual(problems, [
    '2: kind is not "Bundle"',
    "3: metadata.name is missing",
    "4: metadata.version is a number: put it in quotes",
    "7: spec.layers[0].type is missing",
    "8: spec.layers[0].files is text, want a list",
    "10: spec.roles.default is a map, want a list",
    "13: spec.external_rules[0].tier is none of hot, cool and archive",
    "14: spec.external_rules[0].size_threshold is not a whole number",
  ]);
});

Deno.test("a role whose name YAML takes for something else than text is not known by another name", () => {
  const spec = (roles: string) =>
    `name: m
version: 1.0.0
layers:
  - &code {name: code, type: code, files: ["src/**"]}
  - {<<: *code, name: more}
roles:
${roles}
x-notes: {1: 2, 2024-01-01: [on]}
`;
  const names = ["on", "1", "1.50", "2024-01-01", "null", "0x1F"];
  assert.deepEqual(
    problemsOf(spec(names.map((name) => `  ${name}: [code]`).join("\n"))),
    names.map((name, at) => `${7 + at}: the key "${name}" is no text: put it in quotes`),
  );
  const quoted = names.filter((name) => /^[a-z0-9-]+$/.test(name));
  const { roles } = parseSpec(spec(quoted.map((name) => `  "${name}": [code]`).join("\n")), "m");
  assert.deepEqual(Object.keys(roles).sort(), quoted.toSorted());
});

Deno.test("parseSpec() reports all problems of meaning at once, with their lines", () => {
  const problems = problemsOf(`name: bad_name
version: 1.0.0+build
layers:
  - name: code
    type: code
    files: ["/etc/*", "../x", ok, "a\\\\b"]
  - name: code
    type: code
    files: ["x"]
  - name: Data Layer
    type: data
    files: ["x"]
roles:
  default: []
  Run: [cod, nothing-like-it]
external_rules:
  - pattern: a
    uri_template: "az://c/{nope}"
  - pattern: b
    uri_template: "az://c/{path"
  - pattern: c
    uri_template: "ftp://c/{path}"
  - pattern: d
    uri_template: "az://{path}"
`);
  assert.deepEqual(problems.map((problem) => problem.replace(/ \(.*\)$/, "")), [
    '1: name "bad_name" is not the name of a bundle',
    '2: version "1.0.0+build" cannot be a tag',
    '6: layers[0].files[0] "/etc/*" is absolute: write it relative to the working directory',
    '6: layers[0].files[1] "../x" leaves the working directory',
    '6: layers[0].files[3] "a\\\\b" has a backslash: write "/"',
    '7: layers[1].name "code" is the name of an earlier layer too',
    '10: layers[2].name "Data Layer" is not a name',
    "14: roles.default has no layers",
    "15: roles.Run is not a name",
    '15: roles.Run[0] names layer "cod", which does not exist; did you mean "code"?',
    '15: roles.Run[1] names layer "nothing-like-it", which does not exist',
    '18: external_rules[0].uri_template has an unknown placeholder "{nope}"; known are ' +
    "{path}, {name}, {version}, {layer}, {sha256}",
    '20: external_rules[1].uri_template has a single "{"',
    "22: external_rules[2].uri_template has an unknown scheme; write az://, azure://, s3://, gs:// or file://",
    "24: external_rules[3].uri_template gives no address: the key is missing",
  ]);
});

Deno.test("parseSpec() refuses addresses of files that lead out of their folder, with their lines", () => {
  const templates = ["file:.", "file:..", "file:{path}/..", "file:../{path}", "file:./{path}"];
  const percents = ["file:%2e%2e/{path}", "file:.%2E/{path}", "file:a%2f..%2f{path}"];
  for (const template of [...templates, ...percents, "file://{path}", "FILE:{path}"]) {
    const rules = `external_rules:\n  - pattern: "*"\n    uri_template: "${template}"\n`;
    assert.deepEqual(
      problemsOf(`${FLAT.trimEnd()}\n${rules}`).map((problem) => problem.split(" ").slice(1, 2)),
      [["external_rules[0].uri_template"]],
      template,
    );
  }
});

Deno.test("parseSpec() says where the text is no YAML", () => {
  assert.match(problemsOf("name: x\nlayers: [\nroles: {}\n")[0]!, /^[23]: /);
  assert.match(problemsOf("a: 1\na: 2\n")[0]!, /^2: .*unique/);
  assert.match(problemsOf("a: *nope\n").join(), /nope/);
  for (const text of ["", "- a\n", "text", "42", "null", "\u0000"]) {
    assert.ok(problemsOf(text).length > 0, JSON.stringify(text));
  }
});

Deno.test("parseSpec() refuses a document that grows when it is expanded", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level++) {
    const alias = `*a${level - 1}`;
    lines.push(`a${level}: &a${level} [${Array(10).fill(alias).join(", ")}]`);
  }
  assert.ok(problemsOf(`${lines.join("\n")}\n`).length > 0);
});

Deno.test("parseSpec() reads a spec or reports problems, whatever the text", () => {
  const mutated = fc.tuple(fc.nat(NESTED.length), fc.nat(40), fc.string()).map((
    [at, cut, text],
  ) => NESTED.slice(0, at) + text + NESTED.slice(at + cut));
  fc.assert(fc.property(fc.oneof(fc.string(), mutated), (text) => {
    try {
      parseSpec(text, "modelops.yaml");
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.ok(error.facts.problems?.length);
    }
  }));
});
