/**
 * The documents of a model that is built: its configuration, and the annotations of its manifest.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { Annotations } from "../../oci/descriptor.ts";
import { encodeConfig, type ModelConfig } from "../config.ts";
import { checkConfig } from "../config_schema.ts";
import { describedFacts } from "../facts/local.ts";
import { formatTime } from "../file_metadata.ts";
import type { LayerOptions } from "../layers.ts";
import { FAMILIES, layerForm } from "../media_types.ts";
import { PLATFORMS_ANNOTATION } from "../model_manifest.ts";
import { formatModelfile } from "../modelfile/format.ts";
import type { Modelfile } from "../modelfile/values.ts";
import { publicUrl } from "../source/public_url.ts";
import type { BuildPlan, PackageOptions } from "./shape.ts";

/** Owners without names, as layers of one file have them. */
export const NO_OWNERS = { user: () => "", group: () => "" };

/** What the layers of a build have in common. */
export function layerShape(options: PackageOptions): Omit<LayerOptions, "owners"> {
  return {
    family: options.mediaTypes ?? "cncf",
    form: layerForm(options),
    sourceDateEpoch: options.sourceDateEpoch,
  };
}

/**
 * The configuration of a model, as its document.
 * @throws {InvalidInputError} when a fact of it is none that the specification allows.
 */
export function makeConfig(
  plan: BuildPlan,
  diffIds: readonly Digest[],
  options: PackageOptions,
  time: number,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeConfig(modelConfig(plan, diffIds, options, time));
  const what = "the configuration of the model";
  checkConfig(bytes, plan.files.length, { action: "write", what });
  return bytes;
}

function modelConfig(
  plan: BuildPlan,
  diffIds: readonly Digest[],
  options: PackageOptions,
  time: number,
): ModelConfig {
  const { modelfile } = plan;
  const described = describedFacts(plan.facts);
  return {
    descriptor: {
      ...described.descriptor,
      createdAt: options.noCreationTime ? undefined : formatTime(time),
      family: modelfile.family,
      name: modelfile.name,
      ...plan.source,
    },
    modelfs: { type: "layers", diffIds },
    config: {
      architecture: modelfile.arch,
      format: modelfile.format,
      paramSize: modelfile.paramSize,
      precision: modelfile.precision,
      quantization: modelfile.quantization,
      capabilities: {
        ...described.capabilities,
        ...(options.reasoning ? { reasoning: true } : {}),
      },
    },
  };
}

export function manifestAnnotations(
  modelfile: Modelfile,
  options: PackageOptions,
  time: number,
): Annotations {
  const generatedAt = options.noCreationTime ? undefined : formatTime(time);
  const { platforms = [] } = options;
  return {
    [FAMILIES[options.mediaTypes ?? "cncf"].modelfile]: formatModelfile(modelfile, { generatedAt }),
    ...(platforms.length > 0 ? { [PLATFORMS_ANNOTATION]: platforms.join(",") } : {}),
    ...mapValues(options.annotations ?? {}, publicUrl),
  };
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
