import assert from "node:assert/strict";
import { SpecText } from "../../../src/bundle/spec/text.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { FLAT, NESTED } from "./support.ts";

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

Deno.test("texts that would keep the parser busy are refused", () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ["#".repeat(2 ** 20 + 1), /more than 1048576 characters/],
    ["- 1\n".repeat(50_000), /more than 40000 lines and entries/],
    ["a: ? ".repeat(200), /more than 100 keys that are announced/],
    ["a: " + "[".repeat(20_000), /^it is nested too deep$/],
    ["- ".repeat(20_000), /^it is nested too deep$/],
    ["a: 1\nb: 2\na: 3\n", /^Map keys must be unique$/],
  ];
  for (const [text, says] of rows) {
    const [fault] = new SpecText(text).faults;
    assert.match(fault?.message ?? "", says);
  }
  assert.equal(new SpecText("a: 1\nb: 2\na: 3\n").faults[0]?.line, 3);
});
