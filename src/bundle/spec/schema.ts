/**
 * The shape of `modelops.yaml`, in its two forms. What a key is for is said here, for the reference
 * that is made of it.
 * @module
 */
import { closedMap } from "./closed_map.ts";
import * as z from "../../deps/zod.ts";
import { STORAGE_TIERS } from "../../objects/object_store.ts";

const filled = z.string().min(1);
/** Text that YAML reads as a number unless it is quoted. */
const quoted = z.string({
  error: ({ input }) => typeof input === "number" ? "is a number: put it in quotes" : undefined,
}).min(1);
const bytes = z.number().int().nonnegative();

const layer = closedMap({
  name: filled.describe("Name of the layer, which roles use"),
  type: filled.describe("What kind of files it has, such as code, config, data or models"),
  files: z.array(filled).describe(
    "Patterns of the files that are in it; `*` stops at a slash, `**` does not",
  ),
  ignore: z.array(filled).nullish().describe("Patterns of the files that are left out"),
});

const rule = closedMap({
  pattern: filled.describe("Pattern of the files that the rule is for"),
  uri_template: filled.nullish().describe(
    "Address of the object, with the placeholders `{path}`, `{name}`, `{version}`, `{layer}` and " +
      "`{sha256}`; `az://<container>/{name}/{path}` when absent",
  ),
  tier: z.enum(STORAGE_TIERS).nullish().describe("Tier of the object; `hot` when absent"),
  size_threshold: bytes.nullish().describe("Smallest file that the rule takes, in bytes"),
});

const name = quoted.describe("Name of the bundle, which is part of its repository's");
const version = quoted.describe("Version of the bundle, which is its tag");
const description = z.string().nullish().describe("What the bundle is, for people");

const body = {
  layers: z.array(layer).describe("The layers, in order"),
  roles: z.record(z.string(), z.array(z.string())).describe(
    "The layers that each role needs; the role `default` is used when none is asked for",
  ),
  external_rules: z.array(rule).nullish().describe(
    "Which files go to an object store; the first rule that takes a file counts",
  ),
  oras_size_limit: bytes.nullish().describe(
    "Largest file that goes into the registry, in bytes; 100000000 when absent",
  ),
};

const apiVersion = quoted.describe("Version of this format; any text, such as `v1`");
const kind = z.literal("Bundle").describe("Says that this is a bundle");

/** The nested form. */
export const nestedSpec = closedMap({
  apiVersion,
  kind,
  metadata: closedMap({ name, version, description }).describe("What the bundle is called"),
  spec: closedMap(body).describe("What is in it"),
});

/** The flat form: the same keys at the top. */
export const flatSpec = closedMap({
  apiVersion: apiVersion.nullish(),
  kind: kind.nullish(),
  name,
  version,
  description,
  ...body,
});

/** A spec in the nested form whose shape is right. */
export type NestedSpec = z.infer<typeof nestedSpec>;

/** A spec in the flat form whose shape is right. */
export type FlatSpec = z.infer<typeof flatSpec>;
