import assert from "node:assert/strict";
import { Notes } from "../../../src/model/rehearsal/notes.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import { sampleArtifact } from "../../conformance/store.ts";

Deno.test("a plan has the contents in the order of their manifest, whichever moved first", () => {
  const { layer, config, manifest, bytes } = sampleArtifact();
  for (const moved of [[layer, config], [config, layer]]) {
    const notes = new Notes();
    const place = notes.place({ kind: "registry", name: "r.test/m" });
    for (const blob of moved) notes.content("create", place, blob);
    notes.listed(parseManifest(bytes, manifest.mediaType));
    notes.content("create", place, manifest);
    const { steps } = notes.plan({ references: [], digest: manifest.digest, warnings: [] });
    const digests = steps.map(({ digest }) => digest);
    assert.deepEqual(digests, [layer, config, manifest].map(({ digest }) => digest));
  }
});
