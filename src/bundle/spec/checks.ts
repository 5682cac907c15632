/**
 * What a spec whose shape is right can still have wrong.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { Suggestions } from "../../core/suggest.ts";
import { quote } from "../../core/text.ts";
import { isTag } from "../../oci/reference.ts";
import { parsePathPattern } from "./path_pattern.ts";
import { isBundleName, isPartName, MOST_PARTS, NAME_RULE } from "../documents/names.ts";
import type { BundleSpec, ExternalRule, SpecLayer } from "./description.ts";
import type { LocatedProblem } from "./text.ts";
import { expandTemplate, templateFault } from "./uri_template.ts";
import { parseObjectUri } from "../../objects/object_uri.ts";

/** All problems of a spec; paths are those of the nested form. */
export function checkSpec(spec: BundleSpec): LocatedProblem[] {
  return [
    ...metadataProblems(spec),
    ...spec.layers.flatMap((layer, index) => [...layerProblems(layer, index, spec)]),
    ...roleProblems(spec),
    ...spec.externalRules.flatMap((rule, index) => [...ruleProblems(rule, index)]),
  ];
}

function* metadataProblems(
  { name, version, layers, roles }: BundleSpec,
): Generator<LocatedProblem> {
  if (!isBundleName(name)) {
    const message = `${quote(name)} is not the name of a bundle (${NAME_RULE})`;
    yield { path: ["metadata", "name"], message };
  }
  if (!isTag(version)) {
    const message = `${quote(version)} cannot be a tag ` +
      '(letters, digits, "_", "." and "-", at most 128 of them)';
    yield { path: ["metadata", "version"], message };
  }
  if (layers.length === 0) yield { path: ["spec", "layers"], message: "is empty" };
  for (
    const [key, count] of [["layers", layers.length], ["roles", Object.keys(roles).length]] as const
  ) {
    if (count <= MOST_PARTS) continue;
    yield { path: ["spec", key], message: `has ${count}, want at most ${MOST_PARTS}` };
  }
}

function* layerProblems(
  layer: SpecLayer,
  index: number,
  { layers }: BundleSpec,
): Generator<LocatedProblem> {
  const path = ["spec", "layers", index];
  if (!isPartName(layer.name)) {
    const message = `${quote(layer.name)} is not a name (${NAME_RULE})`;
    yield { path: [...path, "name"], message };
  }
  if (layers.findIndex(({ name }) => name === layer.name) < index) {
    const message = `${quote(layer.name)} is the name of an earlier layer too`;
    yield { path: [...path, "name"], message };
  }
  for (const [position, pattern] of layer.files.entries()) {
    const fault = parsePathPattern(pattern).fault;
    if (fault !== undefined) yield { path: [...path, "files", position], message: fault };
  }
}

function* roleProblems({ roles, layers }: BundleSpec): Generator<LocatedProblem> {
  const names = new Set(layers.map(({ name }) => name));
  const suggestions = new Suggestions();
  for (const [role, wanted] of Object.entries(roles)) {
    const path = ["spec", "roles", role];
    if (!isPartName(role)) yield { path, message: `is not a name (${NAME_RULE})` };
    if (wanted.length === 0) yield { path, message: "has no layers" };
    for (const [position, layer] of wanted.entries()) {
      if (names.has(layer)) continue;
      const near = suggestions.nearest(layer, names);
      const instead = near === undefined ? "" : `; did you mean ${quote(near)}?`;
      const message = `names layer ${quote(layer)}, which does not exist${instead}`;
      yield { path: [...path, position], message };
    }
  }
}

/** Values that stand for any file when a template is tried. */
const SAMPLE = { path: "a", name: "a", version: "1", layer: "a", sha256: "0" };

function* ruleProblems(rule: ExternalRule, index: number): Generator<LocatedProblem> {
  if (rule.uriTemplate === undefined) return;
  const path = ["spec", "external_rules", index, "uri_template"];
  const fault = templateFault(rule.uriTemplate) ?? addressFault(rule.uriTemplate);
  if (fault !== undefined) yield { path, message: fault };
}

function addressFault(template: string): string | undefined {
  try {
    parseObjectUri(expandTemplate(template, SAMPLE));
    return undefined;
  } catch (error) {
    if (error instanceof InvalidInputError) {
      return `gives no address: ${error.message.replace(/^.*as an object: /, "")}`;
    }
    // A scheme without a store is a fault of the bundle's author, too.
    return "has an unknown scheme; write az://, azure://, s3://, gs:// or file://";
  }
}
