import assert from "node:assert/strict";
import { diffListings, type FileListing } from "../../../src/bundle/compare/diff.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const shaOf = (text: string) => digestHex(digestBytes(bytesOf(text)));

function listing(label: string, files: Record<string, [string, number?]>): FileListing {
  const listed = Object.entries(files).map(([path, [text, mode]]) =>
    [path, { path, size: text.length, sha256: shaOf(text), mode }] as const
  );
  return { label, files: new Map(listed) };
}

function isSame(from: FileListing, to: FileListing): boolean {
  const { added, modified, removed } = diffListings(from, to);
  return added.length + modified.length + removed.length === 0;
}

Deno.test("diffListings() sorts files into added, modified, removed and unchanged", () => {
  const from = listing("one", {
    gone: ["g"],
    same: ["s"],
    changed: ["old"],
    executable: ["e", 0o644],
    known: ["k", 0o755],
    touched: ["t", 0o644],
  });
  const to = listing("two", {
    "😀": ["n"],
    "～": ["n"],
    same: ["s"],
    changed: ["newer"],
    executable: ["e", 0o755],
    known: ["k"],
    touched: ["t", 0o600],
  });
  const diff = diffListings(from, to);
  const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path);
  assert.deepEqual([diff.from, diff.to], ["one", "two"]);
  assert.deepEqual(paths(diff.added), ["～", "😀"]);
  assert.deepEqual(paths(diff.modified), ["changed", "executable"]);
  assert.deepEqual(paths(diff.removed), ["gone"]);
  assert.deepEqual(paths(diff.unchanged), ["known", "same", "touched"]);
  assert.ok(isSame(to, to));
});
