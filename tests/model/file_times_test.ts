/** The times of files, from the workspace through a layer to the folder of an extraction. */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { runOk } from "../support/command.ts";
import { build, fixture, TARGET } from "./fixture.ts";

const MIB = 1024 * 1024;

/** The last of a time in a hundred that lost a millisecond when it was set as seconds. */
const TIMES = [
  "1955-03-01T00:00:00.000Z",
  "1969-12-31T23:59:59.500Z",
  "1935-05-21T12:00:20.646Z",
  "2004-01-12T22:02:57.113Z",
  "2037-01-01T00:00:00.007Z",
];

for (const raw of [true, false]) {
  Deno.test(`files of a ${raw ? "raw" : "tar"} layer keep their times, in every year`, async () => {
    await using fx = await fixture();
    const files = TIMES.map((time, index) => ({ name: `${index}.bin`, time: new Date(time) }));
    const Modelfile = files.map(({ name }) => `MODEL ${name}\n`).join("");
    const workspace = await fx.workspace("workspace", { Modelfile });
    for (const [index, { name, time }] of files.entries()) {
      // Large files write themselves, on another way.
      await fx.folder.write(`workspace/${name}`, new Uint8Array(index % 2 ? 2 * MIB : 10));
      await Deno.utime(`${workspace}/${name}`, time, time);
    }
    await fx.backend.build(workspace, build({ raw }));
    const output = fx.folder.join("out");
    await fx.backend.extract(TARGET, { output });
    for (const { name, time } of files) {
      // A header of tar has whole seconds, as other tools round them.
      const kept = raw ? time.getTime() : 1000 * Math.round(time.getTime() / 1000) + 0;
      assert.equal((await Deno.stat(`${output}/${name}`)).mtime?.getTime(), kept, name);
    }
  });
}

Deno.test({
  name: "a time that another tool has written is kept to its microseconds",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using fx = await fixture();
    const store = fx.catalog.repository("localhost:5000/demo");
    const put = async (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => {
      const descriptor = describeBytes(mediaType, bytes);
      await store.write(descriptor, bytesSource(bytes));
      return descriptor;
    };
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const rows = [
      [10, "2023-11-14T22:13:20.123456789Z", "1700000000.123456"],
      [2 * MIB, "2023-11-15T06:13:20.123456789+08:00", "1700000000.123456"],
      [11, "2023-11-14T22:13:20.000001Z", "1700000000.000001"],
      [2 * MIB + 1, "1955-03-01T00:00:00.25Z", "-468287999.750000"],
    ] as const;
    const layers = rows.map(async ([size, mtime], index) => ({
      ...await put("application/vnd.cncf.model.weight.v1.raw", new Uint8Array(size)),
      annotations: {
        "org.cncf.model.filepath": `${index}`,
        "org.cncf.model.file.metadata+json": JSON.stringify({ mtime }),
      },
    }));
    const manifest = {
      schemaVersion: 2,
      mediaType: MediaType.imageManifest,
      artifactType: "application/vnd.cncf.model.manifest.v1+json",
      config: await put("application/vnd.cncf.model.config.v1+json", text({})),
      layers: await Promise.all(layers),
    };
    await store.tag(await put(MediaType.imageManifest, text(manifest)), "v1");
    const output = fx.folder.join("out");
    await fx.backend.extract(TARGET, { output });
    for (const [index, [, , kept]] of rows.entries()) {
      const { stdout } = await runOk("stat", ["-c", "%.6Y", `${output}/${index}`]);
      assert.equal(stdout.trim(), kept);
    }
  },
});
