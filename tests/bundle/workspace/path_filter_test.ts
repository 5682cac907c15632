import assert from "node:assert/strict";
import { pathFilter } from "../../../src/bundle/workspace/path_filter.ts";

const PATHS = ["a.py", "src/a.py", "src/deep/b.py", "data/one.bin", "data/src/two.bin"];

/** What is asked for, and what comes of the paths above. */
const ROWS: readonly [Parameters<typeof pathFilter>[0], readonly string[]][] = [
  [{}, PATHS],
  [{ include: [], exclude: [] }, PATHS],
  [{ include: ["*.py"] }, ["a.py", "src/a.py", "src/deep/b.py"]],
  [{ include: ["src"] }, ["src/a.py", "src/deep/b.py", "data/src/two.bin"]],
  [{ include: ["src/"] }, ["src/a.py", "src/deep/b.py", "data/src/two.bin"]],
  [{ include: ["src/*"] }, ["src/a.py", "src/deep/b.py"]],
  [{ include: ["./data/*.bin"] }, ["data/one.bin"]],
  [{ include: ["/a.py"] }, ["a.py", "src/a.py"]],
  [{ exclude: ["*.bin"] }, ["a.py", "src/a.py", "src/deep/b.py"]],
  [{ include: ["src/**"], exclude: ["deep"] }, ["src/a.py"]],
  [{ include: ["*.py"], exclude: ["*.py"] }, []],
];

for (const [options, expected] of ROWS) {
  Deno.test(`of the files of a bundle ${JSON.stringify(options)} takes ${expected.length}`, () => {
    assert.deepEqual(PATHS.filter(pathFilter(options)), expected);
  });
}

for (const pattern of ["", "/", "./", "[a-"]) {
  Deno.test(`${JSON.stringify(pattern)} is refused as a pattern, to include and to exclude`, () => {
    const refused = /^InvalidInputError: Cannot use ".*" as a pattern: ./;
    assert.throws(() => pathFilter({ include: ["*.py", pattern] }), refused);
    assert.throws(() => pathFilter({ exclude: [pattern] }), refused);
  });
}
