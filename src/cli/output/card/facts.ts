/**
 * What a card says of a model, in the words of people.
 * @module
 */
import { listed } from "../../../core/text.ts";
import type { CardReferrer, ModelCard } from "../../../model/card/shape.ts";
import type { AdapterFacts, ModelFacts, ModelShape } from "../../../model/facts/facts.ts";
import { licenseUse } from "../../../model/facts/license.ts";
import { formatParamSize } from "../../../model/facts/param_size.ts";
import { modalitiesOf } from "../../../model/facts/tasks.ts";
import { countOf, formatAge, formatBytes, shortDigest } from "../format.ts";
import type { LabelledFact } from "./lines.ts";

/** Bytes of a number in the memory of an attention layer, where it is kept as it usually is. */
const CACHED_NUMBER = 2;

/** The most names of a list that are shown. */
const MOST_NAMES = 8;

/**
 * The facts of a card in the order that people ask for them: what, may I, will it fit, what else.
 */
export function cardFacts(
  card: ModelCard,
  { now, wide }: { readonly now: Date; readonly wide: boolean },
): readonly LabelledFact[] {
  const { facts, source } = card;
  return [
    ["License", licenseText(facts.license)],
    ["Task", taskText(facts)],
    ["Languages", facts.languages && listText(facts.languages.map(languageName))],
    ["Family", joined([facts.family, facts.modelClass ?? facts.architecture])],
    ["Parameters", parameterText(facts)],
    ["Precision", facts.precision],
    ["Quantized", facts.quantization],
    ["Format", joined([facts.format, facts.library])],
    ["Size", sizeText(card, now)],
    ["Memory", memoryText(facts)],
    ["Context", facts.shape?.contextLength && `${grouped(facts.shape.contextLength)} tokens`],
    ["Shape", facts.shape && shapeText(facts.shape)],
    ["Tokenizer", tokenizerText(facts)],
    ["Adapter", facts.adapter && adapterText(facts.adapter)],
    ["Made from", facts.baseModels && listText(facts.baseModels)],
    ["Trained on", facts.datasets && listText(facts.datasets)],
    ["Made by", listText([...source.authors ?? [], ...source.vendor ? [source.vendor] : []])],
    ["Version", source.version],
    ["Source", joined([source.url, source.revision], " at ")],
    ["About", source.description],
    ["Runs code", runsCodeText(facts.runsCode)],
    ["Digest", wide ? card.digest : shortDigest(card.digest)],
    ["Referrers", referrerText(card.referrers)],
    ["Before it", earlierText(card.earlier, now)],
  ].map(([label, text]) => [label, text || undefined] as LabelledFact);
}

function joined(parts: readonly (string | undefined)[], between = ", "): string | undefined {
  return parts.filter((part) => part !== undefined && part !== "").join(between);
}

function listText(names: readonly string[]): string {
  return listed(names, MOST_NAMES);
}

function licenseText(license: string | undefined): string {
  if (license === undefined) return "not stated: ask whoever publishes it";
  const use = licenseUse(license);
  const name = license.replace(/LicenseRef-/g, "");
  return use === undefined ? name : `${name}, ${use}`;
}

function taskText({ task }: ModelFacts): string | undefined {
  if (task === undefined) return undefined;
  const modalities = modalitiesOf(task);
  const words = task.replaceAll("-", " ");
  if (modalities === undefined || /\bto\b/.test(words)) return words;
  const { inputTypes, outputTypes } = modalities;
  return `${words}: ${inputTypes.join(" and ")} to ${outputTypes.join(" and ")}`;
}

/** What English speakers call a language; its code where nobody does. */
function languageName(code: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A number with its thousands apart. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function parameterText(facts: ModelFacts): string | undefined {
  const { paramCount, paramCountIsEstimate, activeParamCount } = facts;
  if (paramCount === undefined) return undefined;
  const short = formatParamSize(paramCount);
  if (paramCountIsEstimate) return `about ${short ?? grouped(paramCount)}`;
  const count = short === undefined ? grouped(paramCount) : `${short} (${grouped(paramCount)})`;
  if (activeParamCount === undefined) return count;
  return `${count}, ${formatParamSize(activeParamCount) ?? activeParamCount} for each token`;
}

function sizeText({ size, files, createdAt }: ModelCard, now: Date): string {
  const count = `${formatBytes(size)} in ${countOf(files.length, "file")}`;
  const time = Date.parse(createdAt ?? "");
  return Number.isNaN(time) ? count : `${count}, packaged ${formatAge(new Date(time), now)}`;
}

/** Names of tasks and classes of models that write token by token, and so keep what they read. */
const WRITES = /generation$|to-text$|CausalLM|ConditionalGeneration|LMHeadModel/;

/** What it takes to load the weights, and how much more a long conversation takes. */
function memoryText(facts: ModelFacts): string | undefined {
  const { tensorBytes, shape, task = "", modelClass = "", tokenizer } = facts;
  if (tensorBytes === undefined) return undefined;
  const writes = WRITES.test(task) || WRITES.test(modelClass) || tokenizer?.chatTemplate;
  const cached = writes && shape ? tokenBytes(shape) : undefined;
  const weights = `${formatBytes(tensorBytes)} for the weights`;
  return cached === undefined
    ? weights
    : `${weights}, ${formatBytes(cached)} more for each token of context`;
}

/** Bytes that attention keeps of a token: a key and a value of each head in each layer. */
function tokenBytes(shape: ModelShape): number | undefined {
  const { layers, heads, width } = shape;
  if (layers === undefined || heads === undefined || width === undefined) return undefined;
  const headWidth = shape.headWidth ?? width / heads;
  return 2 * layers * (shape.keyValueHeads ?? heads) * headWidth * CACHED_NUMBER;
}

function shapeText(shape: ModelShape): string | undefined {
  const { layers, encoderLayers, width, heads, keyValueHeads, vocabularySize } = shape;
  const { experts, expertsPerToken } = shape;
  const shared = keyValueHeads !== undefined && keyValueHeads !== heads
    ? ` (${grouped(keyValueHeads)} for keys and values)`
    : "";
  const active = expertsPerToken === undefined ? "" : ` (${expertsPerToken} for each token)`;
  return joined([
    layers && countOf(layers, "layer"),
    encoderLayers && `${encoderLayers} in the encoder`,
    width && `width ${grouped(width)}`,
    heads && `${countOf(heads, "head")}${shared}`,
    experts && experts > 1 ? `${countOf(experts, "expert")}${active}` : undefined,
    vocabularySize && `vocabulary of ${grouped(vocabularySize)}`,
  ].map((part) => part || undefined));
}

function tokenizerText({ tokenizer, shape }: ModelFacts): string | undefined {
  if (tokenizer === undefined) return undefined;
  const { method, vocabularySize, chatTemplate, tools } = tokenizer;
  const isKnown = vocabularySize === undefined || vocabularySize === shape?.vocabularySize;
  return joined([
    method,
    isKnown ? undefined : `${grouped(vocabularySize)} tokens`,
    chatTemplate ? `chat template${tools ? " with tools" : ""}` : undefined,
  ]);
}

function adapterText(
  { method, baseModel, rank, alpha, targets }: AdapterFacts,
): string | undefined {
  return joined([
    baseModel === undefined ? method : `${method} for ${baseModel}`,
    rank === undefined ? undefined : `rank ${rank}`,
    alpha === undefined ? undefined : `alpha ${alpha}`,
    targets === undefined ? undefined : `on ${listText(targets)}`,
  ]);
}

function runsCodeText(paths: readonly string[] | undefined): string | undefined {
  return paths && `when it is loaded, as pickles do: ${listText(paths)}`;
}

/** The most earlier manifests that are shown. */
const MOST_EARLIER = 3;

/** What the tag named before: `sha256:0123456789ab (2 days ago)`. */
function earlierText(earlier: ModelCard["earlier"] = [], now: Date): string {
  const names = earlier.map(({ digest, taggedAt }) =>
    `${shortDigest(digest)} (${formatAge(new Date(taggedAt), now)})`
  );
  return listed(names, MOST_EARLIER);
}

/** Kinds of referrers with their counts: `2 signatures, 1 sbom`. */
function referrerText(referrers: readonly CardReferrer[]): string {
  const kinds = Map.groupBy(referrers, ({ kind }) => kind);
  return Array.from(kinds, ([kind, { length }]) => countOf(length, kind)).join(", ");
}
