import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeCanonical } from "../../../src/bundle/documents/canonical.ts";
import { CODE, DATA, MANIFEST, selfDigest } from "./earlier_writer.ts";
import { digestBytes } from "../../../src/core/digest.ts";

const canonicalJson = (value: unknown) => new TextDecoder().decode(encodeCanonical(value));

Deno.test("encodeCanonical() gives the golden text of the code index", () => {
  const text = canonicalJson(CODE);
  assert.equal(
    text,
    '{"entries":[{"layer":"code","oras":{"digest":"sha256:' +
      'cc42155088fca5730758db72b2a5bca33112a941dfaa2d43098ec422ce4ea213","size":9},' +
      '"path":"src/a.py"}],"layer":"code","mediaType":"application/json"}',
  );
  assert.equal(text.length, 195);
});

Deno.test("selfDigest() gives the golden digests, whatever the order, nulls and digests in a document", () => {
  const code = "sha256:f7270ee7c0b122426753f39ba506c8c4c76cc784ce0d12c2a01247a228ef4b05";
  assert.equal(selfDigest(CODE), code);
  assert.equal(selfDigest({ ...CODE, digest: code }), code);
  assert.equal(
    selfDigest(DATA),
    "sha256:6fa1bae82af45c44dce46e646d74a1345f505c60da5eea27b24d0a755bb107fb",
  );
  assert.equal(
    selfDigest(MANIFEST),
    "sha256:b77775f25ce57094e04645cbda1277844dd7f14b3b8c3918b7f4dc704ac9185c",
  );
});

Deno.test("encodeCanonical() gives the golden bytes of documents as earlier writers uploaded them", () => {
  const entries = CODE.entries.map((entry) => ({ ...entry, external: null }));
  const uploaded = encodeCanonical({ ...CODE, entries, digest: selfDigest(CODE) });
  assert.equal(uploaded.length, 294);
  assert.equal(
    digestBytes(uploaded),
    "sha256:70de008f24c90b9a48c2e1fa2b4acd945d8cd6b988318c87ff7a309dba0b4037",
  );
  assert.equal(
    digestBytes(encodeCanonical({ ...MANIFEST, digest: selfDigest(MANIFEST) })),
    "sha256:dd4d1218f8a352eb3b0cd835ce4a9713f853768346f6b87a10acad1a53653ae3",
  );
});

Deno.test("encodeCanonical() escapes what is not ASCII and sorts keys by code point", () => {
  assert.equal(canonicalJson("é😀\u007f\n\ud800"), '"\\u00e9\\ud83d\\ude00\\u007f\\n\\ud800"');
  assert.equal(
    canonicalJson({ "😀": 1, "～": 2, 9: 3, 10: 4, a: undefined }),
    '{"10":4,"9":3,"\\uff5e":2,"\\ud83d\\ude00":1}',
  );
});

Deno.test("encodeCanonical() is JSON of the same value, in ASCII", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});
