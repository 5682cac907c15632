import assert from "node:assert/strict";
import fc from "fast-check";
import { readSettings } from "../../../src/core/yaml/settings_file.ts";

Deno.test("readSettings() gives what a file says, an empty one too", async () => {
  assert.deepEqual(await readSettings("a:\n  b: [1, x]\n"), { value: { a: { b: [1, "x"] } } });
  for (const text of ["", "# a comment\n"]) {
    assert.deepEqual(await readSettings(text), { value: null });
  }
});

/** Ten times ten times ten … of what one line names. */
const LAUGHS = [
  "a: &a [x, x]",
  ..."bcdefg".split("").map((name, index) => {
    const before = "abcdefg"[index];
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]`;
  }),
].join("\n");

const FAULTS: readonly (readonly [what: string, text: string, fault: RegExp])[] = [
  ["maps in a line", '{"a":'.repeat(200_000), /^it has more than 40000 lines and entries$/],
  ["lists in a line", "[".repeat(20_000), /^it is nested too deep$/],
  ["lists of lists", "- ".repeat(20_000), /^it is nested too deep$/],
  [
    "maps below each other",
    Array.from({ length: 1000 }, (_, index) => `${" ".repeat(index)}k:`).join("\n"),
    /^it is nested too deep$/,
  ],
  ["aliases of aliases", LAUGHS, /^its aliases stand for more than 100000 values$/],
  ["a text of 2 MB", "x".repeat(2_000_000), /^it has more than 1048576 characters$/],
  ["a list that is not closed", "a:\n  b: [", /^line 2: Flow sequence /],
];

for (const [what, text, fault] of FAULTS) {
  Deno.test(`readSettings() refuses ${what}, and says why`, async () => {
    const read = await readSettings(text);
    assert.match("fault" in read ? read.fault : "", fault);
  });
}

Deno.test("readSettings() gives a value or a fault for any text", async () => {
  const unit = fc.constantFrom(..."ab:-[]{}&*!|>#'\"\n ?,");
  await fc.assert(fc.asyncProperty(fc.string({ unit, maxLength: 30 }), async (text) => {
    const read = await readSettings(text);
    assert.ok("value" in read || read.fault !== "");
  }));
});
