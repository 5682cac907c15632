/**
 * What `inspect` shows of a model, with the keys that existing scripts read.
 * @module
 */
import { FACT_NAMES, type ModelConfig } from "../../model/config.ts";
import type { InspectResult } from "../../model/operations/looking.ts";

/** What is known of a model; facts that are not known are empty text. */
export function inspectionOf(result: InspectResult) {
  const { descriptor, config } = result.config;
  return {
    /** Digest of the configuration. */
    Id: result.configDigest ?? "",
    /** Digest of the manifest. */
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

/** The facts, and `undefined` for those of `names` that are not among them. */
function complete(names: readonly string[], facts: object = {}): Record<string, unknown> {
  return { ...Object.fromEntries(names.map((name) => [name, undefined])), ...facts };
}

/** A configuration in which a fact that it does not have is a field all the same. */
export function withAllFields({ descriptor, modelfs, config }: ModelConfig): unknown {
  const capabilities = complete(FACT_NAMES.capabilities, config.capabilities);
  return {
    descriptor: complete(FACT_NAMES.descriptor, descriptor),
    modelfs,
    config: complete(FACT_NAMES.config, { ...config, capabilities }),
  };
}
