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

Deno.test("diffListings() takes a name that an archive has composed for the one that it was", () => {
  const bundle = listing("bundle", {
    "e\u0301": ["e"],
    "o\u0302": ["o"],
    "ö": ["both"],
    "o\u0308": ["2"],
  });
  const folder = listing("folder", { "é": ["e"], "ô": ["other"], "ö": ["both"] });
  const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path);
  for (const [from, to] of [[bundle, folder], [folder, bundle]] as const) {
    const diff = diffListings({ ...from, mayBeComposed: true }, to);
    assert.deepEqual(paths([...diff.added, ...diff.removed]), ["o\u0308"]);
    assert.deepEqual(paths(diff.modified), [to === folder ? "ô" : "o\u0302"]);
    assert.deepEqual(diff.unchanged.length, 2);
  }
  // A folder that will be published is another bundle with other names.
  assert.equal(diffListings(bundle, folder).added.length, 2);
});
