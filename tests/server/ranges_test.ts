import assert from "node:assert/strict";
import fc from "fast-check";
import { parseByteRange, parseContentRange, uploadRange } from "../../src/server/ranges.ts";

Deno.test("parseByteRange() reads one range and ignores what RFC 9110 lets it ignore", () => {
  const rows: [string | null, number, ReturnType<typeof parseByteRange>][] = [
    [null, 10, "whole"],
    ["", 10, "whole"],
    ["bytes=0-0", 10, { start: 0, end: 1 }],
    ["bytes=2-", 10, { start: 2, end: 10 }],
    ["BYTES= 2-4 ", 10, { start: 2, end: 5 }],
    ["bytes=-3", 10, { start: 7, end: 10 }],
    ["bytes=-30", 10, { start: 0, end: 10 }],
    [`bytes=0-${"9".repeat(400)}`, 10, { start: 0, end: 10 }],
    [`bytes=${"9".repeat(400)}-`, 10, "unsatisfiable"],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=-5", 0, "unsatisfiable"],
    ["bytes=-", 10, "whole"],
    ["bytes=4-2", 10, "whole"],
    ["bytes=0-1,3-4", 10, "whole"],
    ["bytes=1-2x", 10, "whole"],
    ["items=0-1", 10, "whole"],
  ];
  for (const [header, size, expected] of rows) {
    assert.deepEqual(parseByteRange(header, size), expected, `${header} of ${size}`);
  }
});

Deno.test("parseByteRange() never leaves the content, whatever the header", () => {
  const number = fc.oneof(fc.nat(), fc.bigInt({ min: 0n }).map(String), fc.constant(""));
  const header = fc.oneof(
    fc.string(),
    fc.tuple(number, number).map(([first, last]) => `bytes=${first}-${last}`),
  );
  fc.assert(fc.property(header, fc.maxSafeNat(), (text, size) => {
    const range = parseByteRange(text, size);
    if (typeof range === "string") return;
    assert.ok(range.start >= 0 && range.start < range.end && range.end <= size);
  }));
});

Deno.test("parseContentRange() reads both spellings and refuses the rest", () => {
  const rows: [string | null, ReturnType<typeof parseContentRange>][] = [
    [null, undefined],
    ["0-0", { start: 0, end: 1 }],
    ["5-9", { start: 5, end: 10 }],
    ["bytes 5-9/10", { start: 5, end: 10 }],
    ["bytes 5-9/*", { start: 5, end: 10 }],
    ["bytes=5-9", { start: 5, end: 10 }],
    ["", "malformed"],
    ["9-5", "malformed"],
    ["-5", "malformed"],
    ["5-", "malformed"],
    ["bytes */10", "malformed"],
    ["0-9007199254740991", "malformed"],
    ["a-b", "malformed"],
  ];
  for (const [header, expected] of rows) assert.deepEqual(parseContentRange(header), expected);
});

Deno.test("parseContentRange() reads back every range it was written from", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), (start, length) => {
    const range = { start, end: start + length + 1 };
    assert.deepEqual(parseContentRange(`${start}-${start + length}`), range);
  }));
});

Deno.test("parseContentRange() takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const range = parseContentRange(text);
    assert.ok(range === "malformed" || (range && range.start < range.end));
  }));
});

Deno.test("uploadRange() names the last byte, and 0-0 for none", () => {
  assert.deepEqual([0, 1, 2, 100].map(uploadRange), ["0-0", "0-0", "0-1", "0-99"]);
});
