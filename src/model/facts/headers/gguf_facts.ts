/**
 * What the keys of a GGUF header mean.
 * See https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#standardized-key-value-pairs
 * @module
 */
import { countElements, dominantType, mergeElements } from "./elements.ts";
import {
  firstKnown,
  knownOnly,
  type ModelShape,
  type Provenance,
  type SummedFacts,
  type TokenizerFacts,
  type WeightFacts,
} from "../facts.ts";
import { GGUF_FILE_TYPES } from "./gguf_types.ts";
import { spdxOf } from "../license.ts";
import { parseParamSize } from "../param_size.ts";

/** The values of a header by their keys; of the list of tokens, their count. */
export type GgufValues = Map<string, string | number | readonly string[]>;

type Values = ReadonlyMap<string, string | number | readonly string[]>;

/** Architectures of the format that are no transformers. */
const OTHER_ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["mamba", "mamba"],
  ["mamba2", "mamba"],
  ["rwkv", "rwkv"],
  ["rwkv6", "rwkv"],
  ["rwkv6qwen2", "rwkv"],
  ["rwkv7", "rwkv"],
  ["arwkv7", "rwkv"],
]);

/** The facts of one file; `partial` when not all of its header was read. */
export function ggufFacts(
  elements: ReadonlyMap<string, number>,
  values: Values,
  partial: boolean,
): SummedFacts {
  const family = wordOf(values.get("general.architecture"));
  const counted = partial ? undefined : countElements(elements);
  return {
    format: "gguf",
    elements: partial ? new Map() : elements,
    ...(isCompanion(values) ? { companion: true } : {}),
    paramCount: counted ?? announcedCount(values),
    ...weightType(elements, namedType(values)),
    family,
    architecture: family === undefined
      ? undefined
      : OTHER_ARCHITECTURES.get(family) ?? "transformer",
    ...knownOnly(provenance(values)),
    shape: shapeOf(values, family),
    tokenizer: tokenizerOf(values),
  };
}

/**
 * The facts of a model that is split over several GGUF files: the first that knows a fact tells it.
 */
export function mergeGguf(parts: readonly SummedFacts[]): SummedFacts {
  const elements = mergeElements(parts);
  const { precision: _, quantization: __, ...known } = firstKnown(...parts);
  return {
    ...known,
    ...weightType(elements, known.namedType),
    format: "gguf",
    elements,
    paramCount: countElements(elements) ?? known.paramCount,
  };
}

/** Architectures of what only goes with a model: projectors, directions to steer it, vocoders. */
const COMPANIONS: ReadonlySet<unknown> = new Set(["clip", "controlvector", "wavtokenizer-dec"]);

/** Whether a file says that it only goes with a model. */
function isCompanion(values: Values): boolean {
  const type = values.get("general.type");
  const isOther = typeof type === "string" && type !== "" && type !== "model";
  return isOther || COMPANIONS.has(values.get("general.architecture"));
}

/** What the keys say about the count; parts of a split model may have no tensors of their own. */
function announcedCount(values: Values): number | undefined {
  const label = values.get("general.size_label");
  return countOf(values.get("general.parameter_count")) ??
    (typeof label === "string" ? parseParamSize(label) : undefined);
}

/** The type that a header names for the whole file; the parts of a split model name none. */
function namedType(values: Values): string | undefined {
  const fileType = values.get("general.file_type");
  return typeof fileType === "number" ? GGUF_FILE_TYPES.get(fileType) : undefined;
}

/** The precision of plain weights, or the quantization of others. */
function weightType(
  elements: ReadonlyMap<string, number>,
  namedType: string | undefined,
): Pick<WeightFacts, "namedType" | "precision" | "quantization"> {
  const type = namedType ?? dominantType(elements);
  const named = namedType === undefined ? {} : { namedType };
  if (type === undefined || type.startsWith("type-")) return named;
  return { ...named, ...isPlain(type) ? { precision: type } : { quantization: type } };
}

function isPlain(type: string): boolean {
  return /^(float|bfloat|int)/.test(type);
}

function provenance(values: Values): Provenance {
  const license = textOf(values.get("general.license"));
  return {
    name: textOf(values.get("general.name")),
    license: license === undefined ? undefined : spdxOf(license),
    languages: listOf(values.get("general.languages")),
    datasets: listOf(values.get("general.datasets")) ?? numbered(values, "dataset"),
    baseModels: numbered(values, "base_model"),
  };
}

/** The most models or data sets that a header numbers. */
const MOST_NUMBERED = 16;

/** `general.base_model.0.repo_url` and so on: the address where there is one, else the name. */
function numbered(values: Values, what: string): readonly string[] | undefined {
  const count = Math.min(countOf(values.get(`general.${what}.count`)) ?? 0, MOST_NUMBERED);
  const found = Array.from({ length: count }, (_, index) => {
    const value = (key: string) => textOf(values.get(`general.${what}.${index}.${key}`));
    const url = value("repo_url")?.replace(/^https:\/\/huggingface\.co\/(?:datasets\/)?/, "");
    return url ?? value("name");
  }).filter((name) => name !== undefined);
  return found.length === 0 ? undefined : found;
}

function shapeOf(values: Values, family: string | undefined): ModelShape | undefined {
  const of = (key: string) => countOf(values.get(`${family}.${key}`));
  return knownOnly<ModelShape>({
    layers: of("block_count"),
    width: of("embedding_length"),
    heads: of("attention.head_count"),
    keyValueHeads: of("attention.head_count_kv"),
    headWidth: of("attention.key_length"),
    contextLength: of("context_length"),
    vocabularySize: of("vocab_size") ?? countOf(values.get("tokenizer.ggml.tokens")),
    experts: of("expert_count"),
    expertsPerToken: of("expert_used_count"),
  });
}

/** Methods by the names of llama.cpp, which are those of the models that used them first. */
const TOKENIZERS: ReadonlyMap<string, string> = new Map([
  ["gpt2", "BPE"],
  ["llama", "SentencePiece"],
  ["t5", "Unigram"],
  ["bert", "WordPiece"],
]);

function tokenizerOf(values: Values): TokenizerFacts | undefined {
  const model = wordOf(values.get("tokenizer.ggml.model"));
  const template = textOf(values.get("tokenizer.chat_template"));
  return knownOnly<TokenizerFacts>({
    method: model && (TOKENIZERS.get(model) ?? model),
    vocabularySize: countOf(values.get("tokenizer.ggml.tokens")),
    chatTemplate: template === undefined ? undefined : true,
    tools: template === undefined ? undefined : /\btools?\b/.test(template),
  });
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

function wordOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.-]+$/.test(value) ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function listOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(textOf).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts;
}
