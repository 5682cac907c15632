import assert from "node:assert/strict";
import fc from "fast-check";
import type { BundleRef, BundleRefFields } from "../../../src/bundle/documents/bundle.ts";
import {
  bundleLabel,
  formatBundleRef,
  parseBundleRef,
  toBundleRef,
} from "../../../src/bundle/resolve/reference.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = `sha256:${HEX}` as const;
const UPPER = `sha256:${HEX.toUpperCase()}`;

const ACCEPTED: Readonly<Record<string, BundleRef>> = {
  "my-model:1.0.0": { kind: "version", name: "my-model", version: "1.0.0" },
  "  my-model:1.0.0\n": { kind: "version", name: "my-model", version: "1.0.0" },
  "X/Y:1": { kind: "version", name: "x/y", version: "1" },
  "org/team/project/bundle:v2.0.0-alpha": {
    kind: "version",
    name: "org/team/project/bundle",
    version: "v2.0.0-alpha",
  },
  "x:1": { kind: "version", name: "x", version: "1" },
  "c:latest": { kind: "version", name: "c", version: "latest" },
  [DIGEST]: { kind: "digest", digest: DIGEST },
  [UPPER]: { kind: "digest", digest: DIGEST },
  [`@${DIGEST}`]: { kind: "digest", digest: DIGEST },
  [`@${UPPER}`]: { kind: "digest", digest: DIGEST },
  [`my-model@${UPPER}`]: { kind: "pinned", name: "my-model", digest: DIGEST },
  [`my-model:1@${UPPER}`]: { kind: "pinned", name: "my-model", version: "1", digest: DIGEST },
  "ghcr.io/org/x:1": { kind: "reference", reference: "ghcr.io/org/x:1" },
  "localhost:5000/x:1": { kind: "reference", reference: "localhost:5000/x:1" },
  "localhost/x:1": { kind: "reference", reference: "localhost/x:1" },
  [`registry.test/a/b@${UPPER}`]: { kind: "reference", reference: `registry.test/a/b@${DIGEST}` },
  [`registry.test/a/b:2@${DIGEST}`]: {
    kind: "reference",
    reference: `registry.test/a/b:2@${DIGEST}`,
  },
  "./b": { kind: "path", localPath: "./b" },
  "../b": { kind: "path", localPath: "../b" },
  ".\\b": { kind: "path", localPath: ".\\b" },
  "..\\b": { kind: "path", localPath: "..\\b" },
  ".": { kind: "path", localPath: "." },
  "/home/b": { kind: "path", localPath: "/home/b" },
  "C:\\Users\\b": { kind: "path", localPath: "C:\\Users\\b" },
  "C:/Users/b": { kind: "path", localPath: "C:/Users/b" },
  "my-bundle.tar.zst": { kind: "path", localPath: "my-bundle.tar.zst" },
  "out/my-bundle.tar": { kind: "path", localPath: "out/my-bundle.tar" },
};

const REFUSED = [
  "",
  "   ",
  "invalid-format",
  "x:",
  ":1",
  "x y:1",
  "test_bundle:1",
  "a.b:1",
  "a//b:1",
  "-:1",
  "b:v1.0:special",
  "bundle:v1.0/x",
  "x@",
  "@",
  "x@sha256:",
  "my-model@sha256:abc",
  "sha256:abc123",
  "@sha256:abc123",
  `x@sha512:${HEX}${HEX}`,
  `x@SHA256:${HEX}`,
  `x@sha256:${HEX}0`,
  `x@sha256:${"z".repeat(64)}`,
  `a@b@${DIGEST}`,
  "localhost:5000/x",
  "ghcr.io/Org/x:1",
  "https://registry.test/x:1",
  "x:1\u0000",
  "~/x",
];

for (const [text, expected] of Object.entries(ACCEPTED)) {
  Deno.test(`parseBundleRef() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseBundleRef(text), expected);
  });
}

for (const text of REFUSED) {
  Deno.test(`parseBundleRef() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseBundleRef(text), InvalidInputError);
  });
}

Deno.test("parseBundleRef() reads back what formatBundleRef() writes", () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  const version = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as const);
  // "sha256:…" is the one name that means something else.
  const notDigest = name.filter((text) => text !== "sha256");
  const kind = <Kind extends BundleRef["kind"]>(of: Kind) => fc.constant(of);
  const ref: fc.Arbitrary<BundleRef> = fc.oneof(
    fc.record({ kind: kind("version"), name: notDigest, version }),
    fc.record({ kind: kind("digest"), digest }),
    fc.record({ kind: kind("pinned"), name, digest }),
    fc.record({ kind: kind("pinned"), name, version, digest }),
    fc.record({
      kind: kind("reference"),
      reference: fc.tuple(name, version).map(([n, v]) => `registry.test/${n}:${v}`),
    }),
  );
  fc.assert(fc.property(ref, (value) => {
    assert.deepEqual(parseBundleRef(formatBundleRef(value)), { ...value });
  }));
});

Deno.test("parseBundleRef() gives a reference or an InvalidInputError, whatever the text", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[@:\/a.C\\]*(sha256:)?[0-9a-fA-F]*$/),
  );
  fc.assert(fc.property(text, (value) => {
    try {
      const ref = parseBundleRef(value);
      assert.deepEqual(toBundleRef(ref), ref);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});

Deno.test("toBundleRef() checks fields by the rules of text", () => {
  assert.deepEqual(toBundleRef({ name: "My-Model", version: "1", role: "training" }), {
    kind: "version",
    name: "my-model",
    version: "1",
    role: "training",
  });
  const refused: unknown[] = [
    {},
    { name: "x" },
    { version: "1" },
    { digest: "sha256:abc" },
    { name: "x y", version: "1" },
    { localPath: "" },
    { localPath: "./x", name: "x", version: "1" },
    { reference: "x:1" },
    { name: "x", version: "1", extra: true },
    { name: 1, version: "1" },
    { kind: "pinned", name: "x", version: "1" },
    { kind: "tag", name: "x", version: "1" },
    { name: "x", localPath: undefined },
  ];
  for (const ref of refused) {
    assert.throws(
      () => toBundleRef(ref as BundleRefFields),
      (error: Error) => {
        assert(error instanceof InvalidInputError);
        assert.doesNotMatch(error.message, /Invalid|expected|received|Too small|Unrecognized/);
        return true;
      },
      JSON.stringify(ref),
    );
  }
});

Deno.test("bundleLabel() is name and version, else the start of the digest", () => {
  assert.equal(bundleLabel({ name: "x", version: "1", manifestDigest: DIGEST }), "x:1");
  assert.equal(bundleLabel({ manifestDigest: DIGEST }), "sha256:0123456789a…");
});
