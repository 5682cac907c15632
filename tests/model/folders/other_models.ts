/**
 * Models of pictures, sound and numbers, adapters, pipelines, and what a hub's cache looks like.
 * @module
 */
import { concatBytes } from "../../../src/core/streams.ts";
import { field, onnx } from "../facts/support.ts";
import { json, type ModelFolders, readme, weights } from "./folder.ts";

const REVISION = "0123456789abcdef0123456789abcdef01234567";

/** A pickle of the empty list. */
const PICKLE = Uint8Array.of(0x80, 4, 0x5d, 0x94, 0x2e);

const BERT = json({
  architectures: ["BertModel"],
  model_type: "bert",
  hidden_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  max_position_embeddings: 512,
  vocab_size: 64,
  torch_dtype: "float32",
  transformers_version: "4.40.0",
});
const BERT_WEIGHTS = weights({ "embeddings.word_embeddings.weight": ["F32", 64, 32] });
const BERT_FACTS = {
  architecture: "transformer",
  family: "bert",
  format: "safetensors",
  precision: "float32",
  modelClass: "BertModel",
} as const;
const BERT_SHAPE = { layers: 1, width: 32, heads: 4, vocabularySize: 64 } as const;

export const OTHER_MODELS: ModelFolders = {
  "a folder of sentence-transformers": {
    files: {
      "1_Pooling/config.json": json({
        word_embedding_dimension: 32,
        pooling_mode_mean_tokens: true,
      }),
      "2_Dense/config.json": json({
        in_features: 32,
        out_features: 16,
        bias: true,
        activation_function: "torch.nn.modules.activation.Tanh",
      }),
      "2_Dense/model.safetensors": weights({
        "linear.weight": ["F32", 16, 32],
        "linear.bias": ["F32", 16],
      }),
      "config.json": BERT,
      "config_sentence_transformers.json": json({ similarity_fn_name: "cosine" }),
      "model.safetensors": BERT_WEIGHTS,
      "modules.json": json([
        { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
        { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
        { idx: 2, name: "2", path: "2_Dense", type: "sentence_transformers.models.Dense" },
      ]),
      "sentence_bert_config.json": json({ max_seq_length: 256, do_lower_case: false }),
      "vocab.txt": "[PAD]\n[UNK]\n",
    },
    facts: {
      ...BERT_FACTS,
      library: "sentence-transformers",
      task: "sentence-similarity",
      paramCount: 2048 + 512 + 16,
      shape: { ...BERT_SHAPE, contextLength: 256 },
      tensorBytes: 8192 + 2048 + 64,
      tensorCount: 3,
    },
  },
  "a pipeline of diffusers": {
    files: {
      "README.md": readme("license: openrail++\ntags:\n- text-to-image"),
      "model_index.json": json({
        _class_name: "StableDiffusionXLPipeline",
        _diffusers_version: "0.19.0",
        scheduler: ["diffusers", "EulerDiscreteScheduler"],
        text_encoder: ["transformers", "CLIPTextModel"],
        unet: ["diffusers", "UNet2DConditionModel"],
        vae: ["diffusers", "AutoencoderKL"],
      }),
      "scheduler/scheduler_config.json": json({ _class_name: "EulerDiscreteScheduler" }),
      "text_encoder/config.json": json({ model_type: "clip_text_model", vocab_size: 49408 }),
      "text_encoder/model.safetensors": weights({ "text_projection.weight": ["F16", 8, 8] }),
      "unet/config.json": json({ _class_name: "UNet2DConditionModel" }),
      "unet/diffusion_pytorch_model.safetensors": weights({
        "conv_in.weight": ["F16", 4, 4, 3, 3],
      }),
      "vae/config.json": json({ _class_name: "AutoencoderKL" }),
      "vae/diffusion_pytorch_model.safetensors": weights({ "encoder.conv_in.bias": ["F16", 12] }),
    },
    facts: {
      format: "safetensors",
      paramCount: 64 + 144 + 12,
      precision: "float16",
      license: "LicenseRef-openrail",
      library: "diffusers",
      task: "text-to-image",
      modelClass: "StableDiffusionXLPipeline",
      tensorBytes: 440,
      tensorCount: 3,
    },
  },
  "an adapter in the form of peft": {
    files: {
      "README.md": readme(
        "library_name: peft\nbase_model: meta-llama/Llama-3.2-1B\nlicense: llama3.2",
      ),
      "adapter_config.json": json({
        base_model_name_or_path: "meta-llama/Llama-3.2-1B",
        bias: "none",
        lora_alpha: 32,
        lora_dropout: 0.05,
        peft_type: "LORA",
        r: 16,
        target_modules: ["v_proj", "q_proj"],
        task_type: "CAUSAL_LM",
      }),
      "adapter_model.safetensors": weights({
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": ["F32", 16, 64],
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": ["F32", 64, 16],
      }),
    },
    facts: {
      format: "safetensors",
      paramCount: 2048,
      precision: "float32",
      license: "LicenseRef-llama3.2",
      library: "peft",
      task: "text-generation",
      baseModels: ["meta-llama/Llama-3.2-1B"],
      adapter: {
        method: "lora",
        baseModel: "meta-llama/Llama-3.2-1B",
        rank: 16,
        alpha: 32,
        targets: ["q_proj", "v_proj"],
      },
      tensorBytes: 8192,
      tensorCount: 2,
    },
  },
  "an ONNX model with its weights in another file": {
    files: {
      "model.onnx": onnx(field(5, externalTensor("embed.weight", [64, 32], 8192))),
      "model.onnx_data": new Uint8Array(8192),
    },
    facts: {
      format: "onnx",
      paramCount: 2048,
      precision: "float32",
      tensorBytes: 8192,
      tensorCount: 1,
    },
  },
  "a model that hears": {
    files: {
      "config.json": json({
        architectures: ["WhisperForConditionalGeneration"],
        model_type: "whisper",
        d_model: 32,
        decoder_attention_heads: 4,
        decoder_layers: 2,
        encoder_attention_heads: 4,
        encoder_layers: 3,
        max_source_positions: 1500,
        max_target_positions: 448,
        num_mel_bins: 80,
        vocab_size: 128,
        torch_dtype: "float32",
        transformers_version: "4.27.0.dev0",
      }),
      "generation_config.json": json({ is_multilingual: true, max_length: 448 }),
      "model.safetensors": weights({
        "model.decoder.embed_tokens.weight": ["F32", 128, 32],
        "model.encoder.conv1.weight": ["F32", 32, 80, 3],
      }),
      "preprocessor_config.json": json({ sampling_rate: 16000 }),
    },
    facts: {
      architecture: "transformer",
      family: "whisper",
      format: "safetensors",
      paramCount: 4096 + 7680,
      precision: "float32",
      library: "transformers",
      task: "automatic-speech-recognition",
      modelClass: "WhisperForConditionalGeneration",
      shape: {
        layers: 2,
        encoderLayers: 3,
        width: 32,
        heads: 4,
        contextLength: 448,
        vocabularySize: 128,
      },
      tensorBytes: 4 * (4096 + 7680),
      tensorCount: 2,
    },
  },
  "a model that sees": {
    files: {
      "config.json": json({
        architectures: ["ViTForImageClassification"],
        model_type: "vit",
        hidden_size: 32,
        image_size: 224,
        num_attention_heads: 4,
        num_hidden_layers: 12,
        patch_size: 16,
        torch_dtype: "float32",
        transformers_version: "4.44.0",
      }),
      "model.safetensors": weights({ "classifier.weight": ["F32", 10, 32] }),
    },
    facts: {
      architecture: "transformer",
      family: "vit",
      format: "safetensors",
      paramCount: 320,
      precision: "float32",
      library: "transformers",
      task: "image-classification",
      modelClass: "ViTForImageClassification",
      shape: { layers: 12, width: 32, heads: 4 },
      tensorBytes: 1280,
      tensorCount: 1,
    },
  },
  "a model for the browser": {
    files: {
      "group1-shard1of1": new Uint8Array(136),
      "tiny_model-weights_manifest.json": json([{
        paths: ["group1-shard1of1"],
        weights: [
          { name: "conv/filters", shape: [2, 4], dtype: "float32" },
          {
            name: "fc/weights",
            shape: [8, 13],
            dtype: "float32",
            quantization: { dtype: "uint8", scale: 0.1, min: -1 },
          },
        ],
      }]),
    },
    facts: {
      format: "tfjs",
      paramCount: 112,
      quantization: "uint8",
      tensorBytes: 136,
      tensorCount: 2,
    },
  },
  "a pickled model": {
    files: {
      "LICENSE.txt": "MIT License\n\nPermission is hereby granted, free of charge, to any " +
        "person obtaining a copy ... The above notice shall be included in all copies\n",
      "model.joblib": PICKLE,
    },
    facts: { format: "pickle", license: "MIT", runsCode: ["model.joblib"] },
  },
  "a snapshot in the cache of a hub": {
    folder: "models--org--tiny-bert",
    files: {
      "blobs/aa": BERT,
      "blobs/bb": BERT_WEIGHTS,
      "refs/main": REVISION,
    },
    links: {
      [`snapshots/${REVISION}/config.json`]: "../../blobs/aa",
      [`snapshots/${REVISION}/model.safetensors`]: "../../blobs/bb",
    },
    facts: {
      ...BERT_FACTS,
      name: "tiny-bert",
      library: "transformers",
      paramCount: 2048,
      shape: { ...BERT_SHAPE, contextLength: 512 },
      tensorBytes: 8192,
      tensorCount: 1,
    },
  },
};

/** A tensor whose bytes are in another file. */
function externalTensor(name: string, shape: readonly number[], length: number): Uint8Array {
  const entry = (key: string, value: string) =>
    field(13, concatBytes([field(1, key), field(2, value)]));
  return concatBytes([
    ...shape.map((size) => field(1, size)),
    field(2, 1),
    field(8, name),
    entry("location", "model.onnx_data"),
    entry("offset", "0"),
    entry("length", String(length)),
    field(14, 1),
  ]);
}
