/**
 * What modctl can list. It reads every tag of the store that it shares with this program, and the
 * first that it cannot read ends its list.
 * @module
 */
import { InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { decodeJson } from "../../core/json.ts";
import * as form from "../../core/shapes/form.ts";
import { MANIFEST_SIZE_LIMIT, type ManifestDocument } from "../manifest.ts";
import { MediaType } from "../media_types.ts";
import { type ContentHolder, readContent } from "../store.ts";

const text = form.maybe(form.text);
const texts = form.maybe(form.listOf(text));
const flag = form.maybe(form.flag);
const time = form.maybe(form.refined(
  form.matching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})$/),
  (value) => !Number.isNaN(Date.parse(value.replace(",", "."))),
));

/** A configuration as modctl reads that of any artifact: what it does not know may be anything. */
const configForm = form.maybe(form.map({
  descriptor: form.maybe(form.map({
    createdat: time,
    authors: texts,
    family: text,
    name: text,
    docurl: text,
    sourceurl: text,
    version: text,
    revision: text,
    vendor: text,
    licenses: texts,
    title: text,
    description: text,
  })),
  modelfs: form.maybe(form.map({ type: text, diffids: texts })),
  config: form.maybe(form.map({
    architecture: text,
    format: text,
    paramsize: text,
    precision: text,
    quantization: text,
    capabilities: form.maybe(form.map({
      inputtypes: texts,
      outputtypes: texts,
      knowledgecutoff: time,
      reasoning: flag,
      toolusage: flag,
      embedding: flag,
      reward: flag,
    })),
  })),
}));

/** Levels of a configuration whose keys modctl knows. */
const KNOWN_LEVELS = 3;

/**
 * Whether modctl can list an artifact: no index, and no other manifest without a configuration that
 * is JSON of the right types. What is too large to look at counts as one that it cannot list.
 */
export async function isListable(
  document: ManifestDocument,
  content: ContentHolder,
): Promise<boolean> {
  if (document.kind === "index" || document.mediaType === MediaType.artifactManifest) return false;
  const { config } = document;
  if (config === undefined || config.size > MANIFEST_SIZE_LIMIT) return false;
  try {
    const json = decodeJson(await readContent(content, config), "configuration");
    return form.inForm(configForm, lowered(json, KNOWN_LEVELS)).problems === undefined;
  } catch (error) {
    if (error instanceof InvalidInputError || error instanceof NotFoundError) return false;
    throw error;
  }
}

/** The same with the keys of the first levels in lower case, since Go finds keys in any. */
function lowered(value: unknown, levels: number): unknown {
  if (levels === 0 || typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key.toLowerCase(), lowered(part, levels - 1)]),
  );
}
