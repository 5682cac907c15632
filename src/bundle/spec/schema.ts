/**
 * The shape of `modelops.yaml`, in the nested form; the flat form is put into it before it is
 * checked.
 * @module
 */
import { z } from "../../deps/zod.ts";

const text = z.string({ error: (issue) => wanted(issue.input, "text") });
const filled = text.min(1, "is empty");
/** Text that YAML reads as a number unless it is quoted. */
const quoted = z.string({
  error: ({ input }) =>
    typeof input === "number" ? "is a number: put it in quotes" : wanted(input, "text"),
});
const list = <Item extends z.ZodType>(item: Item) =>
  z.array(item, { error: (issue) => wanted(issue.input, "a list") });
const map = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value, { error: (issue) => wanted(issue.input, "a map") });
const bytes = z.number({ error: (issue) => wanted(issue.input, "a number of bytes") })
  .int("is not a whole number of bytes").nonnegative("is negative");

const layer = z.looseObject({
  name: filled,
  type: filled,
  files: list(filled),
  ignore: list(filled).nullish(),
}, { error: (issue) => wanted(issue.input, "a map") });

const rule = z.looseObject({
  pattern: filled,
  uri_template: filled.nullish(),
  tier: z.enum(["hot", "cool", "archive"], { error: "is none of hot, cool and archive" }).nullish(),
  size_threshold: bytes.nullish(),
}, { error: (issue) => wanted(issue.input, "a map") });

const metadata = z.looseObject({
  name: quoted.min(1, "is empty"),
  version: quoted.min(1, "is empty"),
  description: text.nullish(),
}, { error: (issue) => wanted(issue.input, "a map") });

const body = z.looseObject({
  layers: list(layer),
  roles: map(list(text)),
  external_rules: list(rule).nullish(),
  oras_size_limit: bytes.nullish(),
}, { error: (issue) => wanted(issue.input, "a map") });

const kind = z.literal("Bundle", {
  error: ({ input }) => input === undefined ? "is missing" : 'is not "Bundle"',
});

const nested = z.looseObject({ apiVersion: quoted, kind, metadata, spec: body });
const flat = z.looseObject({
  apiVersion: quoted.nullish(),
  kind: kind.nullish(),
  metadata,
  spec: body,
});

/** A spec whose shape is right. */
export type SpecDocument = z.infer<typeof flat>;

/** What a spec has to look like; the flat form may leave out what says that it is a bundle. */
export function specSchema(isNested: boolean): z.ZodType<SpecDocument> {
  return isNested ? nested : flat;
}

function wanted(input: unknown, what: string): string {
  if (input === undefined) return "is missing";
  if (input === null) return `is empty, want ${what}`;
  const found = Array.isArray(input)
    ? "a list"
    : typeof input === "object"
    ? "a map"
    : typeof input;
  return `is ${found === "string" ? "text" : found}, want ${what}`;
}
