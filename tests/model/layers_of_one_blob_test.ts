/** Layers that all have one content. @module */
import assert from "node:assert/strict";
import { rawTar } from "../archive/raw_tar.ts";
import { withinDeadline } from "../support/deadline.ts";
import { modelWith, TARGET } from "./fixture.ts";

/** About as many as a manifest of 4 MiB has room for. */
const COUNT = 15_000;

const BODIES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  raw: new TextEncoder().encode("weights"),
  tar: new Uint8Array(rawTar({ name: "a.bin", body: "weights" })),
};

for (const [form, body] of Object.entries(BODIES)) {
  Deno.test(`thousands of ${form} layers of one blob are extracted in time`, async () => {
    const title = "org.opencontainers.image.title";
    await using fx = await modelWith(async (put) => {
      const layer = await put(`application/vnd.cncf.model.weight.v1.${form}`, body);
      return Array.from({ length: COUNT }, (_, index) => ({
        ...layer,
        annotations: form === "raw" ? { [title]: `f${index}.bin` } : undefined,
      }));
    });
    const output = fx.folder.join("out");
    await withinDeadline((signal) => fx.backend.extract(TARGET, { output, signal }));
    const names = Array.from(Deno.readDirSync(output), ({ name }) => name);
    assert.equal(names.length, form === "raw" ? COUNT : 1);
    for (const name of names.slice(-3)) {
      assert.equal(await Deno.readTextFile(`${output}/${name}`), "weights");
    }
  });
}
