/** Models of language whose weights are packed, or scaled. @module */
import { json, type ModelFolders, readme, weights } from "./folder.ts";

/** A small Llama; its quantized forms differ in the rest. */
const LLAMA = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 32,
  max_position_embeddings: 2048,
  torch_dtype: "float16",
  transformers_version: "4.51.0",
};

/** What all of them say. */
const LLAMA_FACTS = {
  architecture: "transformer",
  family: "llama",
  format: "safetensors",
  library: "transformers",
  modelClass: "LlamaForCausalLM",
  task: "text-generation",
  precision: "float16",
  shape: {
    layers: 1,
    width: 64,
    heads: 4,
    keyValueHeads: 2,
    contextLength: 2048,
    vocabularySize: 32,
  },
} as const;

/** A tensor that no method quantizes. */
const EMBEDDING = { "model.embed_tokens.weight": ["F16", 32, 64] } as const;
const EMBEDDING_BYTES = 4096;

export const QUANTIZED_MODELS: ModelFolders = {
  "a model quantized by GPTQ": {
    files: {
      "config.json": json({
        ...LLAMA,
        quantization_config: { quant_method: "gptq", bits: 4, group_size: 128, desc_act: true },
      }),
      "model.safetensors": weights({
        ...EMBEDDING,
        "model.layers.0.self_attn.q_proj.qweight": ["I32", 8, 64],
        "model.layers.0.self_attn.q_proj.qzeros": ["I32", 1, 8],
        "model.layers.0.self_attn.q_proj.scales": ["F16", 1, 64],
        "model.layers.0.self_attn.q_proj.g_idx": ["I32", 64],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      quantization: "gptq-int4",
      paramCount: 2048 + 4096,
      tensorBytes: EMBEDDING_BYTES + 2048 + 32 + 128 + 256,
      tensorCount: 5,
    },
  },
  "a model quantized by AWQ": {
    files: {
      "config.json": json({
        ...LLAMA,
        quantization_config: { quant_method: "awq", bits: 4, group_size: 64, version: "gemm" },
      }),
      "model.safetensors": weights({
        ...EMBEDDING,
        "model.layers.0.self_attn.q_proj.qweight": ["I32", 64, 8],
        "model.layers.0.self_attn.q_proj.qzeros": ["I32", 1, 8],
        "model.layers.0.self_attn.q_proj.scales": ["F16", 1, 64],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      quantization: "awq-int4",
      paramCount: 2048 + 4096,
      tensorBytes: EMBEDDING_BYTES + 2048 + 32 + 128,
      tensorCount: 4,
    },
  },
  "a model quantized by bitsandbytes": {
    files: {
      "config.json": json({
        ...LLAMA,
        quantization_config: {
          _load_in_4bit: true,
          load_in_4bit: true,
          load_in_8bit: false,
          bnb_4bit_quant_type: "nf4",
          quant_method: "bitsandbytes",
        },
      }),
      "model.safetensors": weights({
        ...EMBEDDING,
        "model.layers.0.self_attn.q_proj.weight": ["U8", 2048, 1],
        "model.layers.0.self_attn.q_proj.weight.absmax": ["U8", 64],
        "model.layers.0.self_attn.q_proj.weight.quant_map": ["F32", 16],
        "model.layers.0.self_attn.q_proj.weight.quant_state.bitsandbytes__nf4": ["U8", 90],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      quantization: "bitsandbytes-nf4",
      paramCount: 2048 + 4096,
      tensorBytes: EMBEDDING_BYTES + 2048 + 64 + 64 + 90,
      tensorCount: 5,
    },
  },
  "a model quantized for MLX": {
    files: {
      "README.md": readme("library_name: mlx\nlicense: mit\ntags:\n- mlx"),
      "config.json": json({ ...LLAMA, quantization: { group_size: 64, bits: 4 } }),
      "model.safetensors": weights({
        "model.embed_tokens.weight": ["U32", 32, 8],
        "model.embed_tokens.scales": ["F16", 32, 1],
        "model.embed_tokens.biases": ["F16", 32, 1],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      library: "mlx",
      license: "MIT",
      quantization: "int4",
      paramCount: 2048,
      tensorBytes: 1024 + 64 + 64,
      tensorCount: 3,
    },
  },
  "a model quantized to NVFP4": {
    files: {
      "config.json": json({
        ...LLAMA,
        quantization_config: {
          config_groups: {
            group_0: {
              weights: { dynamic: false, num_bits: 4, type: "float", group_size: 16 },
              targets: ["Linear"],
            },
          },
          ignore: ["lm_head"],
          quant_algo: "NVFP4",
          quant_method: "modelopt",
        },
      }),
      "hf_quant_config.json": json({
        producer: { name: "modelopt", version: "0.33.0" },
        quantization: { quant_algo: "NVFP4", kv_cache_quant_algo: "FP8", group_size: 16 },
      }),
      "model.safetensors": weights({
        ...EMBEDDING,
        "model.layers.0.self_attn.q_proj.weight": ["U8", 64, 32],
        "model.layers.0.self_attn.q_proj.weight_scale": ["F8_E4M3", 64, 4],
        "model.layers.0.self_attn.q_proj.weight_scale_2": ["F32"],
        "model.layers.0.self_attn.q_proj.input_scale": ["F32"],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      quantization: "modelopt-nvfp4",
      paramCount: 2048 + 4096,
      tensorBytes: EMBEDDING_BYTES + 2048 + 256 + 4 + 4,
      tensorCount: 5,
    },
  },
  "experts quantized to MXFP4": {
    files: {
      "config.json": json({
        architectures: ["GptOssForCausalLM"],
        model_type: "gpt_oss",
        num_local_experts: 4,
        experts_per_token: 2,
        quantization_config: {
          quant_method: "mxfp4",
          modules_to_not_convert: ["model.embed_tokens"],
        },
        transformers_version: "4.55.0",
      }),
      "model.safetensors": weights({
        "model.embed_tokens.weight": ["BF16", 16, 8],
        "model.layers.0.mlp.experts.gate_up_proj_blocks": ["U8", 4, 8, 2, 16],
        "model.layers.0.mlp.experts.gate_up_proj_scales": ["U8", 4, 8, 2],
        "model.layers.0.mlp.experts.gate_up_proj_bias": ["BF16", 4, 8],
      }),
    },
    facts: {
      architecture: "transformer",
      family: "gpt_oss",
      format: "safetensors",
      library: "transformers",
      modelClass: "GptOssForCausalLM",
      task: "text-generation",
      quantization: "mxfp4",
      paramCount: 128 + 2048 + 32,
      activeParamCount: 128 + 1024 + 16,
      shape: { experts: 4, expertsPerToken: 2 },
      tensorBytes: 256 + 1024 + 64 + 64,
      tensorCount: 4,
    },
  },
  "a model in float8 with a scale for each block": {
    files: {
      "config.json": json({
        ...LLAMA,
        quantization_config: {
          activation_scheme: "dynamic",
          fmt: "e4m3",
          quant_method: "fp8",
          weight_block_size: [128, 128],
        },
      }),
      "model.safetensors": weights({
        ...EMBEDDING,
        "model.layers.0.self_attn.q_proj.weight": ["F8_E4M3", 64, 64],
        "model.layers.0.self_attn.q_proj.weight_scale_inv": ["F32", 1, 1],
      }),
    },
    facts: {
      ...LLAMA_FACTS,
      quantization: "fp8",
      paramCount: 2048 + 4096,
      tensorBytes: EMBEDDING_BYTES + 4096 + 4,
      tensorCount: 3,
    },
  },
};
