/**
 * The text of `modelops.yaml`.
 *
 * Two shapes are read: the nested one, with `apiVersion`, `kind`, `metadata` and `spec`, and a flat
 * one with the same keys at the top. Keys that are not known are refused, but for those that start
 * with `x-`. All problems are reported at once, with their lines.
 * @module
 */
import type { Problem } from "../../core/errors.ts";
import { problemsError } from "../../core/problems.ts";
import { shaped } from "../../core/shapes/shape.ts";
import type { Shaped } from "../../core/shapes/words.ts";
import { quote } from "../../core/text.ts";
import type { BundleSpec } from "./description.ts";
import { checkSpec } from "./checks.ts";
import { flatSpec, type NestedSpec, nestedSpec } from "./schema.ts";
import { SpecText } from "./text.ts";

/** Largest file that goes into the registry where the spec does not say, in bytes. */
const DEFAULT_ORAS_SIZE_LIMIT = 100_000_000;

/**
 * Reads the text of a spec.
 *
 * @param path What the text is called in messages.
 * @throws {InvalidInputError} with all the problems.
 */
export function parseSpec(text: string, path: string): BundleSpec {
  const source = new SpecText(text);
  const refused = (problems: readonly Problem[]) =>
    problemsError(`use ${quote(path)}`, problems, { path });
  if (source.faults.length > 0) throw refused(source.faults);
  const found = documentOf(source);
  if (found.problems) throw refused(found.problems.map((problem) => source.locate(problem)));
  const spec = specOf(found.value);
  const problems = checkSpec(spec).map((problem) => source.locate(problem));
  if (problems.length > 0) throw refused(problems);
  return spec;
}

/** The spec in the nested form, whichever it is written in. */
function documentOf({ isNested, value }: SpecText): Shaped<NestedSpec> {
  if (isNested) return shaped(nestedSpec, value);
  const flat = shaped(flatSpec, value);
  if (flat.problems) return flat;
  const { apiVersion, kind, name, version, description, ...spec } = flat.value;
  const metadata = { name, version, description };
  return { value: { apiVersion: apiVersion ?? "", kind: kind ?? "Bundle", metadata, spec } };
}

function specOf({ metadata, spec }: NestedSpec): BundleSpec {
  return {
    name: metadata.name.toLowerCase(),
    version: metadata.version,
    description: metadata.description ?? undefined,
    layers: spec.layers.map(({ ignore, ...layer }) => ({ ...layer, ignore: ignore ?? [] })),
    roles: spec.roles,
    externalRules: (spec.external_rules ?? []).map((rule) => ({
      pattern: rule.pattern,
      uriTemplate: rule.uri_template ?? undefined,
      tier: rule.tier ?? "hot",
      sizeThreshold: rule.size_threshold ?? undefined,
    })),
    orasSizeLimit: spec.oras_size_limit ?? DEFAULT_ORAS_SIZE_LIMIT,
  };
}
