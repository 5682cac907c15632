import assert from "node:assert/strict";
import { findTwins, TWIN_LENGTH } from "../../scripts/twins.ts";

/** Ten lines of code that are like no others. */
const RUN = Array.from({ length: TWIN_LENGTH }, (_, index) => `call(${index});`);

function twins(...sources: readonly (readonly string[])[]) {
  return findTwins(new Map(sources.map((lines, index) => [`${index}.ts`, lines.join("\n")])));
}

Deno.test("findTwins() names both places of a run and its length", () => {
  assert.deepEqual(twins(["a();", ...RUN, "b();"], [...RUN, "c();"]), [
    { places: ["0.ts:2-11", "1.ts:1-10"], length: 10 },
  ]);
});

Deno.test("findTwins() reports a longer run once, and runs of one file too", () => {
  const long = [...RUN, "a();", "b();"];
  assert.deepEqual(twins(long, long).map(({ length }) => length), [12]);
  assert.deepEqual(twins([...RUN, "x();", ...RUN]).map(({ places }) => places[1]), ["0.ts:12-21"]);
});

Deno.test("findTwins() is not misled by white space and comments", () => {
  const commented = RUN.flatMap((line) => ["// why", "/* what", " * and how */", "", `  ${line}`]);
  assert.equal(twins(RUN, commented).length, 1);
});

Deno.test("findTwins() counts neither imports, nor comments, nor runs of nine lines", () => {
  const names = Array.from({ length: 12 }, (_, index) => `  name${index},`);
  const imports = ["import {", ...names, '} from "./names.ts";'];
  const exports = ["export {", ...names, '} from "./names.ts";'];
  const comment = ["/**", ...names.map((name) => ` * ${name}`), " */"];
  const shared = [...imports, ...exports, ...comment, ...RUN.slice(1)];
  assert.deepEqual(twins([...shared, "a();"], [...shared, "b();"]), []);
});
