import assert from "node:assert/strict";
import * as node from "node:path/posix";
import fc from "fast-check";
import * as ours from "../../../src/core/runtime/posix_path.ts";

/** Paths of few words, so that parts meet their likes, and of any text. */
const path = fc.oneof(
  fc.array(fc.constantFrom("a", "bc", "a.b", ".", "..", "...", "", "\\", "ä b"), { maxLength: 7 })
    .map((parts) => parts.join("/")),
  fc.string(),
);

Deno.test("a path has the folder, the name and the plain form that Node gives it", () => {
  fc.assert(
    fc.property(path, (path) => {
      assert.equal(ours.dirname(path), node.dirname(path));
      assert.equal(ours.basename(path), node.basename(path));
      assert.equal(ours.normalize(path), node.normalize(path));
      assert.equal(ours.isAbsolute(path), node.isAbsolute(path));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("paths are joined, resolved and related as Node does it", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 4 }), path, path, (parts, from, to) => {
      assert.equal(ours.join(...parts), node.join(...parts));
      assert.equal(ours.resolve(...parts), node.resolve(...parts));
      assert.equal(ours.relative(from, to), node.relative(from, to));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("separators are those of Node", () => {
  assert.deepEqual([ours.sep, ours.delimiter], [node.sep, node.delimiter]);
});
