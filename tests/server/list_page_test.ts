import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type ListPage, readPage } from "../../src/server/list_page.ts";
import { utf8 } from "../conformance/distribution_client.ts";

/** A referrer whose JSON is about as long as its note. */
function referrer(note: string): Descriptor {
  const bytes = utf8(note);
  const annotations = { note };
  return { mediaType: "a/b", digest: digestBytes(bytes), size: bytes.byteLength, annotations };
}

/** Reads all pages, each time from all referrers; an item counts for the length of its note. */
async function readAll(referrers: readonly Descriptor[], limit: number): Promise<string[][]> {
  const sorted = referrers.toSorted((a, b) => a.digest < b.digest ? -1 : 1);
  async function* list() {
    yield* sorted;
  }
  const pages: string[][] = [];
  for (let last: string | undefined = ""; last !== undefined;) {
    const { items, next }: ListPage<Descriptor> = await readPage(list(), {
      nameOf: ({ digest }) => digest,
      weightOf: (item) => JSON.stringify(item).length,
      last,
      limit,
    });
    pages.push(items.map((item) => item.digest));
    last = next;
  }
  return pages;
}

Deno.test("a page of nothing is empty and the last", async () => {
  assert.deepEqual(await readAll([], 1000), [[]]);
});

Deno.test("a page holds one item even when that is too large", async () => {
  const large = [referrer("a".repeat(5000)), referrer("b".repeat(5000))];
  assert.deepEqual(await readAll(large, 10), large.map(({ digest }) => [digest]).sort());
});

Deno.test("page after page has every item once, in order, whatever their sizes", async () => {
  const notes = fc.uniqueArray(fc.string({ maxLength: 600 }), { maxLength: 40 });
  const limits = fc.integer({ min: 1, max: 3000 });
  await fc.assert(fc.asyncProperty(notes, limits, async (notes, limit) => {
    const referrers = notes.map(referrer);
    const listed = (await readAll(referrers, limit)).flat();
    assert.deepEqual(listed, referrers.map(({ digest }) => digest).sort());
  }));
});
