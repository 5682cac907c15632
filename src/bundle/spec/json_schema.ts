/**
 * The shape of `modelops.yaml` as a JSON Schema, for editors and for the reference.
 * See https://json-schema.org/draft/2020-12
 * @module
 */
import * as z from "../../deps/zod.ts";
import { flatSpec, nestedSpec } from "./schema.ts";

/** A part of the schema, as far as it is used here. */
export interface SchemaPart {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: SchemaPart;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly additionalProperties?: SchemaPart | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly SchemaPart[];
}

/** The forms of `modelops.yaml`. */
export function specForms(): { readonly nested: SchemaPart; readonly flat: SchemaPart } {
  return { nested: formOf(nestedSpec), flat: formOf(flatSpec) };
}

/** The schema of either form: the one with the key `spec` is the nested one. */
export function specJsonSchema(): Record<string, unknown> {
  const { nested, flat } = specForms();
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "modelops.yaml",
    description: "What a bundle is made of, and where its files go",
    if: { required: ["spec"] },
    then: nested,
    else: flat,
  };
}

function formOf(schema: z.ZodType): SchemaPart {
  const { $schema: _, ...part } = z.toJSONSchema(schema, {
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type !== "object") return;
      jsonSchema.additionalProperties = false;
      // What starts so is for others, and is passed over.
      jsonSchema.patternProperties = { "^x-": {} };
    },
  });
  return part as SchemaPart;
}
