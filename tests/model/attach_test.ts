import assert from "node:assert/strict";
import { ConflictError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { readContent } from "../../src/oci/store.ts";
import { build, fixture, RAW_DIGESTS, SAMPLE, TARGET } from "./fixture.ts";

const NEXT = "localhost:5000/demo:v2";
const ELSEWHERE = "registry.test/other/demo:v2";

type Fixture = Awaited<ReturnType<typeof fixture>>;

async function paths(fx: Fixture, target: string, remote = false): Promise<string[]> {
  const { layers } = await fx.backend.inspect(target, { remote });
  return layers.map(({ path }) => path);
}

Deno.test("an attached file takes its place among its kind, and all else stays", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build({ reasoning: true, annotations: { a: "b" } }));
  const file = await fx.folder.write("extra/adapter.safetensors", "adapter");
  const result = await fx.backend.attach(file, { source: TARGET, target: NEXT });
  assert.equal(result.layer?.path, "adapter.safetensors");
  assert.deepEqual(await paths(fx, NEXT), [
    "config.json",
    "adapter.safetensors",
    "model.safetensors",
    "tokenizer.py",
    "README.md",
  ]);
  const { config } = await fx.backend.inspect(NEXT);
  assert.equal(config.config.capabilities?.reasoning, true);
  assert.equal(config.config.precision, "bfloat16");
  assert.equal(config.modelfs.diffIds.length, 5);
  assert.equal(config.modelfs.diffIds[1], digestBytes(new TextEncoder().encode("adapter")));
  const store = fx.catalog.repository("localhost:5000/demo");
  const text = new TextDecoder().decode(await readContent(store, await store.resolve("v2")));
  assert.equal(JSON.parse(text).annotations.a, "b");
  const output = fx.folder.join("out");
  await fx.backend.extract(NEXT, { output });
  assert.equal(await Deno.readTextFile(`${output}/adapter.safetensors`), "adapter");
});

for (const source of [TARGET, "localhost:5000/old:v1"]) {
  Deno.test(`attach across registries copies everything (${source})`, async () => {
    await using fx = await fixture();
    const built = build({ targets: [source], outputRemote: true });
    await fx.backend.build(await fx.workspace(), built);
    const file = await fx.folder.write("staging-config.json", "{}");
    await fx.backend.attach(file, { source, target: ELSEWHERE, outputRemote: true });
    const output = fx.folder.join("out");
    await fx.open("other").pull(ELSEWHERE, { extractDir: output });
    for (const [path, content] of Object.entries({ ...SAMPLE, "staging-config.json": "{}" })) {
      assert.equal(await Deno.readTextFile(`${output}/${path}`), content);
    }
    await assert.rejects(fx.backend.inspect(ELSEWHERE), NotFoundError, "nothing is kept here");
  });
}

Deno.test("a file the model has is a conflict, however it is spelt, unless it is forced", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const file = await fx.folder.write("new/config.json", '{"new":true}');
  for (const destinationDir of [undefined, ".", "./"]) {
    const options = { source: TARGET, target: NEXT, destinationDir };
    await assert.rejects(fx.backend.attach(file, options), ConflictError);
  }
  await fx.backend.attach(file, { source: TARGET, target: NEXT, force: true });
  assert.equal((await paths(fx, NEXT)).filter((path) => path === "config.json").length, 1);
  const output = fx.folder.join("out");
  await fx.backend.extract(NEXT, { output });
  assert.equal(await Deno.readTextFile(`${output}/config.json`), '{"new":true}');
});

Deno.test("attaching what changes nothing still gives the target its tag", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const file = `${await fx.workspace()}/README.md`;
  await fx.backend.attach(file, { source: TARGET, target: NEXT, force: true });
  assert.deepEqual((await fx.backend.inspect(NEXT)).config.modelfs.diffIds, RAW_DIGESTS);
});

Deno.test("a destination folder must lie within the model", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const file = await fx.folder.write("x.json", "{}");
  await fx.backend.attach(file, { source: TARGET, target: NEXT, destinationDir: "a/b" });
  assert.ok((await paths(fx, NEXT)).includes("a/b/x.json"));
  for (const destinationDir of ["/abs", "../up"]) {
    const options = { source: TARGET, target: NEXT, destinationDir };
    await assert.rejects(fx.backend.attach(file, options), InvalidInputError, destinationDir);
  }
});

Deno.test("--config replaces the configuration and keeps the layers", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const config = {
    descriptor: { name: "renamed", licenses: ["MIT"] },
    modelfs: { type: "layers", diffIds: RAW_DIGESTS },
    config: { format: "safetensors" },
  };
  const file = await fx.folder.write("config.json", JSON.stringify(config));
  await fx.backend.attach(file, { source: TARGET, target: NEXT, config: true });
  const inspected = await fx.backend.inspect(NEXT);
  assert.equal(inspected.config.descriptor.name, "renamed");
  assert.equal(inspected.layers.length, 4);
  const broken = await fx.folder.write("broken.json", "{");
  const options = { source: TARGET, target: NEXT, config: true };
  await assert.rejects(fx.backend.attach(broken, options), InvalidInputError);
  const fewer = { ...config, modelfs: { type: "layers", diffIds: RAW_DIGESTS.slice(1) } };
  const short = await fx.folder.write("short.json", JSON.stringify(fewer));
  await assert.rejects(fx.backend.attach(short, options), /3 digests, and the model 4 layers/);
  const large = await fx.folder.write("large.json", " ".repeat(5 * 1024 * 1024));
  await assert.rejects(
    fx.backend.attach(large, options),
    /Cannot read ".*large\.json": it is larger than/,
  );
});

for (const form of ["raw", "tar", "gzip", "zstd"] as const) {
  Deno.test(`--config compares each digest with the content of its ${form} layer`, async () => {
    await using fx = await fixture();
    const shape = form === "raw" || form === "tar"
      ? { raw: form === "raw" }
      : { raw: false, compression: form };
    await fx.backend.build(await fx.workspace(), build({ ...shape, sourceDateEpoch: 0 }));
    const options = { source: TARGET, target: NEXT, config: true };
    const { layers, config: { modelfs: { diffIds } } } = await fx.backend.inspect(TARGET);
    const attach = async (ids: readonly string[]) => {
      const modelfs = { type: "layers", diffIds: ids };
      const text = JSON.stringify({ descriptor: {}, modelfs, config: {} });
      return await fx.backend.attach(await fx.folder.write("c.json", text), options);
    };
    const packed = layers.map(({ digest }) => digest);
    const isPacked = form === "gzip" || form === "zstd";
    for (const wrong of [diffIds.toReversed(), diffIds.with(2, diffIds[0]!), isPacked && packed]) {
      if (!wrong) continue;
      await assert.rejects(attach(wrong), (error) => {
        assert.ok(error instanceof InvalidInputError, String(error));
        assert.match(error.message, /modelfs\.diffIds\[\d\]: got sha256:\w+, want sha256:\w+/);
        return true;
      });
    }
    await attach(diffIds);
  });
}

/**
 * A model of the earlier specification whose configuration is as given, and how to read a document.
 */
async function earlierModel(fx: Awaited<ReturnType<typeof fixture>>, document: object) {
  const store = fx.catalog.repository("localhost:5000/demo");
  const layerBytes = new TextEncoder().encode("weights");
  const layer = {
    ...describeBytes("application/vnd.cnai.model.weight.v1.raw", layerBytes),
    annotations: { "org.cnai.model.filepath": "model.bin" },
  };
  const modelfs = { type: "layers", diff_ids: [layer.digest] };
  const configBytes = new TextEncoder().encode(JSON.stringify({ modelfs, ...document }));
  const config = describeBytes("application/vnd.cnai.model.config.v1+json", configBytes);
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    config,
    layers: [layer],
    annotations: { "org.cnai.modctl.modelfile": "NAME old\n" },
    future: true,
  }));
  const manifest = describeBytes("application/vnd.oci.image.manifest.v1+json", bytes);
  await store.write(layer, bytesSource(layerBytes));
  await store.write(config, bytesSource(configBytes));
  await store.write(manifest, bytesSource(bytes));
  await store.tag(manifest, "v1");
  const read = async (target: Parameters<typeof readContent>[1]) =>
    JSON.parse(new TextDecoder().decode(await readContent(store, target)));
  return { store, layer, read };
}

Deno.test("an older configuration is written as the specification of today has it when a file is attached", async () => {
  await using fx = await fixture();
  const { store, layer, read } = await earlierModel(fx, {
    descriptor: { name: "old", authors: ["me"], title: null },
    config: {
      puantization: "awq",
      capabilities: { input_types: ["text"], inputTypes: ["audio"], knowledge_cutoff: null },
    },
  });
  const file = await fx.folder.write("extra.json", "{}");
  const { layer: added } = await fx.backend.attach(file, { source: TARGET, target: NEXT });
  assert.match(added?.mediaType ?? "", /vnd\.cnai\./, "the family is kept");
  const made = await read(await store.resolve("v2"));
  assert.equal(made.future, true, "a manifest may say more");
  const { descriptor: { createdAt: _now, ...descriptor }, modelfs, config } = await read(
    made.config,
  );
  assert.deepEqual(descriptor, { name: "old", authors: ["me"] });
  assert.deepEqual(modelfs, { type: "layers", diffIds: [added?.digest, layer.digest] });
  assert.deepEqual(config, { quantization: "awq", capabilities: { inputTypes: ["audio"] } });
});

const OUTSIDE: Readonly<Record<string, [document: object, reason: RegExp]>> = {
  "a key of its own": [{ descriptor: { future: 1 } }, /descriptor: has keys that .*"future"/],
  "a section of its own": [{ custom: {} }, /document: has keys .*"custom"/],
  "a modality of its own": [
    { config: { capabilities: { inputTypes: ["smell"] } } },
    /config\.capabilities\.inputTypes\.0: /,
  ],
  "a language that is no code": [
    { config: { capabilities: { languages: ["english"] } } },
    /languages\.0: it is no code of two letters/,
  ],
  "a file system of its own": [
    { modelfs: { type: "tree", diff_ids: [] } },
    /modelfs\.type: /,
  ],
};

for (const [what, [document, reason]] of Object.entries(OUTSIDE)) {
  Deno.test(`a file is not attached to a model whose configuration has ${what}`, async () => {
    await using fx = await fixture();
    const { store } = await earlierModel(fx, document);
    const file = await fx.folder.write("extra.json", "{}");
    const options = { source: TARGET, target: NEXT };
    await assert.rejects(fx.backend.attach(file, options), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot write the configuration of ".*" with one more layer: /);
      assert.match(error.message, reason);
      assert.match(error.facts.remedy ?? "", /modelops attach --config CONFIG\.json -s .* -t /);
      return true;
    });
    await assert.rejects(store.resolve("v2"), NotFoundError);
    // The hint helps: the model with another configuration takes the file.
    const config = JSON.stringify({
      descriptor: {},
      modelfs: { type: "layers", diffIds: [digestBytes(new TextEncoder().encode("weights"))] },
      config: {},
    });
    const replacing = { ...options, config: true };
    await fx.backend.attach(await fx.folder.write("config.json", config), replacing);
    await fx.backend.attach(file, { source: NEXT, target: NEXT });
  });
}

/** Seconds since the epoch whose time RFC 3339 cannot write. */
const TOO_FAR = {
  name: "InvalidInputError",
  message:
    /^Cannot record -?\d+ seconds since 1970 as a time: its year has other than four digits$/,
};
const UNWRITABLE_TIMES = [253402300800, -62167219201, 8.64e12];

for (const sourceDateEpoch of UNWRITABLE_TIMES) {
  Deno.test(`a configuration that the specification does not allow is never written (${sourceDateEpoch})`, async () => {
    await using fx = await fixture();
    const workspace = await fx.workspace();
    const made = build({ sourceDateEpoch, noCreationTime: false });
    await assert.rejects(fx.backend.build(workspace, made), TOO_FAR);
    const stored = await readDirIfExists(fx.folder.join("store"));
    assert.deepEqual(stored.map(({ name }) => name), ["modelops.lock"]);
    await fx.backend.build(workspace, build());
    const file = await fx.folder.write("extra.json", "{}");
    const options = { source: TARGET, target: NEXT, sourceDateEpoch };
    await assert.rejects(fx.backend.attach(file, options), TOO_FAR);
    await assert.rejects(fx.backend.inspect(NEXT), NotFoundError);
  });
}

Deno.test("a pointer of Git LFS is neither attached nor uploaded", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  const versions = [
    "https://git-lfs.github.com/spec/v1",
    "https://hawser.github.com/spec/v1",
    "http://git-media.io/v/2",
  ];
  for (const version of versions) {
    const text = `version ${version}\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
    const file = await fx.folder.write("w.safetensors", text);
    const refused = { name: "InvalidInputError", message: /w\.safetensors" is a Git LFS pointer/ };
    await assert.rejects(fx.backend.attach(file, { source: TARGET, target: NEXT }), refused);
    await assert.rejects(fx.backend.upload(file, { repository: "localhost:5000/demo" }), refused);
  }
  await assert.rejects(fx.backend.inspect(NEXT), NotFoundError);
});

Deno.test("an uploaded file is found there by a later build", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  const uploaded = await fx.backend.upload(`${workspace}/model.safetensors`, {
    repository: "localhost:5000/demo:ignored",
  });
  assert.equal(uploaded.repository, "localhost:5000/demo");
  assert.equal(uploaded.layer.digest, RAW_DIGESTS[1]);
  const skipped: string[] = [];
  await fx.backend.build(
    workspace,
    build({
      outputRemote: true,
      progress: (event) => event.state === "skip" && skipped.push(event.name),
    }),
  );
  assert.deepEqual(skipped, ["model.safetensors"]);
  await assert.rejects(
    fx.backend.upload(fx.folder.join("none"), { repository: "localhost:5000/demo" }),
    NotFoundError,
  );
});

const FETCHES: [string, string[], string[]][] = [
  ["one pattern", ["*.json"], ["config.json"]],
  ["overlapping patterns", ["*.json", "config.*", "**"], Object.keys(SAMPLE)],
  ["alternatives", ["{README,tokenizer}.*"], ["README.md", "tokenizer.py"]],
];
for (const [what, patterns, expected] of FETCHES) {
  Deno.test(`fetch by ${what} writes each file once`, async () => {
    await using fx = await fixture();
    await fx.backend.build(await fx.workspace(), build({ outputRemote: true }));
    const output = fx.folder.join("out");
    const result = await fx.backend.fetch(TARGET, { output, patterns });
    assert.equal(result.written, expected.length);
    const found = (await Array.fromAsync(Deno.readDir(output))).map((entry) => entry.name);
    assert.deepEqual(found.sort(), [...expected].sort());
  });
}

Deno.test("fetch says so when nothing matches, and refuses patterns it cannot read", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build({ outputRemote: true }));
  const output = fx.folder.join("out");
  await assert.rejects(
    fx.backend.fetch(TARGET, { output, patterns: ["sub/*.json"] }),
    NotFoundError,
  );
  await assert.rejects(fx.backend.fetch(TARGET, { output, patterns: [] }), InvalidInputError);
  await assert.rejects(fx.backend.fetch(TARGET, { output, patterns: ["[a"] }), InvalidInputError);
  await assert.rejects(Deno.stat(output), Deno.errors.NotFound);
});
