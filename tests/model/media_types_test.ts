import assert from "node:assert/strict";
import fc from "fast-check";
import {
  LAYER_KINDS,
  layerFileMetadata,
  type LayerForm,
  layerForm,
  layerMediaType,
  layerPath,
  parseLayerMediaType,
} from "../../src/model/media_types.ts";

const FORMS: LayerForm[] = ["raw", "tar", "tar+gzip", "tar+zstd"];

Deno.test("layerMediaType() writes the names of the specification", () => {
  const rows = [
    ["config", "cncf", "raw", "application/vnd.cncf.model.weight.config.v1.raw"],
    ["model", "cncf", "tar", "application/vnd.cncf.model.weight.v1.tar"],
    ["code", "cnai", "tar+gzip", "application/vnd.cnai.model.code.v1.tar+gzip"],
    ["doc", "cncf", "tar+zstd", "application/vnd.cncf.model.doc.v1.tar+zstd"],
    ["dataset", "cnai", "raw", "application/vnd.cnai.model.dataset.v1.raw"],
  ] as const;
  for (const [kind, family, form, expected] of rows) {
    assert.equal(layerMediaType(kind, { family, form }), expected);
  }
});

Deno.test("parseLayerMediaType() reads back every kind, family and form", () => {
  for (const kind of LAYER_KINDS) {
    for (const family of ["cncf", "cnai"] as const) {
      for (const form of FORMS) {
        const text = layerMediaType(kind, { family, form });
        assert.deepEqual(parseLayerMediaType(text), { kind, family, form });
      }
    }
  }
});

Deno.test("parseLayerMediaType() reads the layer type that named no kind, and one without version", () => {
  assert.deepEqual(parseLayerMediaType("application/vnd.cnai.model.layer.v1.tar+gzip"), {
    kind: "model",
    family: "cnai",
    form: "tar+gzip",
  });
  assert.equal(parseLayerMediaType("application/vnd.cnai.model.weight.raw")?.kind, "model");
});

Deno.test("parseLayerMediaType() does not take other types for layers", () => {
  const others = [
    "",
    "application/octet-stream",
    "application/vnd.cncf.model.config.v1+json",
    "application/vnd.cncf.model.manifest.v1+json",
    "application/vnd.cncf.model.weight.v1.zip",
    "application/vnd.other.model.weight.v1.raw",
    "application/vnd.cncf.model.toString.v1.raw",
    "application/vnd.cncf.model.weight.v1.raw\n",
    "xapplication/vnd.cncf.model.weight.v1.raw",
  ];
  for (const other of others) assert.equal(parseLayerMediaType(other), undefined, other);
  fc.assert(fc.property(fc.string(), (text) => {
    assert.equal(parseLayerMediaType(text), undefined);
  }));
});

Deno.test("layerForm() is raw unless tar is asked for", () => {
  assert.equal(layerForm({}), "raw");
  assert.equal(layerForm({ compression: "zstd" }), "tar+zstd");
  assert.equal(layerForm({ raw: true, compression: "none" }), "raw");
  assert.equal(layerForm({ raw: false }), "tar");
  assert.equal(layerForm({ raw: false, compression: "none" }), "tar");
  assert.equal(layerForm({ raw: false, compression: "gzip" }), "tar+gzip");
});

Deno.test("layerPath() prefers the current key, and passes over an empty one", () => {
  const both = { "org.cncf.model.filepath": "new", "org.cnai.model.filepath": "old" };
  assert.equal(layerPath(both), "new");
  assert.equal(layerPath({ ...both, "org.cncf.model.filepath": "" }), "old");
  assert.equal(layerPath({}), undefined);
  assert.equal(layerPath(undefined), undefined);
});

Deno.test("layerFileMetadata() reads the three keys that have held it", () => {
  const keys = [
    "org.cncf.model.file.metadata+json",
    "org.cnai.model.file.metadata+json",
    "org.cnai.model.file.metadata",
  ];
  for (const key of keys) {
    assert.deepEqual(layerFileMetadata({ [key]: '{"name":"a","mode":420}' }), {
      name: "a",
      mode: 0o644,
    });
  }
  assert.equal(layerFileMetadata({}), undefined);
});
