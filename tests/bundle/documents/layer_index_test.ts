import assert from "node:assert/strict";
import { readLayerIndex } from "../../../src/bundle/documents/layer_index.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { nodeV8 } from "../../../src/core/runtime/builtins.ts";
import { anonymousBlob } from "../../../src/oci/store.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const digestOf = (text: string) => digestBytes(bytesOf(text));
const json = (value: unknown) => bytesOf(JSON.stringify(value));
const DIGEST = digestOf("x");
const blobOf = (size: number) => anonymousBlob(DIGEST, size);

Deno.test("readLayerIndex() reads all forms of entries", () => {
  const entries = [
    { path: "a", digest: DIGEST },
    { path: "b", digest: DIGEST, size: 3, oras: null },
    { path: "./c//d", oras: { digest: DIGEST, size: 4 }, external: null, mode: 0o755 },
    {
      path: "e",
      layer: "code",
      external: { uri: "az://c/e", sha256: "0".repeat(64), size: 0, tier: "lukewarm" },
    },
  ];
  assert.deepEqual(readLayerIndex(json({ layer: "code", entries }), "code", "i"), [
    { kind: "registry", path: "a", layer: "code", mode: undefined, blob: blobOf(0) },
    { kind: "registry", path: "b", layer: "code", mode: undefined, blob: blobOf(3) },
    { kind: "registry", path: "c/d", layer: "code", mode: 0o755, blob: blobOf(4) },
    {
      kind: "external",
      path: "e",
      layer: "code",
      mode: undefined,
      uri: "az://c/e",
      sha256: "0".repeat(64),
      size: 0,
      tier: undefined,
    },
  ]);
});

const EXTERNAL = { uri: "az://c/k", sha256: "0".repeat(64), size: 1 };

Deno.test("readLayerIndex() does without what other writers leave out of an external file", () => {
  const whole = { path: "a", layer: "code", mode: 0o644, oras: null, digest: null };
  const left: readonly object[] = [
    {},
    whole,
    { layer: null, mode: null, oras: null },
    { etag: "x", comment: { by: "another writer" } },
  ];
  const tiers: readonly (readonly [tier: unknown, read: string | undefined])[] = [
    [undefined, undefined],
    [null, undefined],
    ["", undefined],
    ["HOT", undefined],
    ["cold", undefined],
    [3, undefined],
    [["hot"], undefined],
    ["hot", "hot"],
    ["archive", "archive"],
  ];
  for (const more of left) {
    for (const [tier, read] of tiers) {
      const document = json({ entries: [{ ...more, path: "a", external: { ...EXTERNAL, tier } }] });
      const [entry] = readLayerIndex(document, "code", "i");
      assert.ok(entry?.kind === "external");
      assert.deepEqual([entry.tier, entry.size], [read, 1], JSON.stringify([more, tier]));
    }
  }
});

const BAD_ENTRIES: Readonly<Record<string, unknown>> = {
  "no path": { digest: DIGEST },
  "an empty path": { path: "", digest: DIGEST },
  "a path that leaves": { path: "../x", digest: DIGEST },
  "an absolute path": { path: "/etc/passwd", digest: DIGEST },
  "a path that leaves behind a backslash": { path: "a\\..\\b", digest: DIGEST },
  "a path that names a drive": { path: "C:x", digest: DIGEST },
  "a reserved path": { path: ".mops/ptr/x.json", digest: DIGEST },
  "a reserved path in other case": { path: ".MOPS/x", digest: DIGEST },
  "a hidden reserved path": { path: "././.mops//x", digest: DIGEST },
  "another layer": { path: "a", layer: "data", digest: DIGEST },
  "no storage": { path: "a" },
  "two storages": { path: "a", oras: { digest: DIGEST }, external: EXTERNAL },
  "flat and nested storage": { path: "a", oras: { digest: DIGEST }, digest: DIGEST },
  "external without address": { path: "a", external: { ...EXTERNAL, uri: undefined } },
  "external with an empty address": { path: "a", external: { ...EXTERNAL, uri: "" } },
  "external at the folder itself": { path: "a", external: { ...EXTERNAL, uri: "file:." } },
  "external above the folder": { path: "a", external: { ...EXTERNAL, uri: "file:.." } },
  "external beside the folder": { path: "a", external: { ...EXTERNAL, uri: "file:a/../../b" } },
  "external above it in percents": { path: "a", external: { ...EXTERNAL, uri: "file:%2E./b" } },
  "external without size": { path: "a", external: { ...EXTERNAL, size: undefined } },
  "external of negative size": { path: "a", external: { ...EXTERNAL, size: -1 } },
  "external of fractional size": { path: "a", external: { ...EXTERNAL, size: 1.5 } },
  "external of immense size": { path: "a", external: { ...EXTERNAL, size: 1e300 } },
  "a hash that is no hex": { path: "a", external: { ...EXTERNAL, sha256: "z".repeat(64) } },
  "a short hash": { path: "a", external: { ...EXTERNAL, sha256: "0".repeat(63) } },
  "a hash in capitals": { path: "a", external: { ...EXTERNAL, sha256: "A".repeat(64) } },
  "an upper-case digest": { path: "a", digest: `sha256:${"A".repeat(64)}` },
  "a short digest": { path: "a", digest: `sha256:${"a".repeat(63)}` },
  "sha512": { path: "a", digest: `sha512:${"a".repeat(128)}` },
  "sha1": { path: "a", digest: `sha1:${"a".repeat(40)}` },
  "an empty digest": { path: "a", digest: "" },
  "a digest that is a number": { path: "a", digest: 1 },
  "a mode that is none": { path: "a", digest: DIGEST, mode: 0o200000 },
};

for (const [name, entry] of Object.entries(BAD_ENTRIES)) {
  Deno.test(`readLayerIndex() refuses an entry with ${name}`, () => {
    const document = json({ mediaType: "application/json", entries: [entry] });
    assert.throws(() => readLayerIndex(document, "code", "the index"), InvalidInputError);
  });
}

Deno.test("readLayerIndex() refuses lists that say nothing before it looks at their entries", () => {
  for (const entry of ["{}", "[]", "null", '{"path":"a"}', '{"digest":"x"}']) {
    const bytes = new TextEncoder().encode(`{"entries":[${Array(200_000).fill(entry).join()}]}`);
    assert.throws(() => readLayerIndex(bytes, "code", "it"), InvalidInputError, entry);
  }
});

Deno.test("readLayerIndex() names the entry that is wrong, in plain words", () => {
  const good = { path: "a", digest: `sha256:${"0".repeat(64)}` };
  const read = (entry: unknown) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ entries: [good, entry] }));
    return () => readLayerIndex(bytes, "code", "it");
  };
  assert.throws(
    read({ ...good, path: 1 }),
    /^InvalidInputError: Cannot read it, entry 1: path: is a number, want text$/,
  );
  assert.throws(read({ ...good, size: -1 }), /entry 1: size: is negative$/);
  assert.throws(
    read({ path: "b", external: { uri: "file:..", sha256: "0".repeat(64), size: 1 } }),
    /entry 1: external\.uri: .*"\.\."/,
  );
  assert.throws(
    read({ path: "b", external: { uri: "az://c/k", size: 1 } }),
    /external\.sha256: is missing/,
  );
});

/** Makes objects that nobody uses when it returns, and tells how much memory was used with them. */
function waste(): number {
  const made = Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: `${index}` }));
  return made.length > 0 ? usedMemory() : 0;
}

const usedMemory = () => nodeV8().getHeapStatistics().used_heap_size;

Deno.test("what lies about is collected before an index takes memory beside it", () => {
  const before = waste();
  readLayerIndex(json({ layer: "code", entries: [] }), "code", "i");
  const freed = before - usedMemory();
  assert.ok(freed > 40 * 1024 * 1024, `${freed} bytes were freed`);
});
