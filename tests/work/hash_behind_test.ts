import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { hashBehind } from "../../src/work/hash_behind.ts";
import { runElsewhere } from "../../src/work/pool.ts";
import { otherWork } from "../../src/work/task.ts";
import { WrittenMark } from "../../src/work/written_mark.ts";
import { tempFolder } from "../support/temp.ts";

const IN_PLACE = { throwIfStopped() {}, advance() {} };

/** Where a writing begins in what is there, and the sizes of what is written after that. */
const writings = fc.array(
  fc.record({
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    sizes: fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 5 }),
    fill: fc.integer({ min: 1, max: 255 }),
    pause: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

Deno.test("whatever is written and written once more, the digest is that of the file in the end", async () => {
  await using folder = await tempFolder();
  let files = 0;
  await fc.assert(
    fc.asyncProperty(writings, async (plan) => {
      const path = await folder.write(`${files++}`, "");
      const mark = new WrittenMark();
      const hashing = hashBehind({ path, algorithm: "sha256", mark: mark.memory }, IN_PLACE);
      using file = await Deno.open(path, { write: true });
      let end = 0;
      for (const { from, sizes, fill, pause } of plan) {
        let position = Math.floor(from * end);
        mark.begin(position);
        file.seekSync(position, Deno.SeekMode.Start);
        for (const size of sizes) {
          file.writeSync(new Uint8Array(size).fill(fill));
          position += size;
          mark.reached(position);
          if (pause) await otherWork(3);
        }
        end = position;
      }
      mark.end();
      const { digest, size } = await hashing;
      assert.equal(size, end);
      assert.equal(digest, digestBytes((await Deno.readFile(path)).subarray(0, end)));
    }),
    { numRuns: 40 },
  );
});

Deno.test("a file that is shorter than its mark says gives the digest of what is there", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "abc");
  const mark = new WrittenMark();
  mark.reached(10);
  const hashed = await hashBehind({ path, algorithm: "sha512", mark: mark.memory }, IN_PLACE);
  const expected = digestBytes(new TextEncoder().encode("abc"), "sha512");
  assert.deepEqual(hashed, { digest: expected, size: 3 });
});

Deno.test("a hash on another core follows a mark of this one, and ends when it is stopped", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  for (const stopped of [false, true]) {
    const mark = new WrittenMark();
    const stop = new AbortController();
    const input = { path, algorithm: "sha256", mark: mark.memory } as const;
    const hashing = runElsewhere("hashBehind", input, { signal: stop.signal });
    await Deno.writeTextFile(path, "hello");
    mark.reached(5);
    if (stopped) {
      stop.abort(new Error("enough"));
      await assert.rejects(hashing, /enough/);
    } else {
      mark.end();
      const expected = digestBytes(new TextEncoder().encode("hello"));
      assert.deepEqual(await hashing, { digest: expected, size: 5 });
    }
  }
});
