import assert from "node:assert/strict";
import { repositoryRoot } from "./repository.ts";
import { productFiles } from "./source_graph.ts";

/** A repeated atom with which an expression begins: a class, an escape, a group or a character. */
const RUN = String.raw`(?:\[(?:\\.|[^\]\\])*\]|\\.|[^\\[(^])[+*]`;

/** `x+$` and its like look at a run again from each of its characters. */
const RUN_AT_THE_END = new RegExp(String.raw`(?:^|\|)(?:\(\?<=[^)]*\))?${RUN}\$`);

/** `(x+)*` tries every way to cut a run into pieces, unless something stands between two. */
const RUN_OF_RUNS = new RegExp(String.raw`\(${RUN}(?:(?:\\.|[^()\\])\?)?\)[+*]`);

/** The texts of the regular expressions of a source file. */
function expressionsOf(source: string): string[] {
  const literal =
    /(?<=[(,=:[!&|?]\s*|return\s+)\/(?![/*])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\//g;
  return Array.from(source.matchAll(literal), ([, body = ""]) => body);
}

const isSlow = (body: string) => RUN_AT_THE_END.test(body) || RUN_OF_RUNS.test(body);

Deno.test("no regular expression of the product takes the square of a text's length for a run in it", async () => {
  const found: string[] = [];
  for (const file of await productFiles()) {
    const source = await Deno.readTextFile(new URL(file, repositoryRoot));
    found.push(...expressionsOf(source).filter(isSlow).map((body) => `${file}: /${body}/`));
  }
  assert.deepEqual(found, [], "use withoutEnd() of src/core/text.ts, or split the text");
});

Deno.test("the rule about regular expressions knows the slow forms, and no others", () => {
  for (
    const slow of ["\\/+$", "[. ]+$", "^\\/+|\\/+$", "(?<=[^/])\\/+$", "^\\.(\\/+\\.?)*$", "\\0*$"]
  ) {
    assert(isSlow(slow), slow);
  }
  for (const fast of ["^[a-z]+$", "\\.\\d+Z$", "^a(?:-[a-z]+)*$", "[^/]\\.([a-z]+)$", "^\\/+"]) {
    assert(!isSlow(fast), fast);
  }
  assert.deepEqual(expressionsOf("a.replace(/x+$/, 1) / b / c; const d = /[/]$/;"), [
    "x+$",
    "[/]$",
  ]);
});
