/** Artifacts of others beside models: treated as content, and never taken for models. */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { Home } from "./support.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.cncf.model.config.v1+json";

/** Puts an artifact into the home's registry as `registry.test/<name>`. */
async function publish(
  home: Home,
  name: string,
  config: string,
  layers: readonly (readonly [type: string, text: string, annotations?: Record<string, string>])[],
  mediaType = OCI,
): Promise<string> {
  const store = home.registry.catalog.repository(name);
  const put = async (type: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    const descriptor = describeBytes(type, bytes);
    await store.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const described = await Promise.all(
    layers.map(async ([type, text, annotations]) => ({ ...await put(type, text), annotations })),
  );
  const document = {
    schemaVersion: 2,
    mediaType,
    config: await put(config, '{"name":"x","version":"1.0.0"}'),
    layers: described,
  };
  await store.tag(await put(mediaType, JSON.stringify(document)), "v1");
  return `registry.test/${name}:v1`;
}

const FOREIGN: readonly (readonly [string, string, string, string, string?])[] = [
  ["chart", "a Helm chart", "application/vnd.cncf.helm.config.v1+json", "application/x-tar"],
  ["image", "a container image", "application/vnd.oci.image.config.v1+json", "application/x-tar"],
  [
    "modelkit",
    "a ModelKit",
    "application/vnd.kitops.modelkit.config.v1+json",
    "application/vnd.kitops.modelkit.model.v1.tar",
  ],
  [
    "ollama",
    "an Ollama model",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.ollama.image.model",
    DOCKER,
  ],
  [
    "docker-ai",
    "a Docker AI model",
    "application/vnd.docker.ai.model.config.v0.1+json",
    "application/vnd.docker.ai.gguf.v3",
  ],
  [
    "bundle",
    "a bundle",
    "application/vnd.oci.empty.v1+json",
    "application/vnd.modelops.layer+json",
  ],
  ["artifact", "an artifact of another kind", "application/vnd.example.x", "text/plain"],
];

for (const [kind, title, config, layer, mediaType] of FOREIGN) {
  Deno.test(`${title} is moved and listed as what it is, and is no model`, async () => {
    await using home = await Home.open();
    const name = await publish(home, "thing", config, [[layer, "content"]], mediaType);
    const refusals = [
      ["inspect", "--remote", name],
      ["inspect", "--remote", "--config", name],
      ["fetch", "--patterns", "**", "--output", home.at("out"), name],
      ["pull", "--extract-from-remote", "--extract-dir", home.at("out"), name],
      ["pull", "--extract-dir", home.at("out"), name],
      ["attach", "--source", name, "--target", name, "--output-remote", home.at("model/model.bin")],
    ];
    for (const args of refusals) {
      const { code, stdout, stderr } = await home.run(args);
      assert.deepEqual([code, stdout], [10, ""], args.join(" "));
      assert(stderr.includes(`"registry.test/thing:v1" as a model: it is ${title} ("`), stderr);
    }
    assert.deepEqual(JSON.parse(await home.done("list", "--json")).models, []);
    assert.match(await home.done("pull", name), /Successfully pulled/);
    await home.done("tag", name, "registry.test/copy:v2");
    await home.done("push", "registry.test/copy:v2");
    const { models } = JSON.parse(await home.done("list", "--json"));
    assert.deepEqual(models.map((entry: { kind: string }) => entry.kind), [kind, kind]);
    for (const args of [["inspect", name], ["extract", name, "--output", home.at("out")]]) {
      assert.equal((await home.run(args)).code, 10, args.join(" "));
    }
    await assert.rejects(Deno.stat(home.at("out")), Deno.errors.NotFound);
  });
}

const WEIGHTS = [
  "application/vnd.cncf.model.weight.v1.gguf",
  "application/vnd.cncf.model.weight.v1.safetensors",
  "application/vnd.cncf.model.weight.v1.raw",
];

for (const type of WEIGHTS) {
  Deno.test(`a layer of type ${type} is one file, named by its path or its title`, async () => {
    await using home = await Home.open();
    const name = await publish(home, "weights", CONFIG, [
      [type, "one", { "org.cncf.model.filepath": "dir/one.bin" }],
      [type, "two", { "org.opencontainers.image.title": "two.bin" }],
      [type, "three", {
        "org.opencontainers.image.title": "other",
        "org.cnai.model.filepath": "three.bin",
      }],
    ]);
    await home.done("pull", "--extract-dir", home.at("out"), name);
    for (
      const [path, text] of [["dir/one.bin", "one"], ["two.bin", "two"], ["three.bin", "three"]]
    ) {
      assert.equal(await Deno.readTextFile(home.at("out", path!)), text);
    }
  });
}

Deno.test("a title that leaves the folder is refused like a path that does", async () => {
  await using home = await Home.open();
  const title = { "org.opencontainers.image.title": "../evil" };
  const name = await publish(home, "weights", CONFIG, [[WEIGHTS[0]!, "one", title]]);
  const { code } = await home.run(["pull", "--extract-dir", home.at("out"), name]);
  assert.equal(code, 2);
});

const INDEX = "application/vnd.oci.image.index.v1+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const INDEXES: readonly (readonly [string, string, number])[] = [
  ["an index of 0 manifests", INDEX, 0],
  ["an index of 1 manifest", INDEX, 1],
  ["an index of 2 manifests", INDEX, 2],
  ["an index of 1 manifest", LIST, 1],
];

for (const [title, mediaType, count] of INDEXES) {
  Deno.test(`${title} of type ${mediaType} is content, and no model`, async () => {
    await using home = await Home.open();
    const name = await publish(home, "thing", CONFIG, [[WEIGHTS[2]!, "content"]]);
    const store = home.registry.catalog.repository("thing");
    const root = await store.resolve("v1");
    const manifests = Array.from({ length: count }, (_, index) => ({
      ...root,
      platform: { os: "linux", architecture: `a${index}` },
    }));
    const bytes = new TextEncoder().encode(
      JSON.stringify({ schemaVersion: 2, mediaType, manifests }),
    );
    const index = describeBytes(mediaType, bytes);
    await store.write(index, bytesSource(bytes));
    await store.tag(index, "v1");
    const refusals = [
      ["inspect", "--remote", name],
      ["fetch", "--patterns", "**", "--output", home.at("out"), name],
      ["pull", "--extract-dir", home.at("out"), name],
      ["pull", "--extract-from-remote", "--extract-dir", home.at("out"), name],
      ["attach", "--source", name, "--target", name, "--output-remote", home.at("model/model.bin")],
    ];
    for (const args of refusals) {
      const { code, stdout, stderr } = await home.run(args);
      assert.deepEqual([code, stdout], [10, ""], `${args}: ${stderr}`);
      assert(stderr.includes(`as a model: it is ${title} ("${mediaType}")`), stderr);
    }
    await home.done("pull", name);
    await home.done("tag", name, "registry.test/copy:v2");
    await home.done("push", "registry.test/copy:v2");
    const { models } = JSON.parse(await home.done("list", "--json"));
    assert.deepEqual(models.map(({ kind }: { kind: string }) => kind), ["index", "index"]);
    for (const args of [["inspect", name], ["extract", name, "--output", home.at("out")]]) {
      assert.equal((await home.run(args)).code, 10, args.join(" "));
    }
    await assert.rejects(Deno.stat(home.at("out")), Deno.errors.NotFound);
  });
}
