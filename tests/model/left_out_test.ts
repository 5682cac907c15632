import assert from "node:assert/strict";
import { UnsupportedError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { rawTar } from "../archive/raw_tar.ts";
import { fixture, TARGET } from "./fixture.ts";

Deno.test("what is left out of a model is named, and the command fails", async () => {
  const links = { link: "2", device: "3", pipe: "6", missing: "1" };
  for (const [name, type] of Object.entries(links)) {
    await using fx = await fixture();
    const store = fx.catalog.repository("localhost:5000/demo");
    const put = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
      const descriptor = describeBytes(mediaType, bytes);
      await store.write(descriptor, bytesSource(bytes));
      return descriptor;
    };
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const archive = rawTar({ name: "a", body: "1" }, { name, type, link: "elsewhere" });
    const layer = await put("application/vnd.cncf.model.weight.v1.tar", archive);
    const config = await put("application/vnd.cncf.model.config.v1+json", text({}));
    const manifest = {
      schemaVersion: 2,
      mediaType: MediaType.imageManifest,
      artifactType: "application/vnd.cncf.model.manifest.v1+json",
      config,
      layers: [layer],
    };
    await store.tag(await put(MediaType.imageManifest, text(manifest)), "v1");
    const output = fx.folder.join("out");
    await assert.rejects(fx.backend.extract(TARGET, { output }), (error) => {
      assert.ok(error instanceof UnsupportedError, String(error));
      assert.match(error.message, new RegExp(`"${name}": `));
      return true;
    });
    assert.equal(await Deno.readTextFile(`${output}/a`), "1");
  }
});
