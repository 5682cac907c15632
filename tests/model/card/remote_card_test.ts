/** What is known of a model at a distance: by its manifest and parts of its files, counted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createModelBackend } from "../../../src/model/backend.ts";
import type { ModelCard } from "../../../src/model/card/shape.ts";
import type { CardOfOptions } from "../../../src/model/operations/looking.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../../src/registry/client.ts";
import { createRegistryHandler } from "../../../src/server/handler.ts";
import { e2eTest, startRegistry } from "../../support/registry.ts";
import { scriptedServer } from "../../support/scripted_server.ts";
import { tempFolder } from "../../support/temp.ts";
import { gguf } from "../facts/support.ts";
import { putSparseModel, shardOf, type SparseFile } from "./sparse_model.ts";

const GIB = 2 ** 30;

/** Four shards of 25 GB: seven matrices of 8192² in each of 112 layers. */
const LARGE: Readonly<Record<string, SparseFile>> = {
  "README.md": { head: "---\nlicense: apache-2.0\npipeline_tag: text-generation\n---\n" },
  "config.json": {
    head: '{"model_type":"llama","num_hidden_layers":112,"torch_dtype":"bfloat16"}',
  },
  "tokenizer.json": { head: "{}", size: 20_000_000 },
  "model.safetensors.index.json": { head: "{}", size: 300_000 },
  ...Object.fromEntries(
    [1, 2, 3, 4].map((part) => [
      `model-0000${part}-of-00004.safetensors`,
      shardOf(Array.from({ length: 28 }, (_, index) => (part - 1) * 28 + index), 8192),
    ]),
  ),
};

/** What was asked and sent for a card of a model in a registry over files. */
async function counted(
  files: Readonly<Record<string, SparseFile>>,
  options: CardOfOptions = {},
): Promise<{ card: ModelCard; requests: number; bytes: number }> {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.join("served"));
  const root = join(folder.join("served"), "content.v1");
  await putSparseModel(catalog.repository("demo"), root, { repository: "demo", files });
  await using server = scriptedServer({
    prefix: "/v2/",
    home: "demo",
    handler: createRegistryHandler(catalog),
  });
  await using client = new RegistryClient();
  const models = createModelBackend({
    catalog: diskCatalog(folder.join("local")),
    connect: client.connect,
  });
  const card = await models.card(`${server.host}/demo:v1`, { ...options, remote: true });
  const bytes = server.ledger.reduce((sum, { sent }) => sum + sent, 0);
  return { card, requests: server.ledger.length, bytes };
}

Deno.test("the card of a model of 100 GB takes twelve requests and 1 MiB at most", async () => {
  const { card, requests, bytes } = await counted(LARGE);
  assert.ok(card.size > 100e9);
  assert.ok(requests <= 12, `${requests} requests`);
  assert.ok(bytes <= 1024 * 1024, `${bytes} bytes`);
  const { facts } = card;
  assert.deepEqual([facts.license, facts.task, facts.family, facts.shape?.layers], [
    "Apache-2.0",
    "text-generation",
    "llama",
    112,
  ]);
  assert.equal(facts.paramCount, 112 * 7 * 8192 * 8192);
  assert.deepEqual([facts.tensorCount, card.unread, card.warnings], [112 * 7, [], []]);
});

Deno.test("and so does the list of all its tensors", async () => {
  const { card, requests, bytes } = await counted(LARGE, { onlyTensors: true });
  assert.ok(requests <= 12, `${requests} requests`);
  assert.ok(bytes <= 1024 * 1024, `${bytes} bytes`);
  assert.equal(card.tensors.length, 112 * 7);
  assert.deepEqual(card.tensors.at(112 * 7 - 1).shape, [8192, 8192]);
});

Deno.test("of many shards a few are read, and the count of parameters is worked out", async () => {
  const shards = Array.from({ length: 40 }, (_, index) => [
    `model-${String(index + 1).padStart(5, "0")}-of-00040.safetensors`,
    shardOf([index], 8192),
  ]);
  const files = { ...LARGE, ...Object.fromEntries(shards) };
  for (const part of [1, 2, 3, 4]) delete files[`model-0000${part}-of-00004.safetensors`];
  const { card, requests, bytes } = await counted(files);
  assert.ok(requests <= 12 && bytes <= 1024 * 1024, `${requests} requests, ${bytes} bytes`);
  const count = 40 * 7 * 8192 * 8192;
  assert.ok(Math.abs((card.facts.paramCount ?? 0) - count) < count / 1000);
  assert.equal(card.facts.paramCountIsEstimate, true);
  assert.ok(card.unread.length >= 30, `${card.unread.length} unread`);
  assert.deepEqual(card.unreadTensors, []);
});

/** Forty shards of a network, and an index that names their tensors. */
function sharded(shards: number): Readonly<Record<string, SparseFile>> {
  const name = (index: number) =>
    `model-${String(index + 1).padStart(5, "0")}-of-${String(shards).padStart(5, "0")}.safetensors`;
  const files = Array.from(
    { length: shards },
    (_, index) => [name(index), shardOf([index], 13_500)],
  );
  const weight_map = Object.fromEntries(
    Array.from(
      { length: shards },
      (_, index) => shardTensors(index).map((tensor) => [tensor, name(index)]),
    ).flat(),
  );
  const total_parameters = shards * 7 * 13_500 ** 2;
  const metadata = { total_size: 2 * total_parameters, total_parameters };
  return {
    "README.md": { head: "---\nlicense: apache-2.0\n---\n" },
    "config.json": { head: '{"model_type":"llama","torch_dtype":"bfloat16"}' },
    "generation_config.json": { head: "{}" },
    "tokenizer_config.json": { head: "{}" },
    "model.safetensors.index.json": { head: JSON.stringify({ metadata, weight_map }) },
    ...Object.fromEntries(files),
  };
}

const shardTensors = (layer: number) =>
  ["q", "k", "v", "o", "gate", "up", "down"].map((name) =>
    `model.layers.${layer}.${name}_proj.weight`
  );

Deno.test("the index tells all names, and the sums, of shards that are too many to be read", async () => {
  const { card, requests, bytes } = await counted(sharded(40));
  assert.ok(card.size > 100e9);
  assert.ok(requests <= 12 && bytes <= 1024 * 1024, `${requests} requests, ${bytes} bytes`);
  const { paramCount, paramCountIsEstimate, tensorCount, tensorBytes } = card.facts;
  assert.deepEqual([paramCount, paramCountIsEstimate, tensorCount, tensorBytes], [
    40 * 7 * 13_500 ** 2,
    undefined,
    280,
    2 * 40 * 7 * 13_500 ** 2,
  ]);
  assert.equal(card.unreadTensors.length, 7 * card.unread.length);
  assert.equal(card.tensors.length + card.unreadTensors.length, 280);
});

Deno.test("a table of tensors spends no reads on documents, and names what it did not read", async () => {
  const facts = await counted(sharded(40));
  const { card, requests, bytes } = await counted(sharded(40), { onlyTensors: true });
  assert.ok(requests <= 12 && bytes <= 1024 * 1024, `${requests} requests, ${bytes} bytes`);
  assert.ok(card.tensors.length > facts.card.tensors.length, `${card.tensors.length} tensors`);
  assert.deepEqual(card.unreadTensors[0], {
    name: "model.layers.7.q_proj.weight",
    file: "model-00008-of-00040.safetensors",
  });
  assert.equal(card.tensors.length + card.unreadTensors.length, 280);
});

Deno.test("all headers are read where they are asked for, in a request each", async () => {
  const { card, requests } = await counted(sharded(40), { onlyTensors: true, allHeaders: true });
  assert.deepEqual([card.tensors.length, card.unread, card.unreadTensors], [280, [], []]);
  assert.equal(requests, 43);
  const whole = await counted(sharded(40), { allHeaders: true });
  assert.equal(whole.card.facts.license, "Apache-2.0");
});

Deno.test("an index that is malformed, lies or is too large names nothing that is not there", async () => {
  const plain = sharded(40);
  const indexes: Readonly<Record<string, SparseFile>> = {
    "no JSON": { head: "{" },
    "no map": { head: '{"weight_map":[]}' },
    "files elsewhere": { head: '{"weight_map":{"a":"../../etc/passwd","b":"other.safetensors"}}' },
    "sums that are none": {
      head: '{"metadata":{"total_size":-1,"total_parameters":"x"},"weight_map":{}}',
    },
    "too large": { head: "{}", size: 400_000_000 },
  };
  for (const [what, index] of Object.entries(indexes)) {
    const files = { ...plain, "model.safetensors.index.json": index };
    const { card, requests, bytes } = await counted(files);
    assert.ok(
      requests <= 12 && bytes <= 1024 * 1024,
      `${what}: ${requests} requests, ${bytes} bytes`,
    );
    assert.deepEqual(card.unreadTensors, [], what);
    assert.equal(card.facts.paramCountIsEstimate, true, what);
    assert.equal(card.facts.tensorCount, undefined, what);
    assert.ok(card.unread.length > 30, what);
  }
});

Deno.test("a GGUF file with a long vocabulary tells what comes before it", async () => {
  const texts = Array.from({ length: 150_000 }, (_, index) => `token ${index}`);
  const head = gguf(
    {
      "general.architecture": { text: "llama" },
      "general.name": { text: "Far Away" },
      "general.file_type": { u32: 15 },
      "llama.block_count": { u32: 80 },
      "tokenizer.ggml.tokens": { texts },
    },
    [{ name: "token_embd.weight", shape: [8192, 150_000], type: 12 }],
    { dataSize: 0 },
  );
  const files = { "big.Q4_K_M.gguf": { head, size: 40 * GIB } };
  const { card, requests, bytes } = await counted(files);
  assert.ok(requests <= 12 && bytes <= 1024 * 1024, `${requests} requests, ${bytes} bytes`);
  assert.deepEqual([card.facts.quantization, card.facts.shape?.layers, card.unread], [
    "Q4_K_M",
    80,
    ["big.Q4_K_M.gguf"],
  ]);
  const { card: all } = await counted(files, { onlyTensors: true, allHeaders: true });
  assert.deepEqual([all.tensors.at(0).name, all.unread], ["token_embd.weight", []]);
});

e2eTest("a stock registry shows a model of 100 GB as well", {
  needs: ["docker-registry"],
}, async () => {
  await using registry = await startRegistry();
  await using client = new RegistryClient();
  const name = `${registry.address}/demo`;
  await putSparseModel(client.repository(name), registry.root, {
    repository: "demo",
    files: LARGE,
  });
  await using folder = await tempFolder();
  const models = createModelBackend({
    catalog: diskCatalog(folder.path),
    connect: client.connect,
  });
  const card = await models.card(`${name}:v1`, { remote: true });
  assert.equal(card.facts.paramCount, 112 * 7 * 8192 * 8192);
  assert.equal(card.tensors.length, 112 * 7);
});
