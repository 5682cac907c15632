import assert from "node:assert/strict";
import { LINE_WIDTH, longComments } from "../../scripts/comments.ts";

const WORDS = "w ".repeat(LINE_WIDTH);

Deno.test("longComments() names the line of each kind of comment that is too long", () => {
  const text = ["a();", `// ${WORDS}`, `/** ${WORDS} */`, "/**", ` * ${WORDS}`, " */"].join("\n");
  assert.deepEqual(longComments(new Map([["src/a.ts", text]])), [
    "src/a.ts:2 has a comment of 203 characters",
    "src/a.ts:3 has a comment of 207 characters",
    "src/a.ts:5 has a comment of 203 characters",
  ]);
});

Deno.test("longComments() leaves code, directives, URLs and lines that just fit", () => {
  const just = `// ${"w".repeat(LINE_WIDTH - 3)}`;
  const lines = [just, `const a = "${WORDS}";`, `// deno-lint-ignore ${WORDS}`];
  const url = ` * See https://example.com/${"a".repeat(LINE_WIDTH)}`;
  assert.deepEqual(longComments(new Map([["src/a.ts", [...lines, url].join("\n")]])), []);
});
