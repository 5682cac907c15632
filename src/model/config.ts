/**
 * The configuration of a model artifact: what the model is, and the digests of its layers.
 * See https://github.com/modelpack/model-spec/blob/main/docs/config.md
 * @module
 */
import * as form from "../core/shapes/form.ts";
import type { Digest } from "../core/digest.ts";
import { decodeJson, encodeGoJson, isRecord } from "../core/json.ts";
import { digestForm } from "../oci/descriptor.ts";

/** Who made a model, where it comes from, and what people call it. */
export interface ModelDescriptor {
  /** RFC 3339 time at which the artifact was made. */
  readonly createdAt?: string;
  /** People or organisations responsible for the model. */
  readonly authors?: readonly string[];
  /** Family of models, such as `llama`. */
  readonly family?: string;
  /** Name of the model. */
  readonly name?: string;
  /** Where it is documented. */
  readonly docURL?: string;
  /** Where its source is. */
  readonly sourceURL?: string;
  /** Where the data it was trained on is. */
  readonly datasetsURL?: readonly string[];
  /** Version of the model. */
  readonly version?: string;
  /** Revision of the source the artifact was made from. */
  readonly revision?: string;
  /** Who distributes it. */
  readonly vendor?: string;
  /** SPDX license expressions. */
  readonly licenses?: readonly string[];
  /** A title for people. */
  readonly title?: string;
  /** A description for people. */
  readonly description?: string;
}

/** What a model can do. */
export interface ModelCapabilities {
  /** What it takes: `text`, `image`, `audio`, `video`, `embedding`, `other`. */
  readonly inputTypes?: readonly string[];
  /** What it gives, in the words of `inputTypes`. */
  readonly outputTypes?: readonly string[];
  /** RFC 3339 time that its knowledge ends at. */
  readonly knowledgeCutoff?: string;
  /** Whether it can reason. */
  readonly reasoning?: boolean;
  /** Whether it can use tools. */
  readonly toolUsage?: boolean;
  /** Whether it is a reward model. */
  readonly reward?: boolean;
  /** ISO 639 codes of two letters. */
  readonly languages?: readonly string[];
}

/** The technical facts an inference engine needs. */
export interface ModelExecution {
  /** Architecture, such as `transformer`. */
  readonly architecture?: string;
  /** Format of the weights, such as `safetensors`. */
  readonly format?: string;
  /** Count of parameters, such as `7b`. */
  readonly paramSize?: string;
  /** Type of the weights, such as `bfloat16`. */
  readonly precision?: string;
  /** Quantization, such as `awq`. */
  readonly quantization?: string;
  /** What the model can do. */
  readonly capabilities?: ModelCapabilities;
}

/** A model's configuration, in the names of its document. */
export interface ModelConfig {
  /** What people call it. */
  readonly descriptor: ModelDescriptor;
  /** What its layers are. */
  readonly modelfs: {
    /** Always `layers` so far. */
    readonly type: string;
    /** Digests of the layers before compression, in layer order. */
    readonly diffIds: readonly Digest[];
  };
  /** What an inference engine needs. */
  readonly config: ModelExecution;
}

/** An object in the spelling of today. */
function today<Value>(of: form.Form<Value>): form.Form<Value> {
  return (value, notes) => of(renamed(value), notes);
}

const text = form.maybe(form.text);
const texts = form.maybe(form.listOf(form.text));
const flag = form.maybe(form.flag);

const descriptorFields = {
  createdAt: text,
  authors: texts,
  family: text,
  name: text,
  docURL: text,
  sourceURL: text,
  datasetsURL: texts,
  version: text,
  revision: text,
  vendor: text,
  licenses: texts,
  title: text,
  description: text,
};

const capabilityFields = {
  inputTypes: texts,
  outputTypes: texts,
  knowledgeCutoff: text,
  reasoning: flag,
  toolUsage: flag,
  reward: flag,
  languages: texts,
};

const executionFields = {
  architecture: text,
  format: text,
  paramSize: text,
  precision: text,
  quantization: text,
  capabilities: form.optional(today(form.map<ModelCapabilities>(capabilityFields))),
};

const configForm = form.map<ModelConfig>({
  descriptor: today(form.map<ModelDescriptor>(descriptorFields)),
  modelfs: today(form.map({
    type: form.otherwise(form.optional(form.text), "layers"),
    diffIds: form.otherwise(form.maybe(form.listOf(digestForm)), []),
  })),
  config: today(form.map<ModelExecution>(executionFields)),
});

/** The names of the facts of a configuration, in the order of its document. */
export const FACT_NAMES = {
  descriptor: Object.keys(descriptorFields),
  capabilities: Object.keys(capabilityFields),
  config: Object.keys(executionFields),
};

/** Keys that earlier versions of the specification used, and one that an early release misspelt. */
const OLD_KEYS: ReadonlyMap<string, string> = new Map([
  ["diff_ids", "diffIds"],
  ["puantization", "quantization"],
  ["input_types", "inputTypes"],
  ["output_types", "outputTypes"],
  ["knowledge_cutoff", "knowledgeCutoff"],
  ["tool_usage", "toolUsage"],
]);

/** An object with today's keys; where it has both spellings, today's wins. Absent becomes empty. */
function renamed(value: unknown): unknown {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) return value;
  const entries = Object.entries(value).map((
    [key, content],
  ) => [OLD_KEYS.get(key) ?? key, content]);
  return { ...Object.fromEntries(entries), ...value };
}

/** A section of a document, whatever is in it. */
type Section = Readonly<Record<string, unknown>>;

/**
 * A document of a configuration in the spelling of today. Nothing of it is lost: `null` says no
 * more than absence, and keys that the specification does not have stay. Sections that are absent
 * become empty.
 */
export function respelt(document: unknown): Section & {
  readonly descriptor: Section;
  readonly config: Section;
  readonly modelfs: Section;
} {
  const { descriptor, config, modelfs, ...others } = todaysKeys(document);
  const { capabilities, ...execution } = todaysKeys(config);
  return {
    ...others,
    descriptor: todaysKeys(descriptor),
    config: {
      ...execution,
      ...(capabilities === undefined ? {} : { capabilities: todaysKeys(capabilities) }),
    },
    modelfs: todaysKeys(modelfs),
  };
}

/** An object without earlier spellings and `null`; today's spelling wins over an earlier one. */
function todaysKeys(value: unknown): Section {
  const entries = Object.entries(isRecord(value) ? value : {})
    .filter(([, content]) => content !== null);
  const spelt = new Map(entries.map(([key, content]) => [OLD_KEYS.get(key) ?? key, content]));
  for (const [key, content] of entries) if (!OLD_KEYS.has(key)) spelt.set(key, content);
  return Object.fromEntries(spelt);
}

/**
 * Reads a configuration of any version of the specification: absent sections and `null` values are
 * fine, old spellings of keys are understood. Keys that the specification does not have are
 * dropped, and therefore lost when the configuration is written again.
 * @throws {InvalidInputError} when the bytes are not JSON, or a value has the wrong type.
 */
export function parseConfig(bytes: Uint8Array): ModelConfig {
  const what = "model configuration";
  return form.checkForm(configForm, decodeJson(bytes, what), what);
}

/**
 * Writes a configuration as compact JSON. Keys have the order of the specification, which other
 * tools also write, so that the same facts give the same digest; empty values are left out.
 */
export function encodeConfig(config: ModelConfig): Uint8Array<ArrayBuffer> {
  const { capabilities } = config.config;
  return encodeGoJson({
    descriptor: ordered(config.descriptor, descriptorFields),
    modelfs: { type: config.modelfs.type, diffIds: config.modelfs.diffIds },
    config: ordered(
      {
        ...config.config,
        capabilities: capabilities && ordered(capabilities, capabilityFields),
      },
      executionFields,
    ),
  });
}

/** The values that are neither empty nor `undefined`, in the order of a schema's keys. */
function ordered<Shape extends object>(
  values: { readonly [Key in keyof Shape]?: unknown },
  shape: Shape,
): Record<string, unknown> {
  const keys = Object.keys(shape) as (keyof Shape & string)[];
  return Object.fromEntries(
    keys.map((key) => [key, values[key]]).filter(([, value]) => !isEmpty(value)),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === "") return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
