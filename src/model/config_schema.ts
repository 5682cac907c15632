/**
 * The schema of a model's configuration, as strict as the specification has it.
 * See https://github.com/modelpack/model-spec/blob/main/schema/config-schema.json
 * @module
 */
import type { Problem } from "../core/errors.ts";
import { decodeJson } from "../core/json.ts";
import { checkShape } from "../core/shape.ts";
import { problemsError } from "../core/problems.ts";
import * as z from "../deps/zod_mini.ts";
import { digestSchema } from "../oci/descriptor.ts";

const text = z.optional(z.string());
const texts = z.optional(z.array(z.string()));
const flag = z.optional(z.boolean());
const time = z.optional(
  z.string().check(z.regex(
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
    "it is no time such as 2025-01-31T12:00:00Z",
  )),
);
const language = z.string().check(z.regex(/^[a-z]{2}$/, "it is no code of two letters"));
const modality = z.enum(["text", "image", "audio", "video", "embedding", "other"]);

const schema = z.strictObject({
  descriptor: z.strictObject({
    createdAt: time,
    authors: texts,
    family: text,
    name: z.optional(z.string().check(z.minLength(1, "it is empty"))),
    docURL: text,
    sourceURL: text,
    datasetsURL: texts,
    version: text,
    revision: text,
    vendor: text,
    licenses: texts,
    title: text,
    description: text,
  }),
  config: z.strictObject({
    architecture: text,
    format: text,
    paramSize: text,
    precision: text,
    quantization: text,
    capabilities: z.optional(z.strictObject({
      inputTypes: z.optional(z.array(modality)),
      outputTypes: z.optional(z.array(modality)),
      knowledgeCutoff: time,
      reasoning: flag,
      toolUsage: flag,
      reward: flag,
      languages: z.optional(z.array(language)),
    })),
  }),
  modelfs: z.strictObject({
    type: z.literal("layers"),
    diffIds: z.array(digestSchema).check(z.minLength(1, "a model has at least one layer")),
  }),
});

/**
 * Makes sure that a configuration is one of a model of so many layers.
 *
 * @param what What messages call it, and what is done with it, as they say it after "Cannot".
 * @throws {InvalidInputError} with what is wrong with it.
 */
export function checkConfig(
  bytes: Uint8Array,
  layers: number,
  { action, what }: { readonly action: "read" | "write"; readonly what: string },
): void {
  const { modelfs: { diffIds } } = checkShape(schema, decodeJson(bytes, what), what, action);
  if (diffIds.length === layers) return;
  const problem: Problem = {
    message: `modelfs.diffIds: it has ${diffIds.length} digests, and the model ${layers} layers`,
  };
  throw problemsError(`${action} ${what}`, [problem]);
}
