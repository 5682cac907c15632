/**
 * What the files of a model say of it: the one type that the Modelfile, the configuration, the card
 * and the documents of `--json` are made from.
 * @module
 */
import type { HeaderTensors } from "./tensors/header_tensors.ts";
import type { TensorFact } from "./tensors/tensor_fact.ts";

/** Facts about a model, in the words of a Modelfile; what is not known is absent. */
export interface HeaderFacts {
  /** Format of the weights, such as `safetensors`. */
  readonly format?: string;
  /** Parameters, as a count. */
  readonly paramCount?: number;
  /** Type of most of the weights, such as `bfloat16`. */
  readonly precision?: string;
  /** How the weights are quantized, such as `Q4_K_M`. */
  readonly quantization?: string;
  /** Architecture, such as `transformer`. */
  readonly architecture?: string;
  /** Family of models, such as `llama`. */
  readonly family?: string;
}

/** How large the parts of a network are. */
export interface ModelShape {
  /** Layers, or blocks, one behind the other; those of the decoder behind an encoder. */
  readonly layers?: number;
  /** Layers of an encoder that reads everything before the others write. */
  readonly encoderLayers?: number;
  /** Numbers that stand for a token between two layers. */
  readonly width?: number;
  /** Attention heads of a layer. */
  readonly heads?: number;
  /** Heads that keep keys and values, where they are fewer. */
  readonly keyValueHeads?: number;
  /** Numbers of one head. */
  readonly headWidth?: number;
  /** Tokens that the model takes at once. */
  readonly contextLength?: number;
  /** Different tokens that the model knows. */
  readonly vocabularySize?: number;
  /** Experts of a layer, where a part of them works on each token. */
  readonly experts?: number;
  /** Experts that work on each token. */
  readonly expertsPerToken?: number;
}

/** What a model says of where it comes from, and of who may do what with it. */
export interface Provenance {
  /** What people call it. */
  readonly name?: string;
  /** SPDX license expression; what has no identifier there is a `LicenseRef-…`. */
  readonly license?: string;
  /** What it is for, in the words of hubs: `text-generation`. */
  readonly task?: string;
  /** The library that loads it: `transformers`. */
  readonly library?: string;
  /** Languages as BCP 47 tags. */
  readonly languages?: readonly string[];
  /** Names or addresses of the data it was trained on. */
  readonly datasets?: readonly string[];
  /** Names or addresses of the models it was made from. */
  readonly baseModels?: readonly string[];
}

/** What an adapter adds to a model. */
export interface AdapterFacts {
  /** The method: `lora`. */
  readonly method: string;
  /** The model that it belongs to. */
  readonly baseModel?: string;
  /** Rank of its matrices. */
  readonly rank?: number;
  /** Their weight, which is divided by the rank. */
  readonly alpha?: number;
  /** Names of the modules that it changes. */
  readonly targets?: readonly string[];
}

/** How text becomes tokens. */
export interface TokenizerFacts {
  /** The method: `BPE`, `Unigram`, `WordPiece`. */
  readonly method?: string;
  /** Different tokens. */
  readonly vocabularySize?: number;
  /** Whether there is a template for conversations. */
  readonly chatTemplate?: boolean;
  /** Whether that template has a place for tools. */
  readonly tools?: boolean;
}

/** A tensor, and the path of its file in the model. */
export interface FileTensor extends TensorFact {
  /** Path of the file in the model. */
  readonly file: string;
}

/** A tensor that an index names, in a file whose header was not read. */
export interface UnreadTensor {
  /** Its name; it comes from outside. */
  readonly name: string;
  /** Path of the file in the model. */
  readonly file: string;
}

/** A weight file whose tensors are not listed, although they were asked for. */
export interface UnlistedFile {
  /** Path of the file in the model. */
  readonly file: string;
  /** How many tensors it has; absent where its header was not read. */
  readonly tensorCount?: number;
}

/** Everything that files say of the model that they make up. */
export interface ModelFacts extends HeaderFacts, Provenance {
  /** Whether the count of parameters was worked out from a part of the weights. */
  readonly paramCountIsEstimate?: boolean;
  /** Parameters that work on each token, where a part of the experts does. */
  readonly activeParamCount?: number;
  /** The class that runs it: `LlamaForCausalLM`. */
  readonly modelClass?: string;
  /** How large its parts are. */
  readonly shape?: ModelShape;
  /** What it adds to another model, where it is an adapter. */
  readonly adapter?: AdapterFacts;
  /** How its text becomes tokens. */
  readonly tokenizer?: TokenizerFacts;
  /** Paths of files that run code when they are loaded, as pickles do. */
  readonly runsCode?: readonly string[];
  /** Bytes that the tensors take together. */
  readonly tensorBytes?: number;
  /** How many tensors there are. */
  readonly tensorCount?: number;
}

/** What the header of one file says, in a form in which the files of one model can be added up. */
export interface WeightFacts extends HeaderFacts, Provenance {
  /** Elements of the tensors in this file, by their type. */
  readonly elements: ReadonlyMap<string, number>;
  /** It is no model of its own: a projector, an adapter, what guesses ahead. */
  readonly companion?: boolean;
  /** The type of the whole file, where its header names one. */
  readonly namedType?: string;
  /** The elements are not parameters: several of them are packed into one, or they are scales. */
  readonly packed?: boolean;
  readonly shape?: ModelShape;
  readonly tokenizer?: TokenizerFacts;
  /** The tensors in the order of the header. */
  readonly tensors: HeaderTensors;
  /** Whether the header goes on behind what was read of it. */
  readonly partial?: boolean;
  /** Bytes that files beside this one have at least, by their paths from its folder. */
  readonly elsewhere?: ReadonlyMap<string, number>;
}

/** What the headers of several files say together. */
export type SummedFacts = Omit<WeightFacts, "tensors">;

/** The values that are known: those of later objects where earlier ones do not have them. */
export function firstKnown<Facts extends object>(...parts: readonly (Facts | undefined)[]): Facts {
  const known: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part ?? {})) {
      if (value !== undefined) known[key] ??= value;
    }
  }
  return known as Facts;
}

/** An object without the values that are not known; `undefined` where nothing is. */
export function knownOnly<Facts extends object>(facts: Facts): Facts | undefined {
  const known = firstKnown(facts);
  return Object.keys(known).length === 0 ? undefined : known;
}
