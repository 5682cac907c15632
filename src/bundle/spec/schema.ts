/**
 * The shape of `modelops.yaml`, in the nested form; the flat form is put into it before it is
 * checked.
 * @module
 */
import * as z from "../../deps/zod.ts";
import { STORAGE_TIERS } from "../../objects/object_store.ts";

const text = z.string(wants("text"));
const filled = text.min(1, "is empty");
/** Text that YAML reads as a number unless it is quoted. */
const quoted = z.string({
  error: ({ input }) =>
    typeof input === "number" ? "is a number: put it in quotes" : wanted(input, "text"),
});
const list = <Item extends z.ZodType>(item: Item) => z.array(item, wants("a list"));
const map = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value, wants("a map"));
const bytes = z.number(wants("a number of bytes"))
  .int("is not a whole number of bytes").nonnegative("is negative");

const layer = z.looseObject({
  name: filled,
  type: filled,
  files: list(filled),
  ignore: list(filled).nullish(),
}, wants("a map"));

const rule = z.looseObject({
  pattern: filled,
  uri_template: filled.nullish(),
  tier: z.enum(STORAGE_TIERS, { error: "is none of hot, cool and archive" }).nullish(),
  size_threshold: bytes.nullish(),
}, wants("a map"));

const metadata = z.looseObject({
  name: quoted.min(1, "is empty"),
  version: quoted.min(1, "is empty"),
  description: text.nullish(),
}, wants("a map"));

const body = z.looseObject({
  layers: list(layer),
  roles: map(list(text)),
  external_rules: list(rule).nullish(),
  oras_size_limit: bytes.nullish(),
}, wants("a map"));

const kind = z.literal("Bundle", {
  error: ({ input }) => input === undefined ? "is missing" : 'is not "Bundle"',
});

const nested = z.looseObject({ apiVersion: quoted, kind, metadata, spec: body });
const flat = nested.extend({ apiVersion: quoted.nullish(), kind: kind.nullish() });

/** A spec whose shape is right. */
export type SpecDocument = z.infer<typeof flat>;

/** What a spec has to look like; the flat form may leave out what says that it is a bundle. */
export function specSchema(isNested: boolean): z.ZodType<SpecDocument> {
  return isNested ? nested : flat;
}

function wants(what: string): { error: (issue: { readonly input: unknown }) => string } {
  return { error: ({ input }) => wanted(input, what) };
}

const NOUNS: Readonly<Record<string, string>> = { object: "a map", string: "text" };

function wanted(input: unknown, what: string): string {
  if (input === undefined) return "is missing";
  if (input === null) return `is empty, want ${what}`;
  const found = Array.isArray(input) ? "a list" : NOUNS[typeof input] ?? typeof input;
  return `is ${found}, want ${what}`;
}
