/** Models of language, whole and quantized. @module */
import { json, type ModelFolders, readme, weights } from "./folder.ts";

/** What a tokenizer of a model for conversations says. */
const CHAT = json({
  chat_template: "{% for message in messages %}{{ message.content }}{% endfor %}",
  model_max_length: 1000000000000000019884624838656,
});

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

export const LANGUAGE_MODELS: ModelFolders = {
  "a model whose sizes are in text_config": {
    files: {
      "README.md": readme(
        "license: gemma\npipeline_tag: image-text-to-text\nlibrary_name: transformers\n" +
          "base_model: google/gemma-3-4b-pt\nlanguage:\n  - en\n  - no",
      ),
      "config.json": json({
        architectures: ["Gemma3ForConditionalGeneration"],
        model_type: "gemma3",
        mm_tokens_per_image: 256,
        text_config: {
          model_type: "gemma3_text",
          hidden_size: 64,
          num_hidden_layers: 2,
          num_attention_heads: 4,
          num_key_value_heads: 2,
          head_dim: 16,
          vocab_size: 100,
          max_position_embeddings: 131072,
        },
        vision_config: { hidden_size: 1152, image_size: 896, num_hidden_layers: 27 },
        torch_dtype: "bfloat16",
        transformers_version: "4.50.0.dev0",
      }),
      "generation_config.json": json({ eos_token_id: [1, 106], max_length: 20 }),
      "model.safetensors": weights({
        "language_model.model.embed_tokens.weight": ["BF16", 100, 64],
        "vision_tower.vision_model.post_layernorm.weight": ["BF16", 1152],
      }),
      "tokenizer_config.json": CHAT,
    },
    facts: {
      architecture: "transformer",
      family: "gemma3",
      format: "safetensors",
      paramCount: 7552,
      precision: "bfloat16",
      license: "LicenseRef-gemma",
      task: "image-text-to-text",
      library: "transformers",
      languages: ["en", "no"],
      baseModels: ["google/gemma-3-4b-pt"],
      modelClass: "Gemma3ForConditionalGeneration",
      shape: {
        layers: 2,
        width: 64,
        heads: 4,
        keyValueHeads: 2,
        headWidth: 16,
        contextLength: 131072,
        vocabularySize: 100,
      },
      tokenizer: { chatTemplate: true, tools: false },
      tensorBytes: 15104,
      tensorCount: 2,
    },
  },
  "a mixture of experts in two shards": {
    files: {
      "LICENSE": "Apache License\nVersion 2.0, January 2004\n",
      "config.json": json({
        architectures: ["MixtralForCausalLM"],
        model_type: "mixtral",
        hidden_size: 32,
        num_hidden_layers: 1,
        num_attention_heads: 4,
        num_local_experts: 8,
        num_experts_per_tok: 2,
        vocab_size: 50,
        max_position_embeddings: 32768,
        torch_dtype: "bfloat16",
        transformers_version: "4.36.0",
      }),
      "model.safetensors.index.json": json({
        metadata: { total_size: 2 * (50 * 32 + 8 * 3 * 32 * 16) },
        weight_map: Object.fromEntries([
          ["model.embed_tokens.weight", "model-00001-of-00002.safetensors"],
          ...expertNames().map((name) => [name, "model-00002-of-00002.safetensors"]),
        ]),
      }),
      "model-00001-of-00002.safetensors": weights({
        "model.embed_tokens.weight": ["BF16", 50, 32],
      }),
      "model-00002-of-00002.safetensors": weights(
        Object.fromEntries(expertNames().map((name) => [name, ["BF16", 32, 16]])),
      ),
    },
    facts: {
      architecture: "transformer",
      family: "mixtral",
      format: "safetensors",
      paramCount: 50 * 32 + 8 * 3 * 32 * 16,
      activeParamCount: 50 * 32 + 2 * 3 * 32 * 16,
      precision: "bfloat16",
      license: "Apache-2.0",
      library: "transformers",
      task: "text-generation",
      modelClass: "MixtralForCausalLM",
      shape: {
        layers: 1,
        width: 32,
        heads: 4,
        contextLength: 32768,
        vocabularySize: 50,
        experts: 8,
        expertsPerToken: 2,
      },
      tensorBytes: 2 * (50 * 32 + 8 * 3 * 32 * 16),
      tensorCount: 25,
    },
  },
  "experts in one tensor, and some that work on all tokens": {
    files: {
      "config.json": json({
        architectures: ["DeepseekV3ForCausalLM"],
        model_type: "deepseek_v3",
        hidden_size: 16,
        n_routed_experts: 4,
        n_shared_experts: 1,
        num_experts_per_tok: 1,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        transformers_version: "4.47.0",
      }),
      "model.safetensors": weights({
        "model.layers.0.mlp.gate_proj.weight": ["BF16", 10, 16],
        "model.layers.1.mlp.experts.gate_up_proj": ["BF16", 4, 16, 8],
        "model.layers.1.mlp.shared_experts.up_proj.weight": ["BF16", 4, 16],
      }),
    },
    facts: {
      architecture: "transformer",
      family: "deepseek_v3",
      format: "safetensors",
      paramCount: 160 + 512 + 64,
      activeParamCount: 160 + 128 + 64,
      precision: "bfloat16",
      library: "transformers",
      task: "text-generation",
      modelClass: "DeepseekV3ForCausalLM",
      shape: { layers: 2, width: 16, heads: 2, experts: 4, expertsPerToken: 1 },
      tensorBytes: 1472,
      tensorCount: 3,
    },
  },
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
      tensorBytes: EMBEDDING_BYTES + 2048 + 256 + 4 + 4,
      tensorCount: 5,
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

/** Eight experts of three matrices each. */
function expertNames(): string[] {
  return Array.from(
    { length: 24 },
    (_, index) =>
      `model.layers.0.block_sparse_moe.experts.${Math.floor(index / 3)}.w${index % 3 + 1}.weight`,
  );
}
