import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { InvalidInputError, UnsupportedError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { type RawEntry, rawTar } from "../archive/raw_tar.ts";
import { fixture, TARGET } from "./fixture.ts";

const MIB = 1024 * 1024;

/** A model of one layer in the local store. */
async function modelOf(layer: Uint8Array<ArrayBuffer>, form: "tar" | "tar+gzip" = "tar") {
  const fx = await fixture();
  const store = fx.catalog.repository("localhost:5000/demo");
  const put = async (mediaType: string, bytes: Uint8Array<ArrayBuffer>): Promise<Descriptor> => {
    const descriptor = describeBytes(mediaType, bytes);
    await store.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: "application/vnd.cncf.model.manifest.v1+json",
    config: await put("application/vnd.cncf.model.config.v1+json", text({})),
    layers: [await put(`application/vnd.cncf.model.weight.v1.${form}`, layer)],
  };
  await store.tag(await put(MediaType.imageManifest, text(manifest)), "v1");
  return fx;
}

Deno.test("what is left out of a model is named, and the command fails", async () => {
  const links = { link: "2", device: "3", pipe: "6", missing: "1" };
  for (const [name, type] of Object.entries(links)) {
    const archive = rawTar({ name: "a", body: "1" }, { name, type, link: "elsewhere" });
    await using fx = await modelOf(new Uint8Array(archive));
    const output = fx.folder.join("out");
    await assert.rejects(fx.backend.extract(TARGET, { output }), (error) => {
      assert.ok(error instanceof UnsupportedError, String(error));
      assert.match(error.message, new RegExp(`"${name}": `));
      return true;
    });
    assert.equal(await Deno.readTextFile(`${output}/a`), "1");
  }
});

/** Names of one content, each a second name of `of(index)`. */
const names = (count: number, of: (index: number) => string): RawEntry[] =>
  Array.from({ length: count }, (_, index) => ({ name: `n${index}`, type: "1", link: of(index) }));

const WEIGHTS: RawEntry = { name: "w", body: new Uint8Array(MIB).fill(1) };

const REPEATED = {
  "many names of one file": { form: "tar", entries: [WEIGHTS, ...names(20, () => "w")] },
  "names of names": {
    form: "tar",
    entries: [WEIGHTS, ...names(20, (index) => index === 0 ? "w" : `n${index - 1}`)],
  },
  "names in a compressed layer": {
    form: "tar+gzip",
    entries: [WEIGHTS, ...names(20, () => "./w")],
  },
} as const;

for (const [what, { form, entries }] of Object.entries(REPEATED)) {
  Deno.test(`${what} cannot fill a disk, unless a flag allows it`, async () => {
    const archive = rawTar(...entries);
    const layer = new Uint8Array(form === "tar" ? archive : gzipSync(archive));
    await using fx = await modelOf(layer, form);
    const output = fx.folder.join("out");
    await assert.rejects(fx.backend.extract(TARGET, { output, maxRatio: 1 }), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /bytes become more than 16777216$/);
      assert.match(String(error.facts.remedy), /--max-ratio/);
      return true;
    });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(output)), []);
    await fx.backend.extract(TARGET, { output, maxRatio: 100_000 });
    assert.equal((await Deno.stat(`${output}/n19`)).size, MIB);
  });
}
