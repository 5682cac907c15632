import assert from "node:assert/strict";
import { bytesSource } from "../../../src/core/content/source.ts";
import { configFacts } from "../../../src/model/facts/config_json.ts";
import { readHeaderFacts } from "../../../src/model/facts/weights.ts";
import { gguf, safetensors } from "./support.ts";

type Shapes = Readonly<Record<string, readonly [dtype: string, ...shape: number[]]>>;

const WIDTHS: Readonly<Record<string, number>> = { U32: 4, I32: 4, F16: 2, BF16: 2, F32: 4 };

async function factsOf(shapes: Shapes) {
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, [dtype, ...shape]]) => [
      name,
      { dtype, shape, width: WIDTHS[dtype] ?? 1 },
    ]),
  );
  return await readHeaderFacts([{
    path: "model.safetensors",
    source: bytesSource(safetensors(tensors)),
  }]);
}

Deno.test("weights that are packed several to an element are not counted as they lie there", async () => {
  const packed: Readonly<Record<string, Shapes>> = {
    mlx: { "a.weight": ["U32", 8, 4], "a.scales": ["F16", 8, 1], "a.biases": ["F16", 8, 1] },
    nvfp4: {
      "a.weight": ["U8", 8, 4],
      "a.weight_scale": ["F8_E4M3", 8, 1],
      "a.weight_scale_2": ["F32", 1],
    },
    gptq: { "a.qweight": ["I32", 8, 4], "a.qzeros": ["I32", 1, 4], "a.scales": ["F16", 8, 1] },
    bitsandbytes: { "a.weight": ["U8", 16, 1], "a.weight.absmax": ["F32", 1] },
    "nvfp4 experts in one tensor": {
      "a.experts.up_proj": ["U8", 2, 8, 4],
      "a.experts.up_proj_weight_scale": ["F8_E4M3", 2, 8, 1],
      "a.experts.up_proj_weight_scale_2": ["F32", 2],
    },
    mxfp4: { "a.w_blocks": ["U8", 8, 4], "a.w_scales": ["U8", 8] },
    compressed: { "a.weight_packed": ["I32", 8, 4], "a.weight_scale": ["F16", 8, 1] },
    hqq: { "a.W_q": ["U8", 8, 4], "a.scale": ["F16", 8] },
    quanto: { "a.weight._data._data": ["U8", 8, 4], "a.weight._scale": ["F16", 8] },
    quip: { "a.Qidxs": ["I64", 8, 4], "a.SU": ["F16", 8] },
    exl3: { "a.trellis": ["I16", 2, 2, 8], "a.suh": ["F16", 8] },
    torchao: { "a.weight_qdata": ["U8", 8, 4], "a.weight_scale": ["F16", 8] },
    marlin: { "a.B": ["I32", 8, 4], "a.s": ["F16", 8] },
    sparse: { "a.weight.bitmask": ["U8", 8, 1], "a.weight.compressed": ["BF16", 16] },
  };
  for (const [method, shapes] of Object.entries(packed)) {
    const { paramCount, precision } = await factsOf(shapes);
    assert.deepEqual([paramCount, precision], [undefined, undefined], method);
  }
});

Deno.test("weights of one element each are counted, whatever scales them", async () => {
  const plain: Readonly<Record<string, Shapes>> = {
    fp8: { "a.weight": ["F8_E4M3", 8, 4], "a.weight_scale": ["F32", 1] },
    int8: { "a.weight": ["I8", 8, 4], "a.weight_scale": ["F32", 8] },
    eetq: { "a.weight": ["I8", 8, 4], "a.weight_scales": ["F16", 8] },
    bitsandbytes: { "a.weight": ["I8", 8, 4], "a.SCB": ["F32", 8], "a.weight_format": ["U8"] },
    modelopt: {
      "k_proj.weight": ["F8_E4M3", 8, 4],
      "k_proj.weight_scale": ["F32"],
      "k_proj.input_scale": ["F32"],
      "k_proj.k_scale": ["F32"],
    },
    "fp8 experts in one tensor": {
      "a.experts.up_proj": ["F8_E4M3", 1, 8, 4],
      "a.experts.up_proj_scale_inv": ["F32", 1, 1, 1],
      "a.experts.up_proj_input_scale": ["F32"],
    },
    fbgemm: { "a.weight": ["F8_E4M3", 8, 4], "a.input_scale_ub": ["F32", 1] },
    plain: { "a.weight": ["BF16", 8, 4] },
  };
  for (const [method, shapes] of Object.entries(plain)) {
    assert.equal((await factsOf(shapes)).paramCount, 32, method);
  }
});

Deno.test("what goes with a model is known by its file or its folder", async () => {
  const weights = (rows: number) =>
    bytesSource(safetensors({ "a.weight": { dtype: "BF16", shape: [rows, 4], width: 2 } }));
  for (
    const path of [
      "multi_modal_projector.safetensors",
      "vision-projector.safetensors",
      "projector/model.safetensors",
      "assistant/model.safetensors",
      "lora.safetensors",
      "loras/style.safetensors",
    ]
  ) {
    const { paramCount, warnings } = await readHeaderFacts([
      { path, source: weights(2) },
      { path: "model.safetensors", source: weights(8) },
    ]);
    assert.deepEqual([paramCount, warnings], [32, []], path);
    assert.equal((await readHeaderFacts([{ path, source: weights(2) }])).paramCount, 8, path);
  }
});

Deno.test("a projector, an adapter and a draft model beside the main one tell nothing", async () => {
  const model = (architecture: string, type: string, count: number) =>
    gguf({ "general.architecture": { text: architecture }, "general.type": { text: type } }, [
      { name: "a", shape: [count], type: 0 },
    ]);
  const main = { path: "m-Q4.gguf", source: bytesSource(model("gemma3", "model", 640)) };
  const companions = {
    "mmproj-m.gguf": model("clip", "mmproj", 64),
    "projector.gguf": model("clip", "", 64),
    "lora.gguf": model("gemma3", "adapter", 64),
    "m-draft.gguf": model("gemma3", "model", 64),
    "draft/m.gguf": model("llama", "model", 64),
    "happy.gguf": model("controlvector", "", 64),
    "voice.gguf": model("wavtokenizer-dec", "", 64),
  };
  for (const [path, bytes] of Object.entries(companions)) {
    const { family, paramCount, warnings } = await readHeaderFacts([
      { path, source: bytesSource(bytes) },
      main,
    ]);
    assert.deepEqual([family, paramCount, warnings], ["gemma3", 640, []], path);
  }
  const [[path = "", bytes = new Uint8Array()] = []] = Object.entries(companions);
  const alone = await readHeaderFacts([{ path, source: bytesSource(bytes) }]);
  assert.equal(alone.family, "clip");
});

Deno.test("the quantization of a nested configuration is found", () => {
  const quantization_config = { quant_method: "awq", bits: 4 };
  for (const key of ["text_config", "llm_config", "language_config", "thinker_config"]) {
    const config = { model_type: "x", [key]: { quantization_config, dtype: "bfloat16" } };
    const { quantization, precision } = configFacts(config);
    assert.deepEqual([quantization, precision], ["awq-int4", "bfloat16"], key);
  }
  for (const key of ["vision_config", "audio_config", "llm_cfg", "backbone_config", "encoder"]) {
    const config = { text_config: {}, [key]: { inner_config: { quantization_config } } };
    assert.equal(configFacts(config).quantization, "awq-int4", key);
    const text_config = { quantization_config: { quant_method: "gptq", bits: 8 } };
    assert.equal(configFacts({ ...config, text_config }).quantization, "gptq-int8", key);
  }
  for (const key of ["draft_config", "speculators_config"]) {
    assert.equal(configFacts({ [key]: { quantization_config } }).quantization, undefined, key);
  }
  assert.equal(configFacts({ compression_config: quantization_config }).quantization, "awq-int4");
  assert.equal(configFacts({ quantization: { quant_algo: "NVFP4" } }).quantization, "nvfp4");
});
