import assert from "node:assert/strict";
import fc from "fast-check";
import { createHash } from "node:crypto";
import {
  digestBytes,
  Digester,
  digestStream,
  EMPTY_DIGEST,
  isDigest,
  parseDigest,
  shortDigest,
} from "../../src/core/digest.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { streamOf } from "../../src/core/streams.ts";

Deno.test("digests of the algorithms that the specification registers are read", () => {
  for (const algorithm of ["sha256", "sha512"] as const) {
    const digest = digestBytes(new Uint8Array([1, 2, 3]), algorithm);
    assert.equal(parseDigest(digest), digest);
  }
  assert.equal(digestBytes(new Uint8Array()), EMPTY_DIGEST);
});

const MALFORMED = [
  "",
  "sha256",
  "sha256:",
  `sha256:${"a".repeat(63)}`,
  `sha256:${"a".repeat(65)}`,
  `sha256:${"A".repeat(64)}`,
  `sha256:${"g".repeat(64)}`,
  `sha256:../../${"a".repeat(58)}`,
  `sha1:${"a".repeat(40)}`,
  `sha512:${"a".repeat(64)}`,
  `constructor:${"a".repeat(64)}`,
  `sha256:${"a".repeat(63)}\n`,
  ` sha256:${"a".repeat(64)}`,
];
for (const text of MALFORMED) {
  Deno.test(`${JSON.stringify(text)} is not a digest`, () => {
    assert.equal(isDigest(text), false);
    assert.throws(() => parseDigest(text), InvalidInputError);
  });
}

Deno.test("parseDigest() takes or refuses any text, and fails in no other way", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    if (isDigest(text)) assert.equal(parseDigest(text), text);
    else assert.throws(() => parseDigest(text), InvalidInputError);
  }));
});

Deno.test("a digest does not depend on how the bytes are cut", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
    const whole = createHash("sha256");
    for (const chunk of chunks) whole.update(chunk);
    const { digest, size } = await digestStream(streamOf(chunks));
    assert.equal(digest, `sha256:${whole.digest("hex")}`);
    assert.equal(size, chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  }));
});

Deno.test("a digester can be asked midway and go on", () => {
  const digester = new Digester();
  digester.update(new Uint8Array([1]));
  assert.equal(digester.digestSoFar(), digestBytes(new Uint8Array([1])));
  digester.update(new Uint8Array([2]));
  for (let turn = 0; turn < 2; turn++) {
    assert.equal(digester.digest(), digestBytes(new Uint8Array([1, 2])));
  }
  assert.equal(digester.size, 2);
});

Deno.test("a short digest keeps its algorithm and twelve digits", () => {
  assert.equal(shortDigest(EMPTY_DIGEST), "sha256:e3b0c44298fc");
});
