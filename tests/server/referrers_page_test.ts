import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { ReferrersPage } from "../../src/server/referrers_page.ts";
import { utf8 } from "../conformance/distribution_client.ts";

/** A referrer whose JSON is about as long as its note. */
function referrer(note: string): Descriptor {
  const bytes = utf8(note);
  const annotations = { note };
  return { mediaType: "a/b", digest: digestBytes(bytes), size: bytes.byteLength, annotations };
}

/** Reads all pages, each time from all referrers. */
function readAll(referrers: readonly Descriptor[], limit: number): string[][] {
  const pages: string[][] = [];
  for (let last: string | undefined = ""; last !== undefined;) {
    const page: ReferrersPage = new ReferrersPage(last, limit);
    for (const each of referrers) page.add(each);
    const { items, next } = page.finish();
    pages.push(items.map((item) => item.digest));
    last = next;
  }
  return pages;
}

Deno.test("ReferrersPage is empty and the last without referrers", () => {
  assert.deepEqual(readAll([], 1000), [[]]);
});

Deno.test("ReferrersPage holds one referrer even when that is too large", () => {
  const large = [referrer("a".repeat(5000)), referrer("b".repeat(5000))];
  assert.deepEqual(readAll(large, 10), large.map(({ digest }) => [digest]).sort());
});

Deno.test("ReferrersPage after page lists every referrer once, in order, whatever their sizes", () => {
  const notes = fc.uniqueArray(fc.string({ maxLength: 600 }), { maxLength: 40 });
  fc.assert(fc.property(notes, fc.integer({ min: 1, max: 3000 }), (notes, limit) => {
    const referrers = notes.map(referrer);
    const listed = readAll(referrers, limit).flat();
    assert.deepEqual(listed, referrers.map(({ digest }) => digest).sort());
  }));
});
