import assert from "node:assert/strict";
import fc from "fast-check";
import { type Digest, digestBytes } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { type BlobSource, bytesSource, rangeBounds } from "../../../src/core/content/source.ts";
import { type FilePart, rangeDigests } from "../../../src/model/compare/range_digests.ts";

const MIB = 1024 * 1024;

/** A source of bytes that differ, in chunks of some size, which counts what is opened of it. */
function countedSource(size: number, chunk = 64 * 1024) {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 255);
  const opened: { readonly start: number; readonly end: number }[] = [];
  const source: BlobSource = {
    size,
    async open({ range } = {}) {
      const { start, end } = rangeBounds(range, size);
      opened.push({ start, end });
      let at = start;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= end) return controller.close();
          controller.enqueue(bytes.slice(at, at = Math.min(end, at + chunk)));
        },
      });
    },
  };
  return { source, bytes, opened };
}

/** The digests of all parts, each of which is told once. */
async function digestsOf(source: BlobSource, parts: readonly FilePart[]): Promise<Digest[]> {
  const told = new Map<number, Digest>();
  await rangeDigests(source, parts, (part, digest) => {
    assert.ok(!told.has(part), `part ${part} twice`);
    told.set(part, digest);
  });
  return parts.map((_, index) => told.get(index)!);
}

Deno.test("parts in any order, beside and over each other, have the digests of their bytes", async () => {
  const part = fc.record({ start: fc.nat(3000), bytes: fc.nat(500) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 12 }),
      fc.integer({ min: 1, max: 700 }),
      async (parts, chunk) => {
        const { source, bytes } = countedSource(4000, chunk);
        const expected = parts.map(({ start, bytes: size }) =>
          digestBytes(bytes.subarray(start, start + size))
        );
        assert.deepEqual(await digestsOf(source, parts), expected);
      },
    ),
  );
});

Deno.test("parts that lie one behind the other are read in one go", async () => {
  const { source, opened } = countedSource(3 * MIB);
  const parts = Array.from(
    { length: 300 },
    (_, index) => ({ start: index * 10_000, bytes: 9_000 }),
  );
  await digestsOf(source, parts.toReversed());
  assert.deepEqual(opened, [{ start: 0, end: 299 * 10_000 + 9_000 }]);
});

Deno.test("what is far between two parts is not read", async () => {
  const { source, opened } = countedSource(4 * MIB);
  await digestsOf(source, [{ start: 10, bytes: 5 }, { start: 3 * MIB, bytes: 5 }]);
  assert.deepEqual(opened, [{ start: 10, end: 15 }, { start: 3 * MIB, end: 3 * MIB + 5 }]);
});

Deno.test("it tells how many bytes of the parts are done", async () => {
  const { source } = countedSource(200_000, 50_000);
  const told: number[] = [];
  const parts = [{ start: 0, bytes: 60_000 }, { start: 100_000, bytes: 100_000 }];
  await rangeDigests(source, parts, () => {}, { onBytes: (bytes) => told.push(bytes) });
  assert.deepEqual(told, [50_000, 60_000, 110_000, 160_000]);
});

Deno.test("it stops where it is asked to, and a part outside the file is invalid", async () => {
  const stopper = new AbortController();
  const { source } = countedSource(MIB, 1000);
  const parts: FilePart[] = [{ start: 0, bytes: MIB }];
  await assert.rejects(
    rangeDigests(source, parts, () => {}, {
      signal: stopper.signal,
      onBytes: (bytes) => bytes > 5000 && stopper.abort(new Error("enough")),
    }),
    /enough/,
  );
  await assert.rejects(
    digestsOf(bytesSource(new Uint8Array(9)), [{ start: 5, bytes: 5 }]),
    InvalidInputError,
  );
});
