/** Models for llama.cpp, and what goes with them. @module */
import { gguf, type GgufValue } from "../facts/support.ts";
import type { ModelFolders } from "./folder.ts";

/** What a converter writes of a small Llama; the number is that of the type of the file. */
const llama = (fileType: number): Readonly<Record<string, GgufValue>> => ({
  "general.architecture": { text: "llama" },
  "general.type": { text: "model" },
  "general.name": { text: "Tiny Llama" },
  "general.file_type": { u32: fileType },
  "general.license": { text: "apache-2.0" },
  "llama.block_count": { u32: 1 },
  "llama.context_length": { u32: 2048 },
  "llama.embedding_length": { u32: 256 },
  "llama.attention.head_count": { u32: 8 },
  "llama.attention.head_count_kv": { u32: 4 },
  "tokenizer.ggml.model": { text: "gpt2" },
  "tokenizer.ggml.tokens": { texts: ["a", "b", "c", "d"] },
});

/** What these keys say. */
const LLAMA_FACTS = {
  architecture: "transformer",
  family: "llama",
  format: "gguf",
  license: "Apache-2.0",
  shape: {
    layers: 1,
    width: 256,
    heads: 8,
    keyValueHeads: 4,
    contextLength: 2048,
    vocabularySize: 4,
  },
  tokenizer: { method: "BPE", vocabularySize: 4 },
} as const;

const TENSORS = [
  { name: "token_embd.weight", shape: [256, 4], type: 12 },
  { name: "output_norm.weight", shape: [256], type: 0 },
];

/** Keys of one part of a model in two. */
const part = (index: number): Readonly<Record<string, GgufValue>> => ({
  "split.no": { u16: index },
  "split.count": { u16: 2 },
  "split.tensors.count": { i32: 2 },
});

export const GGUF_MODELS: ModelFolders = {
  "a GGUF file of version 2": {
    files: { "tiny.Q4_K_M.gguf": gguf(llama(15), TENSORS, { version: 2 }) },
    facts: {
      ...LLAMA_FACTS,
      paramCount: 1280,
      quantization: "Q4_K_M",
      tensorBytes: 576 + 1024,
      tensorCount: 2,
    },
  },
  "a GGUF file of version 3 in big endian": {
    files: { "tiny.Q4_K_M.gguf": gguf(llama(15), TENSORS, { version: 3, bigEndian: true }) },
    facts: {
      ...LLAMA_FACTS,
      paramCount: 1280,
      quantization: "Q4_K_M",
      tensorBytes: 576 + 1024,
      tensorCount: 2,
    },
  },
  "a GGUF model in two parts with a projector": {
    files: {
      "tiny-Q8_0-00001-of-00002.gguf": gguf({ ...llama(7), ...part(0) }, [
        { name: "token_embd.weight", shape: [256, 4], type: 8 },
      ]),
      "tiny-Q8_0-00002-of-00002.gguf": gguf(part(1), [
        { name: "output_norm.weight", shape: [256], type: 0 },
      ]),
      "mmproj-tiny-f16.gguf": gguf({
        "general.architecture": { text: "clip" },
        "general.type": { text: "mmproj" },
        "general.file_type": { u32: 1 },
        "clip.has_vision_encoder": { bool: true },
      }, [{ name: "v.patch_embd.weight", shape: [16, 16], type: 1 }]),
    },
    facts: {
      ...LLAMA_FACTS,
      paramCount: 1280,
      quantization: "Q8_0",
      tensorBytes: 1088 + 1024,
      tensorCount: 2,
    },
  },
  "a mixture of experts for llama.cpp": {
    files: {
      "moe-Q8_0.gguf": gguf({
        "general.architecture": { text: "qwen3moe" },
        "general.size_label": { text: "128x1.8B" },
        "general.file_type": { u32: 7 },
        "qwen3moe.block_count": { u32: 1 },
        "qwen3moe.expert_count": { u32: 8 },
        "qwen3moe.expert_used_count": { u32: 2 },
      }, [
        { name: "token_embd.weight", shape: [32, 8], type: 8 },
        { name: "blk.0.ffn_gate_inp.weight", shape: [32, 8], type: 0 },
        { name: "blk.0.ffn_down_exps.weight", shape: [32, 16, 8], type: 8 },
      ]),
    },
    facts: {
      architecture: "transformer",
      family: "qwen3moe",
      format: "gguf",
      paramCount: 256 + 256 + 4096,
      activeParamCount: 256 + 256 + 1024,
      quantization: "Q8_0",
      shape: { layers: 1, experts: 8, expertsPerToken: 2 },
      tensorBytes: 272 + 1024 + 4352,
      tensorCount: 3,
    },
  },
};
