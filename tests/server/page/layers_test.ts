import assert from "node:assert/strict";
import fc from "fast-check";
import {
  foldAlike,
  groupLayers,
  layerName,
} from "../../../src/server/page/client/values/layers.js";
import { TensorTree } from "../../../src/server/page/client/values/tensor_rows.js";

const tensor = (name: string, shape: number[] = [2, 3]) => ({
  name,
  shape,
  type: "float32",
  bytes: 4 * shape.reduce((product, size) => product * size, 1),
  file: "model.safetensors",
});

const block = (number: number, width = 8) => [
  tensor(`blk.${number}.attn.weight`, [width, width]),
  tensor(`blk.${number}.ffn.weight`, [width, 4]),
];

Deno.test("the name of a tensor tells its layer", () => {
  const names = {
    "model.layers.3.mlp.experts.7.up_proj.weight": "model.layers.3",
    "blk.12.attn_q.weight": "blk.12",
    "h.0.weight": "h.0",
    "model.embed_tokens.weight": "model.embed_tokens",
    "output": "output",
    "": "",
    "0.weight": "0",
    ".5": ".5",
  };
  for (const [name, layer] of Object.entries(names)) assert.equal(layerName(name), layer, name);
});

Deno.test("layers are in the order of their numbers, and what is alike is one run", () => {
  const tensors = [10, 2, 0, 1, 3].flatMap((number) => block(number));
  const runs = foldAlike(groupLayers([tensor("token_embd.weight"), ...tensors]));
  assert.deepEqual(runs.map(({ name, layers }) => [name, layers.length]), [
    ["blk.0 … 10", 5],
    ["token_embd", 1],
  ]);
  assert.equal(runs[0]?.parameters, 5 * (64 + 32));
  assert.equal(runs[0]?.bytes, 4 * 5 * (64 + 32));
});

Deno.test("layers of another shape, type or number of tensors are runs of their own", () => {
  const odd = { ...tensor("blk.5.attn.weight", [8, 8]), type: "Q4_K" };
  const tensors = [
    ...block(0),
    ...block(1),
    ...block(2, 16),
    tensor("blk.3.attn.weight", [8, 8]),
    tensor("blk.4.attn.weight", [8, 8]),
    odd,
    tensor("out.0.attn.weight", [8, 8]),
  ];
  assert.deepEqual(foldAlike(groupLayers(tensors)).map(({ name }) => name), [
    "blk.0 … 1",
    "blk.2",
    "blk.3 … 4",
    "blk.5",
    "out.0",
  ]);
});

Deno.test("every tensor is in the tree once, whatever its name", () => {
  const names = fc.uniqueArray(fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-c](\.[0-9a-c]{1,2}){0,4}$/),
    fc.constantFrom("__proto__", "constructor.0.weight", "a..b", "1.2.3"),
  ));
  fc.assert(fc.property(names, (list) => {
    const tree = new TensorTree(list.map((name) => tensor(name)));
    tree.openAll();
    const found = tree.rows().flatMap((row) => row.tensor === undefined ? [] : [row.tensor.name]);
    assert.deepEqual(found.sort(), [...list].sort());
  }));
});

Deno.test("rows open and close, one level at a time", () => {
  const tree = new TensorTree([...block(0), ...block(1), tensor("norm.weight")]);
  assert.deepEqual(tree.rows().map(({ name }) => name), ["blk.0 … 1", "norm.weight"]);
  tree.toggle(tree.rows()[0]!.key);
  assert.deepEqual(tree.rows().map(({ name, level }) => `${level} ${name}`), [
    "1 blk.0 … 1",
    "2 blk.0",
    "2 blk.1",
    "1 norm.weight",
  ]);
  tree.toggle(tree.rows()[2]!.key);
  assert.deepEqual(tree.rows().slice(3, 5).map(({ name, level }) => `${level} ${name}`), [
    "3 blk.1.attn.weight",
    "3 blk.1.ffn.weight",
  ]);
  tree.toggle(tree.rows()[0]!.key);
  assert.equal(tree.rows().length, 2);
});
