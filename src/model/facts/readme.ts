/**
 * The front matter of a model's README: what its publisher says of it, as hubs read it.
 * See https://hf.co/docs/hub/model-cards
 * @module
 */
import { duplicateKeys, yamlFault } from "../../core/yaml/limits.ts";
import { LineCounter, parseDocument } from "../../deps/yaml.ts";
import { knownOnly, type Provenance } from "./facts.ts";
import { frontMatter } from "../../core/yaml/front_matter.ts";
import { spdxOf } from "./license.ts";

/** The most items of a list that are kept, and the longest of them. */
const MOST = { items: 100, letters: 300 } as const;

/**
 * The facts in the front matter of a README; `undefined` where it has none. What is no YAML, or has
 * another shape than it should, tells nothing: it is written by hand.
 */
export function readmeFacts(text: string): Provenance | undefined {
  const front = frontMatter(text);
  if (front === undefined || yamlFault(front) !== undefined) return undefined;
  const values = mapOf(front);
  if (values === undefined) return undefined;
  return knownOnly<Provenance>({
    license: licenseOf(values),
    task: textOf(values["pipeline_tag"]),
    library: textOf(values["library_name"]),
    languages: textsOf(values["language"] ?? values["languages"]),
    datasets: textsOf(values["datasets"]),
    baseModels: textsOf(values["base_model"]),
  });
}

function mapOf(front: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document = parseDocument(front, {
      lineCounter: new LineCounter(),
      uniqueKeys: false,
      logLevel: "silent",
    });
    if (document.errors.length > 0 || duplicateKeys(document).length > 0) return undefined;
    // Names for other nodes are for programs: nobody writes them into a README.
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** One license, several, or the name of one that the list of hubs does not have. */
function licenseOf(values: Readonly<Record<string, unknown>>): string | undefined {
  const named = textsOf(values["license"])?.map(spdxOf).filter((name) => name !== undefined) ?? [];
  if (named.length > 0) return [...new Set(named)].join(" AND ");
  const name = textOf(values["license_name"]);
  return name === undefined ? undefined : spdxOf(name);
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return text === "" || text.length > MOST.letters || /\p{Cc}/u.test(text) ? undefined : text;
}

/** A text, or a list of texts. */
function textsOf(value: unknown): readonly string[] | undefined {
  const items = (Array.isArray(value) ? value : [value]).slice(0, MOST.items);
  const texts = items.map(textOf).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : [...new Set(texts)];
}
