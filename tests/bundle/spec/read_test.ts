import assert from "node:assert/strict";
import fc from "fast-check";
import { bumpVersion } from "../../../src/bundle/spec/bump.ts";
import { parseSpec, readSpecFile } from "../../../src/bundle/spec/read.ts";
import { SpecText } from "../../../src/bundle/spec/text.ts";
import { expandTemplate, templateFault } from "../../../src/bundle/spec/uri_template.ts";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { tempFolder } from "../../support/temp.ts";

const NESTED = `# The model of the season
apiVersion: v1
kind: Bundle
metadata: { name: epi-sir, version: "1.3.0", description: SIR model }   # bump me
spec:
  layers:
    - { name: code,   type: code,   files: ["src/**/*.py", "requirements.txt"], ignore: ["*.pyc"] }
    - { name: config, type: config, files: ["config/*.yaml"] }
    - { name: data,   type: data,   files: ["data/*"] }
  roles: { default: [code, config], runtime: [code, config], training: [code, config, data] }
  external_rules:
    - { pattern: "data/*.parquet", uri_template: "az://bundles/epi-sir/{path}", tier: cool, size_threshold: 10485760 }
  oras_size_limit: 104857600
`;

const FLAT = `name: EPI-sir
version: 1.8.0
layers:
  - name: code
    type: code
    files:
      - src/**
roles:
  default:
    - code
`;

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
    "14: spec.external_rules[0].size_threshold is not a whole number of bytes",
  ]);
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

Deno.test("SpecText.withVersion() changes the version and no other byte", () => {
  assert.equal(
    new SpecText(NESTED).withVersion("1.3.1"),
    NESTED.replace('"1.3.0"', '"1.3.1"'),
  );
  assert.equal(new SpecText(FLAT).withVersion("2.0.0"), FLAT.replace("1.8.0", "2.0.0"));
  const odd = "# 1.0.0\nmetadata:\r\n  version:   '1.0.0'   # 1.0.0\r\n  name: x\nspec: {}\n";
  assert.equal(
    new SpecText(odd).withVersion("1.1.0"),
    odd.replace("'1.0.0'", "'1.1.0'"),
  );
});

Deno.test("SpecText.withVersion() refuses a version that is not plain text in one place", () => {
  for (const text of ["spec: {}\nmetadata: {}\n", "version: |\n  1.0.0\n", "name: x\n"]) {
    assert.throws(() => new SpecText(text).withVersion("1.0.1"), InvalidInputError);
  }
});

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

Deno.test("bumpVersion() gives the golden versions", () => {
  assert.equal(bumpVersion("1.2.3", "patch"), "1.2.4");
  assert.equal(bumpVersion("v1.2.3", "minor"), "v1.3.0");
  assert.equal(bumpVersion("vv1.2.3", "major"), "v2.0.0");
  assert.equal(bumpVersion("01.2.3", "patch"), "1.2.4");
  for (const bad of ["1.2", "1.2.3-rc1", "1.2.3+b", "", " 1.2.3", "1.-2.3", "1_0.2.3", "1.2.3.4"]) {
    assert.throws(() => bumpVersion(bad, "patch"), InvalidInputError, bad);
  }
  assert.throws(() => bumpVersion("1.2.3", "huge" as "major"), InvalidInputError);
});

Deno.test("expandTemplate() puts values in, and braces for doubled ones", () => {
  const values = { path: "a/{b}.bin", name: "n", version: "1", layer: "l", sha256: "f".repeat(64) };
  assert.equal(expandTemplate("az://c/{{x}}/{path}", values), "az://c/{x}/a/{b}.bin");
  assert.equal(
    expandTemplate("az://c/{name}/{version}/{layer}/{sha256}", values),
    `az://c/n/1/l/${values.sha256}`,
  );
  assert.equal(templateFault("az://c/{{x}}/{path}"), undefined);
  for (const bad of ["{", "}", "{}", "{nope}", "{path", "path}", "{{path}", "{__proto__}"]) {
    assert.ok(templateFault(bad), bad);
  }
});
