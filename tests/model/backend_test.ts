import assert from "node:assert/strict";
import { diskInternals } from "../support/disk_internals.ts";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
} from "../../src/core/errors.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { readContent } from "../../src/oci/store.ts";
import type { BuildOptions } from "../../src/model/operations/packaging.ts";
import { build, fixture, MODELFILE, RAW_DIGESTS, SAMPLE, TAR_DIGESTS, TARGET } from "./fixture.ts";

Deno.test("a raw build gives the layers and the configuration of the published vectors", async () => {
  await using fx = await fixture();
  const result = await fx.backend.build(await fx.workspace(), build());
  assert.deepEqual(result.layers.map((layer) => layer.digest), RAW_DIGESTS);
  assert.deepEqual(result.layers.map((layer) => layer.mediaType), [
    "application/vnd.cncf.model.weight.config.v1.raw",
    "application/vnd.cncf.model.weight.v1.raw",
    "application/vnd.cncf.model.code.v1.raw",
    "application/vnd.cncf.model.doc.v1.raw",
  ]);
  const inspected = await fx.backend.inspect(TARGET);
  assert.equal(
    inspected.configDigest,
    "sha256:4ace318a9b84a9d9b9d996e965cb3d5dcfb4cc8aa37914378c7838bb4b029d63",
  );
  assert.equal(inspected.digest, result.digest);
});

Deno.test({
  name: "a tar build gives the layers and the configuration of the published vectors",
  // The vectors' files belong to root, whose name the headers carry.
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using fx = await fixture();
    const result = await fx.backend.build(await fx.workspace(), build({ raw: false }));
    assert.deepEqual(result.layers.map((layer) => layer.digest), TAR_DIGESTS);
    const inspected = await fx.backend.inspect(TARGET);
    assert.equal(
      inspected.configDigest,
      "sha256:c22b1d7dcac4c8e4d113539c85ec5ba731b7fa64480c15786c2f97d611ea723f",
    );
  },
});

Deno.test("the manifest has the exact keys and order that other tools write", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const store = fx.catalog.repository("localhost:5000/demo");
  const text = new TextDecoder().decode(await readContent(store, await store.resolve("v1")));
  const layer = (type: string, digest: string | undefined, size: number, name: string) => ({
    mediaType: `application/vnd.cncf.model.${type}.v1.raw`,
    digest,
    size,
    annotations: {
      "org.cncf.model.file.metadata+json":
        `{"name":"${name}","mode":420,"uid":${Deno.uid()},"gid":${Deno.gid()},"size":${size},` +
        `"mtime":"2025-01-01T00:00:00Z","typeflag":0}`,
      "org.cncf.model.filepath": name,
    },
  });
  assert.equal(
    text,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      artifactType: "application/vnd.cncf.model.manifest.v1+json",
      config: {
        mediaType: "application/vnd.cncf.model.config.v1+json",
        digest: "sha256:4ace318a9b84a9d9b9d996e965cb3d5dcfb4cc8aa37914378c7838bb4b029d63",
        size: 469,
      },
      layers: [
        layer("weight.config", RAW_DIGESTS[0], 80, "config.json"),
        layer("weight", RAW_DIGESTS[1], 16, "model.safetensors"),
        layer("code", RAW_DIGESTS[2], 19, "tokenizer.py"),
        layer("doc", RAW_DIGESTS[3], 7, "README.md"),
      ],
      annotations: {
        "org.cncf.modctl.modelfile": JSON.parse(text).annotations["org.cncf.modctl.modelfile"],
      },
    }),
  );
  assert.doesNotMatch(text, /Generated at/);
});

Deno.test("two builds at different times in different folders have the same manifest digest", async () => {
  await using fx = await fixture();
  const early = fx.open("early", () => Date.parse("2025-02-01Z"));
  const late = fx.open("late", () => Date.parse("2026-03-01Z"));
  const one = await early.build(await fx.workspace("here"), build());
  const two = await late.build(await fx.workspace("there"), build());
  assert.equal(one.digest, two.digest);
});

Deno.test("under SOURCE_DATE_EPOCH times and owners of the files do not matter", async () => {
  await using fx = await fixture();
  const epoch = { noCreationTime: false, sourceDateEpoch: Date.parse("2024-06-01Z") / 1000 };
  const digests: string[] = [];
  for (const raw of [true, false]) {
    for (const [name, time] of [["a", "2025-03-03Z"], ["b", "2026-05-05Z"]] as const) {
      const workspace = await fx.workspace(name);
      for (const file of Object.keys(SAMPLE)) {
        const path = `${workspace}/${file}`;
        await Deno.utime(path, new Date(time), new Date(time));
        if (Deno.uid() === 0) await Deno.chown(path, name === "a" ? 1000 : 2000, 1000);
      }
      const backend = fx.open(`store-${name}`, () => Date.parse(time));
      digests.push((await backend.build(workspace, build({ ...epoch, raw }))).digest);
    }
  }
  const [rawA, rawB, tarA, tarB] = digests;
  assert.equal(rawA, rawB);
  assert.equal(tarA, tarB);
  assert.notEqual(rawA, tarA);
});

const FORMS: [string, Partial<BuildOptions>][] = [
  ["raw", {}],
  ["tar", { raw: false }],
  ["tar+gzip", { raw: false, compression: "gzip" }],
  ["tar+zstd", { raw: false, compression: "zstd" }],
  ["cnai", { mediaTypes: "cnai" }],
];
for (const [form, options] of FORMS) {
  Deno.test(`what was built as ${form}, locally or to a registry, is extracted byte for byte`, async () => {
    await using fx = await fixture();
    const files = { "data/sub dir/ünïcode.bin": "x".repeat(100_000), "empty.bin": "" };
    const modelfile = `${MODELFILE}MODEL "data/sub dir/ünïcode.bin"\nMODEL empty.bin\n`;
    const workspace = await fx.workspace("workspace", { ...files, Modelfile: modelfile });
    const local = await fx.backend.build(workspace, build(options));
    const remote = await fx.open("other").build(
      workspace,
      build({ ...options, outputRemote: true }),
    );
    assert.equal(local.digest, remote.digest, "both ways give the same artifact");
    const out = fx.folder.join("out");
    const pulled = await fx.open("third").pull(TARGET, { extractDir: out });
    assert.equal(pulled.digest, local.digest);
    assert.equal(pulled.extracted?.written, 6);
    const direct = fx.folder.join("direct");
    await fx.open("fourth").pull(TARGET, { extractDir: direct, extractFromRemote: true });
    for (const [path, content] of Object.entries({ ...SAMPLE, ...files })) {
      assert.equal(await Deno.readTextFile(`${out}/${path}`), content, path);
      assert.equal(await Deno.readTextFile(`${direct}/${path}`), content, path);
      const info = await Deno.stat(`${out}/${path}`);
      assert.equal(info.mtime?.toISOString(), "2025-01-01T00:00:00.000Z");
      assert.equal(info.mode! & 0o777, 0o644);
    }
  });
}

Deno.test("extracting again writes nothing, and replaces what was changed only when told to", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const output = fx.folder.join("out");
  await fx.backend.extract(TARGET, { output });
  const again = await fx.backend.extract(TARGET, { output });
  assert.deepEqual([again.written, again.unchanged, again.bytes], [0, 4, 0]);
  await Deno.writeTextFile(`${output}/README.md`, "# DEMO\n");
  await Deno.writeTextFile(`${output}/config.json`, "{}");
  await assert.rejects(fx.backend.extract(TARGET, { output }), (error) => {
    assert.ok(error instanceof ConflictError);
    assert.deepEqual(error.facts.problems?.map(({ message }) => message), [
      '"config.json": a different file is there: got 2 bytes, want 80',
      '"README.md": a different file is there: got sha256:42dff603ed4f, want sha256:bc70e26f40b8',
    ]);
    return true;
  });
  assert.equal(await Deno.readTextFile(`${output}/README.md`), "# DEMO\n");
  const repaired = await fx.backend.extract(TARGET, { output, overwrite: true });
  assert.deepEqual([repaired.written, repaired.unchanged], [2, 2]);
  assert.equal(await Deno.readTextFile(`${output}/README.md`), "# demo\n");
});

Deno.test("a later version of a model replaces an earlier one that nobody changed", async () => {
  await using fx = await fixture();
  const output = fx.folder.join("out");
  await fx.backend.build(await fx.workspace(), build());
  await fx.backend.extract(TARGET, { output });
  const files = { "README.md": "# second\n" };
  await fx.backend.build(await fx.workspace("second", files), build());
  const second = await fx.backend.extract(TARGET, { output });
  assert.deepEqual([second.written, second.unchanged], [1, 3]);
  assert.equal(await Deno.readTextFile(`${output}/README.md`), "# second\n");
});

Deno.test("files of archives that somebody changed are not replaced either", async () => {
  await using fx = await fixture();
  const output = fx.folder.join("out");
  await fx.backend.build(await fx.workspace(), build({ raw: false, compression: "zstd" }));
  await fx.backend.extract(TARGET, { output });
  await fx.backend.extract(TARGET, { output });
  await Deno.writeTextFile(`${output}/README.md`, "mine");
  await assert.rejects(fx.backend.extract(TARGET, { output }), ConflictError);
  assert.equal(await Deno.readTextFile(`${output}/README.md`), "mine");
  await fx.backend.extract(TARGET, { output, overwrite: true });
  assert.equal(await Deno.readTextFile(`${output}/README.md`), "# demo\n");
});

Deno.test("several targets name one build, also across repositories", async () => {
  await using fx = await fixture();
  const targets = [TARGET, "localhost:5000/demo:latest", "registry.test/other/demo:v1", TARGET];
  const result = await fx.backend.build(await fx.workspace(), build({ targets }));
  const { models } = await fx.backend.list();
  assert.deepEqual(models.map((model) => `${model.repository}:${model.tag}`), [
    "localhost:5000/demo:latest",
    "localhost:5000/demo:v1",
    "registry.test/other/demo:v1",
  ]);
  assert.ok(models.every((model) => model.digest === result.digest && model.size === result.size));
});

Deno.test("annotations and platforms are recorded in the manifest", async () => {
  await using fx = await fixture();
  await fx.backend.build(
    await fx.workspace(),
    build({ annotations: { "a.key": "x=y:z" }, platforms: ["linux/amd64", "linux/arm64"] }),
  );
  const store = fx.catalog.repository("localhost:5000/demo");
  const text = new TextDecoder().decode(await readContent(store, await store.resolve("v1")));
  const { annotations } = JSON.parse(text);
  assert.equal(annotations["a.key"], "x=y:z");
  assert.equal(annotations["org.modelops.platforms"], "linux/amd64,linux/arm64");
});

Deno.test("a workspace without a Modelfile gets one in memory, and the build says so", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  await Deno.remove(`${workspace}/Modelfile`);
  const result = await fx.backend.build(workspace, build());
  assert.deepEqual(result.layers.map((layer) => layer.digest), RAW_DIGESTS);
  assert.match(result.warnings[0] ?? "", /No Modelfile in .*: generated one in memory/);
  assert.equal((await fx.backend.inspect(TARGET)).config.descriptor.family, "llama");
});

Deno.test("a Modelfile that was named and does not exist is an error", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  await assert.rejects(
    fx.backend.build(workspace, build({ modelfile: "Modelfile.prod" })),
    NotFoundError,
  );
  await Deno.rename(`${workspace}/Modelfile`, `${workspace}/Modelfile.prod`);
  const result = await fx.backend.build(workspace, build({ modelfile: "Modelfile.prod" }));
  assert.equal(result.modelfile, `${workspace}/Modelfile.prod`);
});

Deno.test("problems are found before the first byte is stored", async () => {
  await using fx = await fixture();
  const modelfile = `${MODELFILE}MODEL missing.bin\nCODE also-missing.py\n`;
  const workspace = await fx.workspace("workspace", { Modelfile: modelfile });
  await assert.rejects(
    fx.backend.build(workspace, build()),
    (error: InvalidInputError) =>
      error.facts.problems?.map((problem) => problem.line).join() === "10,11",
  );
  await assert.rejects(Deno.stat(fx.folder.join("store")), Deno.errors.NotFound);
});

const BAD_TARGETS = ["demo:v1", "localhost:5000/demo", "", `localhost:5000/demo@${RAW_DIGESTS[0]}`];
for (const target of BAD_TARGETS) {
  Deno.test(`${JSON.stringify(target)} is refused as a target`, async () => {
    await using fx = await fixture();
    const building = fx.backend.build(await fx.workspace(), build({ targets: [target] }));
    await assert.rejects(building, InvalidInputError);
  });
}

Deno.test("push, rm, pull: the tag is there again", async () => {
  await using fx = await fixture();
  const built = await fx.backend.build(await fx.workspace(), build());
  const pushed = await fx.backend.push(TARGET);
  assert.equal(pushed.copied, 6);
  assert.deepEqual(await fx.backend.remove(TARGET), { removed: TARGET });
  assert.deepEqual((await fx.backend.list()).models, []);
  const pulled = await fx.backend.pull(TARGET);
  assert.equal(pulled.copied, 0, "the content was still here");
  assert.equal((await fx.backend.list()).models[0]?.digest, built.digest);
});

Deno.test("push moves a tag that names something else in the registry", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  const first = await fx.backend.build(workspace, build());
  await fx.backend.push(TARGET);
  await Deno.writeTextFile(`${workspace}/README.md`, "# second\n");
  await fx.backend.build(workspace, build({ targets: ["localhost:5000/demo:v2"] }));
  await fx.backend.push("localhost:5000/demo:v2");
  await fx.backend.tag("localhost:5000/demo:v2", TARGET);
  const moved = await fx.backend.push(TARGET);
  assert.equal(moved.copied, 0);
  const remote = fx.registry.repository("localhost:5000/demo");
  assert.equal((await remote.resolve("v1")).digest, moved.digest);
  assert.notEqual(moved.digest, first.digest);
});

Deno.test("digests work wherever tags do", async () => {
  await using fx = await fixture();
  const { digest } = await fx.backend.build(await fx.workspace(), build());
  const pinned = `localhost:5000/demo@${digest}`;
  await fx.backend.push(pinned);
  const other = fx.open("other");
  await other.pull(pinned);
  assert.equal((await other.inspect(pinned)).digest, digest);
  await other.tag(pinned, "localhost:5000/demo:pinned");
  await other.extract(pinned, { output: fx.folder.join("out") });
  await other.remove(pinned);
  await assert.rejects(other.inspect("localhost:5000/demo:pinned"), NotFoundError);
});

Deno.test("tag falls back to the registry when the source is not local", async () => {
  await using fx = await fixture();
  const built = await fx.backend.build(await fx.workspace(), build({ outputRemote: true }));
  await fx.backend.tag(TARGET, "localhost:5000/demo:latest");
  const remote = fx.registry.repository("localhost:5000/demo");
  assert.equal((await remote.resolve("latest")).digest, built.digest);
  await assert.rejects(fx.backend.tag("localhost:5000/none:v1", TARGET), NotFoundError);
});

Deno.test("push of a model that is in the registry only succeeds, and sends nothing", async () => {
  await using fx = await fixture();
  const built = await fx.backend.build(await fx.workspace(), build({ outputRemote: true }));
  await fx.backend.tag(TARGET, "localhost:5000/demo:latest");
  const pushed = await fx.backend.push("localhost:5000/demo:latest");
  assert.deepEqual([pushed.digest, pushed.copied, pushed.bytes], [built.digest, 0, 0]);
  await assert.rejects(fx.backend.push("localhost:5000/demo:none"), NotFoundError);
});

Deno.test("pull takes a model that was built here and never pushed from the local store", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const warnings: string[] = [];
  const pulled = await fx.backend.pull(TARGET, {
    extractDir: fx.folder.join("out"),
    log: (_level, message) => warnings.push(message),
  });
  assert.equal(pulled.extracted?.written, 4);
  assert.match(warnings.join(), /The registry does not have/);
});

Deno.test("list, prune and inspect on an empty store", async () => {
  await using fx = await fixture();
  assert.deepEqual(await fx.backend.list(), { models: [], warnings: [] });
  assert.equal((await fx.backend.prune()).bytes, 0);
  await assert.rejects(fx.backend.inspect(TARGET), NotFoundError);
  await assert.rejects(fx.backend.remove(TARGET), NotFoundError);
});

Deno.test("one unreadable tag is a warning of the listing, not its end", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  await fx.backend.build(workspace, build());
  const broken = await fx.backend.build(
    workspace,
    build({ targets: ["localhost:5000/broken:v1"], reasoning: true }),
  );
  await Deno.remove(diskInternals(fx.folder.join("store")).layout.blobData(broken.digest));
  const { models, warnings } = await fx.backend.list();
  assert.deepEqual(models.map((model) => model.repository), ["localhost:5000/demo"]);
  assert.match(warnings.join(), /Skipped localhost:5000\/broken:v1/);
});

Deno.test("a layer whose stored bytes rotted is not extracted", async () => {
  await using fx = await fixture();
  const built = await fx.backend.build(await fx.workspace(), build());
  const weights = built.layers[1]!;
  await Deno.writeFile(
    diskInternals(fx.folder.join("store")).layout.blobData(weights.digest),
    new Uint8Array(16),
  );
  const output = fx.folder.join("out");
  await assert.rejects(fx.backend.extract(TARGET, { output }), IntegrityError);
  await assert.rejects(Deno.stat(`${output}/model.safetensors`), Deno.errors.NotFound);
});

const EVIL_PATHS = ["../evil", "a/../../evil", "/abs", "..\\evil", "C:\\evil", "", "."];
for (const path of EVIL_PATHS) {
  Deno.test(`a layer that names ${JSON.stringify(path)} is not extracted, and neither is any other`, async () => {
    await using fx = await fixture();
    const store = fx.registry.repository("localhost:5000/demo");
    const content = new TextEncoder().encode("evil");
    const layer = (name: string) => ({
      mediaType: "application/vnd.cncf.model.weight.v1.raw",
      digest: digestBytes(content),
      size: content.byteLength,
      annotations: { "org.cncf.model.filepath": name },
    });
    const config = new TextEncoder().encode("{}");
    const bytes = new TextEncoder().encode(JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: "application/vnd.cncf.model.config.v1+json",
        digest: digestBytes(config),
        size: 2,
      },
      layers: [layer("good.bin"), layer(path)],
    }));
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const write = (descriptor: Parameters<typeof store.write>[0], data: Uint8Array<ArrayBuffer>) =>
      store.write(descriptor, {
        size: data.byteLength,
        open: () => Promise.resolve(new Blob([data]).stream()),
      });
    const manifest = { mediaType, digest: digestBytes(bytes), size: bytes.byteLength };
    await write(layer("good.bin"), content);
    await write({ mediaType: "a/b", digest: digestBytes(config), size: 2 }, config);
    await write(manifest, bytes);
    await store.tag(manifest, "v1");
    const output = fx.folder.join("target/out");
    for (const extractFromRemote of [false, true]) {
      const pulling = fx.backend.pull(TARGET, { extractDir: output, extractFromRemote });
      await assert.rejects(pulling, InvalidInputError);
    }
    assert.deepEqual(await readDirIfExists(output), []);
    await assert.rejects(Deno.stat(fx.folder.join("target/evil")), Deno.errors.NotFound);
  });
}

Deno.test("a build that is interrupted leaves no upload and no tag", async () => {
  await using fx = await fixture();
  const controller = new AbortController();
  const building = fx.backend.build(
    await fx.workspace(),
    build({
      signal: controller.signal,
      progress: (event) => event.state === "start" && controller.abort(new Error("stop")),
    }),
  );
  await assert.rejects(building, /stop/);
  assert.deepEqual((await fx.backend.list()).models, []);
  const uploads = diskInternals(fx.folder.join("store")).layout.uploads("localhost:5000/demo");
  assert.deepEqual(await readDirIfExists(uploads), []);
});
