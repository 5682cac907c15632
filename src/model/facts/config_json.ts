/**
 * What the `config.json` of a model says, as the transformers library writes it.
 * @module
 */
import { isRecord } from "../../core/json.ts";
import * as form from "../../core/shapes/form.ts";
import { type HeaderFacts, knownOnly, type ModelShape } from "./facts.ts";

/** A word that a Modelfile can hold; longer ones are none. */
const word = form.lenient(form.matching(/^[^\p{Cc}]{1,200}$/u));
const count = form.lenient(form.refined(form.count, (value) => value > 0));
const flag = form.lenient(form.flag);

const quantizationForm = form.map({
  quant_method: word,
  quant_algo: word,
  weights: word,
  bits: count,
  nbits: count,
  w_bit: count,
  format: word,
  mode: word,
  load_in_4bit: flag,
  load_in_8bit: flag,
  bnb_4bit_quant_type: word,
  config_groups: form.lenient(
    form.mapOf(form.map({ weights: form.map({ num_bits: count, type: word }) })),
  ),
});

type Quantization = form.Formed<typeof quantizationForm>;

/** Keys of the sizes of a network, by the families that name them in one way or another. */
const sizes = {
  num_hidden_layers: count,
  n_layer: count,
  num_layers: count,
  n_layers: count,
  hidden_size: count,
  n_embd: count,
  d_model: count,
  encoder_layers: count,
  decoder_layers: count,
  num_decoder_layers: count,
  num_attention_heads: count,
  encoder_attention_heads: count,
  n_head: count,
  n_heads: count,
  num_heads: count,
  num_key_value_heads: count,
  head_dim: count,
  max_position_embeddings: count,
  max_target_positions: count,
  n_positions: count,
  n_ctx: count,
  max_sequence_length: count,
  vocab_size: count,
  num_local_experts: count,
  num_experts: count,
  n_routed_experts: count,
  num_experts_per_tok: count,
  experts_per_token: count,
};

type Sizes = { readonly [Key in keyof typeof sizes]?: number | undefined };

const typed = form.lenient(form.map({ ...sizes, torch_dtype: word, dtype: word }));

/**
 * Where models of several parts keep the configuration of the language model; first comes first.
 */
const INNER_CONFIGS = [
  "text_config",
  "llm_config",
  "language_config",
  "language_model_config",
  "thinker_config",
  "decoder",
] as const;

const configForm = form.map({
  ...sizes,
  torch_dtype: word,
  dtype: word,
  model_type: word,
  num_parameters: count,
  n_params: count,
  architectures: form.lenient(form.listOf(form.text)),
  ...Object.fromEntries(INNER_CONFIGS.map((key) => [key, typed])) as Record<
    (typeof INNER_CONFIGS)[number],
    typeof typed
  >,
});

/** Families of models that the transformers library runs and that are no transformers. */
const OTHER_ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["mamba", "mamba"],
  ["mamba2", "mamba"],
  ["falcon_mamba", "mamba"],
  ["rwkv", "rwkv"],
  ["resnet", "cnn"],
  ["convnext", "cnn"],
  ["convnextv2", "cnn"],
  ["efficientnet", "cnn"],
  ["mobilenet_v1", "cnn"],
  ["mobilenet_v2", "cnn"],
  ["regnet", "cnn"],
  ["unet", "cnn"],
]);

/** What a `config.json` tells. */
export interface ConfigFacts extends HeaderFacts {
  /** The class that runs the model: `LlamaForCausalLM`. */
  readonly modelClass?: string;
  /** The library that wrote it, where it says so. */
  readonly library?: string;
  readonly shape?: ModelShape;
}

/**
 * The facts in the values of a `config.json`. Values of another type than they should have, and
 * words that a Modelfile cannot hold, are passed over.
 */
export function configFacts(config: Readonly<Record<string, unknown>>): ConfigFacts {
  const data = form.inForm(configForm, config).value;
  if (data === undefined) return {};
  const inner = INNER_CONFIGS.map((key) => data[key]).find((config) => config !== undefined);
  const [found] = quantizationsIn(config);
  const method = form.inForm(quantizationForm, found).value;
  return {
    family: data.model_type,
    architecture: architectureOf(config, data),
    precision: precisionOf(data.torch_dtype ?? data.dtype ?? inner?.torch_dtype ?? inner?.dtype),
    quantization: method === undefined ? undefined : quantizationName(method),
    paramCount: data.num_parameters ?? data.n_params,
    library: typeof config["transformers_version"] === "string" ? "transformers" : undefined,
    modelClass: data.architectures?.find((name) => /^[\w.-]{1,200}$/.test(name)),
    shape: knownOnly(shapeOf({ ...inner, ...knownOnly(data) })),
  };
}

/** Configurations within each other that are looked into. */
const DEEPEST_CONFIG = 3;

/**
 * What a configuration and those in it say of a quantization: an outer one before its inner ones,
 * the language model before other parts.
 */
export function quantizationsIn(
  config: Readonly<Record<string, unknown>>,
  depth = DEEPEST_CONFIG,
): readonly Readonly<Record<string, unknown>>[] {
  const { quantization_config, compression_config, quantization } = config;
  const own = [quantization_config, compression_config, quantization].filter(isRecord);
  if (depth === 0) return own;
  return [...own, ...innerConfigs(config).flatMap((inner) => quantizationsIn(inner, depth - 1))];
}

/** Keys of the configurations of parts, such as a tower that sees. */
const PART_CONFIG = /(^|_)(config|cfg)$|^encoder$/;

/** Those of what is no part of the model: what guesses ahead, and the quantization itself. */
const OTHER_CONFIG = /draft|specul|quantization|compression/;

function innerConfigs(
  config: Readonly<Record<string, unknown>>,
): readonly Readonly<Record<string, unknown>>[] {
  const others = Object.keys(config).filter((key) =>
    PART_CONFIG.test(key) && !OTHER_CONFIG.test(key)
  );
  return [...new Set([...INNER_CONFIGS, ...others])].map((key) => config[key]).filter(isRecord);
}

function shapeOf(data: Sizes): ModelShape {
  return {
    ...layersOf(data),
    width: data.hidden_size ?? data.n_embd ?? data.d_model,
    heads: data.num_attention_heads ?? data.n_head ?? data.n_heads ?? data.num_heads ??
      data.encoder_attention_heads,
    keyValueHeads: data.num_key_value_heads,
    headWidth: data.head_dim,
    contextLength: data.max_position_embeddings ?? data.n_positions ?? data.n_ctx ??
      data.max_sequence_length ?? data.max_target_positions,
    vocabularySize: data.vocab_size,
    experts: data.num_local_experts ?? data.num_experts ?? data.n_routed_experts,
    expertsPerToken: data.num_experts_per_tok ?? data.experts_per_token,
  };
}

/** What has an encoder and a decoder names the layers of both, besides a number for one of them. */
function layersOf(data: Sizes): Pick<ModelShape, "layers" | "encoderLayers"> {
  if (data.decoder_layers !== undefined) {
    return { layers: data.decoder_layers, encoderLayers: data.encoder_layers };
  }
  if (data.num_decoder_layers !== undefined) {
    return { layers: data.num_decoder_layers, encoderLayers: data.num_layers };
  }
  return { layers: data.num_hidden_layers ?? data.n_layer ?? data.num_layers ?? data.n_layers };
}

function architectureOf(
  config: Readonly<Record<string, unknown>>,
  { model_type, architectures }: form.Formed<typeof configForm>,
): string | undefined {
  const other = OTHER_ARCHITECTURES.get(model_type ?? "");
  if (other !== undefined) return other;
  const isTransformer = Object.hasOwn(config, "transformers_version") ||
    (architectures !== undefined && architectures.length > 0 && model_type !== undefined);
  return isTransformer ? "transformer" : undefined;
}

/** `torch.float16` is `float16`, and `auto` says nothing. */
function precisionOf(dtype: string | undefined): string | undefined {
  const name = dtype?.replace(/^torch\./, "");
  return name === "auto" ? undefined : name;
}

/** The method and the width of the weights: `gptq-int4`, `bitsandbytes-nf4`, `fp8`. */
function quantizationName(config: Quantization): string | undefined {
  const loaded = config.load_in_4bit || config.load_in_8bit ? "bitsandbytes" : undefined;
  const method = config.quant_method?.toLowerCase() ?? loaded;
  const width = widthOf(config)?.toLowerCase();
  if (method === undefined) return width;
  return width === undefined || method.includes(width) ? method : `${method}-${width}`;
}

/** How wide the weights are, by whichever key of the many methods says it. */
function widthOf(config: Quantization): string | undefined {
  if (config.load_in_4bit) return config.bnb_4bit_quant_type ?? "fp4";
  if (config.load_in_8bit) return "int8";
  const bits = config.bits ?? config.nbits ?? config.w_bit;
  // MLX names a form of blocks beside their bits.
  if (/^(nvfp4|mxfp[468])$/.test(config.mode ?? "")) return config.mode;
  if (bits !== undefined) return `int${bits}`;
  return config.quant_algo ?? blockWidth(config) ?? groupWidth(config) ?? config.weights;
}

/** Four bits with a scale for each block are known by the name of their form. */
function blockWidth({ format }: Quantization): string | undefined {
  return /^(nvfp4|mxfp4)-/.exec(format ?? "")?.[1];
}

/** The width of `compressed-tensors`, which says it for groups of layers. */
function groupWidth(config: Quantization): string | undefined {
  const weights = Object.values(config.config_groups ?? {})[0]?.weights;
  if (weights?.num_bits === undefined) return undefined;
  return `${weights.type === "float" ? "fp" : "int"}${weights.num_bits}`;
}
