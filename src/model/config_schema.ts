/**
 * The schema of a model's configuration, as strict as the specification has it.
 * See https://github.com/modelpack/model-spec/blob/main/schema/config-schema.json
 * @module
 */
import type { Problem } from "../core/errors.ts";
import { decodeJson } from "../core/json.ts";
import * as form from "../core/shapes/form.ts";
import { problemsError } from "../core/problems.ts";
import { digestForm } from "../oci/descriptor.ts";
import { isPublic } from "./source/public_url.ts";

/** A text that anyone may read. */
const publicText = form.refined(
  form.text,
  isPublic,
  "it holds a URL with a user, a password or a token: write it without",
);
const text = form.optional(publicText);
const texts = form.optional(form.listOf(publicText));
const flag = form.optional(form.flag);
const time = form.optional(
  form.refined(form.text, isTime, "it is no time such as 2025-01-31T12:00:00Z"),
);
const language = form.matching(/^[a-z]{2}$/, "it is no code of two letters");
const modality = form.oneOf("text", "image", "audio", "video", "embedding", "other");

const configForm = form.closedMap({
  descriptor: form.closedMap({
    createdAt: time,
    authors: texts,
    family: text,
    name: form.optional(form.refined(publicText, (name) => name !== "", "it is empty")),
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
  config: form.closedMap({
    architecture: text,
    format: text,
    paramSize: text,
    precision: text,
    quantization: text,
    capabilities: form.optional(form.closedMap({
      inputTypes: form.optional(form.listOf(modality)),
      outputTypes: form.optional(form.listOf(modality)),
      knowledgeCutoff: time,
      reasoning: flag,
      toolUsage: flag,
      reward: flag,
      languages: form.optional(form.listOf(language)),
    })),
  }),
  modelfs: form.closedMap({
    type: form.oneOf("layers"),
    diffIds: form.refined(
      form.listOf(digestForm),
      ({ length }) => length > 0,
      "a model has at least one layer",
    ),
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
  const { modelfs: { diffIds } } = form.checkForm(
    configForm,
    decodeJson(bytes, what),
    what,
    action,
  );
  if (diffIds.length === layers) return;
  const problem: Problem = {
    message: `modelfs.diffIds: it has ${diffIds.length} digests, and the model ${layers} layers`,
  };
  throw problemsError(`${action} ${what}`, [problem]);
}

/** Whether a text is a time of RFC 3339, and one that clocks and calendars show. */
function isTime(text: string): boolean {
  const [, day] =
    /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/
      .exec(text) ?? [];
  const date = new Date(`${day}T00:00:00Z`);
  // A day that a month does not have is taken for one of the next.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${day}`);
}
