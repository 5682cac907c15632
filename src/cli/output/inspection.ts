/**
 * What `inspect` shows of a model, with the keys that existing scripts read.
 * @module
 */
import type { ModelCapabilities, ModelConfig } from "../../model/config.ts";
import type { ModelDescriptor, ModelExecution } from "../../model/config.ts";
import type { InspectResult } from "../../model/operations.ts";

/** What is known of a model; facts that are not known are empty text. */
export interface Inspection {
  /** Digest of the configuration. */
  readonly Id: string;
  /** Digest of the manifest. */
  readonly Digest: string;
  /** Architecture, such as `transformer`. */
  readonly Architecture: string;
  /** RFC 3339 time of creation, in whole seconds. */
  readonly CreatedAt: string;
  /** Family of models, such as `llama`. */
  readonly Family: string;
  /** Format of the weights, such as `safetensors`. */
  readonly Format: string;
  /** Name of the model. */
  readonly Name: string;
  /** Count of parameters, such as `7b`. */
  readonly ParamSize: string;
  /** Number format of the weights, such as `bfloat16`. */
  readonly Precision: string;
  /** How the weights are quantized, such as `awq`. */
  readonly Quantization: string;
  /** The layers in order. */
  readonly Layers: readonly {
    readonly MediaType: string;
    readonly Digest: string;
    readonly Size: number;
    readonly Filepath: string;
  }[];
}

/** The document of a model. */
export function inspectionOf(result: InspectResult): Inspection {
  const { descriptor, config } = result.config;
  return {
    Id: result.configDigest ?? "",
    Digest: result.digest,
    Architecture: config.architecture ?? "",
    CreatedAt: wholeSeconds(descriptor.createdAt),
    Family: descriptor.family ?? "",
    Format: config.format ?? "",
    Name: descriptor.name ?? "",
    ParamSize: config.paramSize ?? "",
    Precision: config.precision ?? "",
    Quantization: config.quantization ?? "",
    Layers: result.layers.map(({ mediaType, digest, size, path }) => (
      { MediaType: mediaType, Digest: digest, Size: size, Filepath: path }
    )),
  };
}

/** RFC 3339 without the fraction; the zone stays as it was written. */
function wholeSeconds(time: string | undefined): string {
  return time?.replace(/(T\d\d:\d\d:\d\d)\.\d+/, "$1") ?? "";
}

const DESCRIPTOR: Readonly<Record<keyof ModelDescriptor, undefined>> = {
  createdAt: undefined,
  authors: undefined,
  family: undefined,
  name: undefined,
  docURL: undefined,
  sourceURL: undefined,
  datasetsURL: undefined,
  version: undefined,
  revision: undefined,
  vendor: undefined,
  licenses: undefined,
  title: undefined,
  description: undefined,
};

const CAPABILITIES: Readonly<Record<keyof ModelCapabilities, undefined>> = {
  inputTypes: undefined,
  outputTypes: undefined,
  knowledgeCutoff: undefined,
  reasoning: undefined,
  toolUsage: undefined,
  reward: undefined,
  languages: undefined,
};

const EXECUTION: Readonly<Record<keyof ModelExecution, undefined>> = {
  architecture: undefined,
  format: undefined,
  paramSize: undefined,
  precision: undefined,
  quantization: undefined,
  capabilities: undefined,
};

/** A configuration in which a fact that it does not have is a field all the same. */
export function withAllFields({ descriptor, modelfs, config }: ModelConfig): unknown {
  const capabilities = { ...CAPABILITIES, ...config.capabilities };
  return {
    descriptor: { ...DESCRIPTOR, ...descriptor },
    modelfs,
    config: { ...EXECUTION, ...config, capabilities },
  };
}
