import assert from "node:assert/strict";
import { artifactKind, isModel } from "../../src/model/artifact_kind.ts";
import { parseManifest } from "../../src/oci/manifest.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const descriptor = (mediaType: string, title?: string) => ({
  mediaType,
  digest: `sha256:${"a".repeat(64)}`,
  size: 1,
  ...(title === undefined ? {} : { annotations: { "org.opencontainers.image.title": title } }),
});

/** What a manifest of these types is. */
function kindOf(parts: { artifactType?: string; config?: string; layers?: string[] }) {
  const { artifactType, config = "application/vnd.oci.empty.v1+json", layers = [] } = parts;
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI,
    artifactType,
    config: descriptor(config),
    layers: layers.map((type) => descriptor(...type.split(" ") as [string, string?])),
  });
  return artifactKind(parseManifest(new TextEncoder().encode(text)));
}

const MODEL_LAYER = "application/vnd.cncf.model.weight.v1.raw";

const KINDS: readonly (readonly [string, Parameters<typeof kindOf>[0]])[] = [
  ["model", { artifactType: "application/vnd.cncf.model.manifest.v1+json" }],
  ["model", { config: "application/vnd.cnai.model.config.v1+json", layers: ["text/plain"] }],
  ["model", { layers: [MODEL_LAYER, "application/vnd.cnai.model.doc.v1.tar"] }],
  ["image", { config: "application/vnd.oci.image.config.v1+json", layers: ["x/y"] }],
  ["image", {
    config: "application/vnd.docker.container.image.v1+json",
    layers: [MODEL_LAYER, "x/y"],
  }],
  ["chart", { config: "application/vnd.cncf.helm.config.v1+json" }],
  ["modelkit", { config: "application/vnd.kitops.modelkit.config.v1+json" }],
  ["ollama", {
    config: "application/vnd.docker.container.image.v1+json",
    layers: ["application/vnd.ollama.image.model", "application/vnd.ollama.image.license"],
  }],
  ["docker-ai", {
    config: "application/vnd.docker.ai.model.config.v0.1+json",
    layers: ["application/vnd.docker.ai.gguf.v3"],
  }],
  ["bundle", { artifactType: "application/vnd.modelops.bundle.v1+json" }],
  ["bundle", { layers: ["application/json bundle.manifest.json"] }],
  ["signature", { layers: ["application/vnd.dev.cosign.simplesigning.v1+json"] }],
  ["attestation", { layers: ["application/vnd.in-toto+json"] }],
  ["artifact", { artifactType: "application/vnd.example.thing" }],
  ["artifact", {}],
];

for (const [name, parts] of KINDS) {
  Deno.test(`a manifest of ${JSON.stringify(parts).slice(0, 90)} is a kind of ${name}`, () => {
    assert.equal(kindOf(parts).name, name);
  });
}

Deno.test("an index is none of a model, whatever it lists", () => {
  const text = JSON.stringify({ schemaVersion: 2, manifests: [descriptor(OCI)] });
  const index = parseManifest(new TextEncoder().encode(text));
  assert.equal(artifactKind(index).title, "an index of 1 manifest");
  assert(!isModel(index));
});
