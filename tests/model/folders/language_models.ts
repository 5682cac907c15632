/** Models of language as they were trained. @module */
import { json, type ModelFolders, readme, weights } from "./folder.ts";

/** What a tokenizer of a model for conversations says. */
const CHAT = json({
  chat_template: "{% for message in messages %}{{ message.content }}{% endfor %}",
  model_max_length: 1000000000000000019884624838656,
});

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
};

/** Eight experts of three matrices each. */
function expertNames(): string[] {
  return Array.from(
    { length: 24 },
    (_, index) =>
      `model.layers.0.block_sparse_moe.experts.${Math.floor(index / 3)}.w${index % 3 + 1}.weight`,
  );
}
