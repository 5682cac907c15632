/** Models in the cache of Hugging Face, as its libraries lay it out. */
import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { hubSnapshot } from "../../../src/model/source/hub_cache.ts";
import { Home } from "../../cli/support.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { safetensors } from "../facts/support.ts";

const REVISION = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "fedcba9876543210fedcba9876543210fedcba98";
const MODEL = "models--acme--tiny-model";

const FILES = {
  "config.json": '{"architectures":["LlamaForCausalLM"],"model_type":"llama"}',
  "model.safetensors": safetensors({ w: { dtype: "F16", shape: [8, 8], width: 2 } }),
  "README.md": "---\nlicense: mit\n---\n",
};

/** Lays out a snapshot: files under digests, and links to them. */
async function putSnapshot(folder: TempFolder, revision: string): Promise<void> {
  for (const [index, [name, content]] of Object.entries(FILES).entries()) {
    await folder.write(`${MODEL}/blobs/blob${index}`, content);
    await Deno.mkdir(folder.join(MODEL, "snapshots", revision), { recursive: true });
    const link = folder.join(MODEL, "snapshots", revision, name);
    await Deno.symlink(`../../blobs/blob${index}`, link);
  }
}

Deno.test("the folder of a model is the snapshot that refs/main names", async () => {
  await using folder = await tempFolder();
  await putSnapshot(folder, REVISION);
  await putSnapshot(folder, OTHER);
  await folder.write(`${MODEL}/refs/main`, REVISION);
  const model = folder.join(MODEL);
  const expected = {
    folder: `${model}/snapshots/${REVISION}`,
    name: "tiny-model",
    revision: REVISION,
    url: "https://huggingface.co/acme/tiny-model",
  };
  assert.deepEqual(await hubSnapshot(model), expected);
  assert.deepEqual(await hubSnapshot(`${model}/snapshots/${REVISION}/`), expected);
  assert.equal((await hubSnapshot(`${model}/snapshots/${OTHER}`))?.revision, OTHER);
  assert.equal(await hubSnapshot(`${model}/blobs`), undefined);
});

Deno.test("without refs/main the only snapshot is meant, and of several none", async () => {
  await using folder = await tempFolder();
  await putSnapshot(folder, REVISION);
  assert.equal((await hubSnapshot(folder.join(MODEL)))?.revision, REVISION);
  await putSnapshot(folder, OTHER);
  await assert.rejects(hubSnapshot(folder.join(MODEL)), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.match(error.message, /it has 2 snapshots, and refs\/main names none$/);
    return true;
  });
});

Deno.test("refs that name a path, and folders that only have such a name, are none", async () => {
  await using folder = await tempFolder();
  await folder.write(`${MODEL}/refs/main`, "../../../etc");
  assert.equal(await hubSnapshot(folder.join(MODEL)), undefined);
  await folder.write("models--x/weights.bin", "x");
  assert.equal(await hubSnapshot(folder.join("models--x")), undefined);
});

Deno.test("a model of the cache is packaged as it is, each weight once, without a warning", async () => {
  await using home = await Home.open();
  await putSnapshot(home.folder, REVISION);
  await putSnapshot(home.folder, OTHER);
  await home.folder.write(`${MODEL}/refs/main`, REVISION);
  const name = "registry.test/models/tiny:v1";
  const { code, stderr } = await home.run(["build", home.at(MODEL), "-t", name]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /link|left out/);
  const { descriptor } = JSON.parse(await home.done("inspect", name, "--config"));
  assert.deepEqual([
    descriptor.name,
    descriptor.revision,
    descriptor.sourceURL,
    descriptor.licenses,
  ], [
    "tiny-model",
    REVISION,
    "https://huggingface.co/acme/tiny-model",
    ["MIT"],
  ]);
  const { Layers } = JSON.parse(await home.done("inspect", name));
  assert.deepEqual(Layers.map(({ Filepath }: { Filepath: string }) => Filepath), [
    "config.json",
    "model.safetensors",
    "README.md",
  ]);
  await home.done("extract", name, "--output", home.at("out"));
  assert.deepEqual(
    await Deno.readFile(home.at("out", "model.safetensors")),
    FILES["model.safetensors"],
  );
});
