import assert from "node:assert/strict";
import fc from "fast-check";
import { readPythonYaml } from "../../../src/bundle/spec/python_yaml.ts";
import { LineCounter } from "../../../src/deps/yaml.ts";

function read(text: string) {
  return readPythonYaml(text, new LineCounter());
}

Deno.test("readPythonYaml() takes for numbers and switches what PyYAML takes for them", () => {
  // As `yaml.safe_load` of PyYAML 6.0.3 reads them.
  const values: Record<string, unknown> = {
    ...{ yes: true, On: true, TRUE: true, no: false, off: false, y: "y", N: "N", yEs: "yEs" },
    ...{ "017": 15, "08": "08", "0o17": "0o17", "1_000": 1000, "+1": 1, "0x1F": 31, "0b11": 3 },
    ...{ ".5": 0.5, "1.": 1, ".": ".", "1_000.5": 1000.5, "1e3": "1e3", "1e+3": "1e+3" },
    ...{ "1.e+3": 1000, "12e4567": "12e4567", "1.2.3": "1.2.3", "1:30": 90, "190:20:30": 685230 },
    ...{ "-.5": "-.5", "+.5": "+.5", "-.5e+3": "-.5e+3", ".5e+3": 500, "-0.5": -0.5 },
    ...{ "0:0": "0:0", "1:60": "1:60", "1:30.5": 90.5, "2024-1-1": "2024-1-1" },
    ...{ "~": null, Null: null, "": null, "v1.0": "v1.0", ".inf": Infinity },
  };
  for (const [text, value] of Object.entries(values)) {
    assert.deepEqual(read(`key: ${text}`).value, { key: value }, text);
  }
  assert.ok((read("key: 2024-01-01").value as { key: unknown }).key instanceof Date);
});

Deno.test("readPythonYaml() reads every document by YAML 1.1, whatever its directive says", () => {
  for (const version of ["1.1", "1.2", "1.3"]) {
    for (const before of ["", "\uFEFF", "# a comment\n\n"]) {
      assert.deepEqual(
        read(`${before}%YAML ${version}\n---\na: yes\n`).value,
        { a: true },
        version,
      );
    }
  }
  assert.match(read("%YAML 2.0\n---\na: yes\n").faults[0]!.message, /version 2\.0/);
});

Deno.test("readPythonYaml() adds no line break to a text that ends with its document", () => {
  const values: Record<string, string> = {
    ...{ "|\n  x": "x", "|\n  x\n": "x\n", ">\n  x\n  y": "x y", "|-\n  x": "x", "|+\n  x": "x" },
    ...{ "|+\n  x\n\n": "x\n\n", "|\n  x\n\n  y": "x\n\ny", "|\n  x\n\n": "x\n" },
  };
  for (const [text, value] of Object.entries(values)) {
    assert.deepEqual(read(`key: ${text}`).value, { key: value }, JSON.stringify(text));
  }
});

Deno.test("readPythonYaml() takes lines and brackets as PyYAML takes them", () => {
  const value = { a: ["x", "y"], b: { c: 1 } };
  for (
    const text of [
      "a: [\n  x,\n  y,\n]\nb: {\n  c: 1\n}\n",
      "a:\r- x\r- y\rb:\r  c: 1\r",
      "a:\r\n- x\r- y\nb:\r\n  c: 1",
      "\uFEFFa: [x,\r y]\rb: {c: 1}\r",
    ]
  ) {
    assert.deepEqual([read(text).value, read(text).faults], [value, []], JSON.stringify(text));
  }
});

Deno.test("readPythonYaml() refuses two merges in one map, of which PyYAML takes the last", () => {
  for (const text of ["a: {<<: {b: 1}, <<: {b: 2}}", "<<: {b: 1}\nc: 2\n<<: {b: 3}\n"]) {
    assert.match(read(text).faults[0]!.message, /unique/, text);
  }
});

Deno.test("readPythonYaml() merges maps, whose own keys win", () => {
  assert.deepEqual(
    read("base: &base {a: 1, b: 2}\nmade: {<<: *base, b: 3}\n").value,
    { base: { a: 1, b: 2 }, made: { a: 1, b: 3 } },
  );
  assert.deepEqual(
    read("made: {b: 3, <<: [{a: 1}, {a: 2, c: 4}]}\n").value,
    { made: { b: 3, a: 1, c: 4 } },
  );
});

Deno.test("readPythonYaml() takes an anchor that is used many times", () => {
  const { value, faults } = read(`a: &a [x, y]\nb: [${Array(1000).fill("*a").join(", ")}]\n`);
  assert.deepEqual(faults, []);
  assert.equal((value as { b: unknown[] }).b.length, 1000);
});

Deno.test("readPythonYaml() says which limit a document passes", () => {
  const texts: Record<string, RegExp> = {
    [`a: ${"x".repeat(1_100_000)}`]: /more than 1048576 characters/,
    [`a: ${"[".repeat(5000)}`]: /nested too deep/,
    ["- ".repeat(30_000)]: /nested too deep/,
    ["a: &a [*a]"]: /the alias \*a stands in what it names/,
    ["a: &a\n  <<: *a\n"]: /the alias \*a stands in what it names/,
    ["a: &a {b: &b {<<: [*a]}}"]: /the alias \*a stands in what it names/,
    ["a: &a {b: 1}\nc: &d {<<: *a, e: *d}"]: /the alias \*d stands in what it names/,
    ["a: *b\nb: &b 1"]: /the alias \*b names nothing that stands before it/,
    ["a: 1\n---\nb: 2\n"]: /^it holds several documents, want one$/,
    ["a: {__proto__: {b: 1}}"]: /no key may be called __proto__/,
    ["!a ".repeat(50_000)]: /more than 40000 lines and entries/,
    ["&a ".repeat(50_000)]: /more than 40000 lines and entries/,
    [
      `a: &a {${Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join(", ")}}\n${
        Array.from({ length: 2000 }, (_, index) => `m${index}: {<<: *a}\n`).join("")
      }`
    ]: /more than 100000 values/,
    [
      Array.from({ length: 60 }, (_, index) => `a${index}: &a${index} [[*a${index - 1}]]\n`).join(
        "",
      )
        .replace("*a-1", "1")
    ]: /nested too deep/,
    [
      Array.from(
        { length: 60 },
        (_, index) => `a${index}: &a${index} {b: *a${index - 1}, <<: *a${index - 1}}\n`,
      ).join("")
        .replaceAll("*a-1", "{c: 1}")
    ]: /more than 100000 values/,
    [`${"{a: ".repeat(101)}1${"}".repeat(101)}`]: /nested too deep/,
    [`a: &a [${"x, ".repeat(1000)}]\nb: [${"*a, ".repeat(1000)}]`]: /more than 100000 values/,
  };
  for (const [text, reason] of Object.entries(texts)) {
    const { faults, value } = read(text);
    assert.equal(value, undefined);
    assert.match(faults.map(({ message }) => message).join(), reason, text.slice(0, 40));
  }
});

Deno.test("readPythonYaml() refuses tags and aliases that PyYAML does not know", () => {
  for (const text of ["a: !foo x", "a: !!python/object:os.system x", "a: *nope", "a: 1\na: 2"]) {
    assert.equal(read(text).faults.length > 0, true, text);
  }
});

Deno.test("readPythonYaml() gives a value or faults for any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const { value, faults } = read(text);
    assert.ok(faults.length === 0 || value === undefined);
  }));
});
