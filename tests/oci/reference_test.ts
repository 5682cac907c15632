import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import {
  formatReference,
  parseReference,
  referenceTarget,
  repositoryName,
} from "../../src/oci/reference.ts";

const HEX = "a".repeat(64);

const READ: [string, string, string, (string | undefined)?, string?][] = [
  ["registry.test/demo:v1", "registry.test", "demo", "v1"],
  ["registry.test/demo", "registry.test", "demo"],
  ["localhost/demo:v1", "localhost", "demo", "v1"],
  ["localhost:5000/a/b/c:1.0_x-y", "localhost:5000", "a/b/c", "1.0_x-y"],
  ["127.0.0.1:5000/demo:v1", "127.0.0.1:5000", "demo", "v1"],
  ["[::1]:5000/demo:v1", "[::1]:5000", "demo", "v1"],
  ["[fe80::1]/demo", "[fe80::1]", "demo"],
  ["[::]:5000/demo", "[::]:5000", "demo"],
  ["[fe80::]/demo", "[fe80::]", "demo"],
  ["[::ffff:10.0.0.1]/demo", "[::ffff:10.0.0.1]", "demo"],
  [`registry.test/demo@sha256:${HEX}`, "registry.test", "demo", undefined, `sha256:${HEX}`],
  [`registry.test/demo:v1@sha256:${HEX}`, "registry.test", "demo", "v1", `sha256:${HEX}`],
  ["docker.io/demo:v1", "docker.io", "library/demo", "v1"],
  ["index.docker.io/me/demo:v1", "docker.io", "me/demo", "v1"],
  ["REGISTRY.test/demo:V1", "REGISTRY.test", "demo", "V1"],
  ["a.test/x__y/z-w.v:t", "a.test", "x__y/z-w.v", "t"],
];
for (const [text, registry, repository, tag, digest] of READ) {
  Deno.test(`${text} is read`, () => {
    assert.deepEqual(parseReference(text), { registry, repository, tag, digest });
  });
}

const REFUSED: [string, RegExp][] = [
  ["", /it is empty/],
  ["demo:v1", /does not start with the host of a registry/],
  ["models/demo:v1", /does not start with the host of a registry/],
  ["https://registry.test/demo:v1", /starts with "https:\/\/"/],
  ["registry.test/Demo:v1", /must be lower case/],
  ["registry.test/:v1", /is not a repository name/],
  ["registry.test/a//b:v1", /is not a repository name/],
  ["registry.test/../b:v1", /is not a repository name/],
  ["registry.test/a_.b:v1", /is not a repository name/],
  ["registry.test/demo:", /is not a tag/],
  ["registry.test/demo:-v", /is not a tag/],
  [`registry.test/demo:${"v".repeat(129)}`, /is not a tag/],
  [`registry.test/${"a".repeat(256)}:v1`, /is not a repository name/],
  ["registry.test/demo@sha256:abc", /is not a digest/],
  [`registry.test/demo@sha256:${HEX.toUpperCase()}`, /is not a digest/],
  ["registry.test:99999/demo", /is not a host/],
  ["registry..test/demo", /is not a host/],
  ["registry.test/demo:v1\n", /is not a tag/],
  ["[fe80:]/demo", /is not a host/],
  ["[::1::]:5000/demo", /is not a host/],
  ["[.]/demo", /is not a host/],
  ["[12345::]/demo", /is not a host/],
  ["registry.test/localhost:5000/demo:v1", /is not a tag/],
];
for (const [text, reason] of REFUSED) {
  Deno.test(`${JSON.stringify(text)} is refused with its reason`, () => {
    assert.throws(
      () => parseReference(text),
      (error: Error) => error instanceof InvalidInputError && reason.test(error.message),
    );
  });
}

Deno.test("a name without a host gets a hint that can be pasted", () => {
  assert.throws(
    () => parseReference("demo:v1"),
    (error: InvalidInputError) =>
      error.facts.remedy === "write localhost:5000/demo:v1, or docker.io/demo:v1",
  );
});

Deno.test("parseReference() takes or refuses any text, and what it takes reads back the same", () => {
  const part = fc.constantFrom(
    "a",
    "b.c",
    "x:5",
    "localhost",
    "/",
    ":",
    "@",
    "v1",
    "[::1]",
    "_",
    "-",
    "..",
    `sha256:${HEX}`,
    "A",
    "docker.io",
    "é",
    "\0",
  );
  const text = fc.oneof(fc.string(), fc.array(part).map((parts) => parts.join("")));
  fc.assert(
    fc.property(text, (value) => {
      let reference;
      try {
        reference = parseReference(value);
      } catch (error) {
        assert.ok(error instanceof InvalidInputError);
        return;
      }
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.ok(!repositoryName(reference).includes(".."));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a digest wins over a tag, and neither is an error", () => {
  assert.equal(referenceTarget(parseReference(`a.test/b:v1@sha256:${HEX}`)), `sha256:${HEX}`);
  assert.equal(referenceTarget(parseReference("a.test/b:v1")), "v1");
  assert.throws(() => referenceTarget(parseReference("a.test/b")), /neither a tag nor a digest/);
});
