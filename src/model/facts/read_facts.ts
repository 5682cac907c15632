/**
 * Everything that is known of a model, read once from its files: headers of weights, and the
 * documents beside them.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { adapterFacts, adapterTask } from "./adapter.ts";
import { configFacts } from "./config_json.ts";
import { activeParamCount } from "./experts.ts";
import {
  firstKnown,
  knownOnly,
  type ModelFacts,
  type ModelShape,
  type Provenance,
  type TokenizerFacts,
  type UnlistedFile,
  type UnreadTensor,
} from "./facts.ts";
import { LONGEST_TENSOR_NAME } from "./tensors/tensor_fact.ts";
import { DocumentReader, LARGEST_FAR_DOCUMENT } from "./document_reader.ts";
import type { FileTree } from "./file_tree.ts";
import { formatRowOf } from "./formats.ts";
import { frontMatter, README_START } from "../../core/yaml/front_matter.ts";
import { LICENSE_START, licenseOfText } from "./license.ts";
import type { CountParameters } from "./join_weights.ts";
import { isCoded, packedCount } from "./packing.ts";
import { isPickle, mayBePickle, PICKLE_START } from "./pickle.ts";
import { diffusersFacts, sentenceFacts } from "./pipeline.ts";
import { type ReadBudget, readStart } from "./read_budget.ts";
import { isTorchIndex, type ShardIndex, shardIndex } from "./shard_index.ts";
import { taskOfClass } from "./tasks.ts";
import type { ModelTensors } from "./tensors/model_tensors.ts";
import { templateFacts, tokenizerConfigFacts } from "./tokenizer.ts";
import { readHeaderFacts } from "./weights.ts";

/** How facts are read. */
export interface ReadFactsOptions extends OperationOptions {
  /**
   * What stands in front of the sources where they are far away: then large documents are passed
   * over, headers are read with few and larger reads, and an index of shards is read where they are
   * more than can be.
   */
  readonly budget?: ReadBudget;
  /** Whether only the tensors are wanted: no reads are spent on documents. */
  readonly onlyTensors?: boolean;
}

/** What was found. */
export interface FactsReport {
  readonly facts: ModelFacts;
  /** The tensors of all weight files whose headers were read, in the order of the files. */
  readonly tensors: ModelTensors;
  /** Weight files whose headers were not read to the end, because the budget was spent. */
  readonly unread: readonly string[];
  /** Tensors in those files, as far as an index names them. */
  readonly unreadTensors: readonly UnreadTensor[];
  /** Files whose tensors are not listed: malformed, of a format that is not read, too many. */
  readonly unlisted: readonly UnlistedFile[];
  /** Files that should hold facts and could not be read, and what they disagree on. */
  readonly warnings: readonly string[];
}

/** Documents in the top folder that tell something. */
const DOCUMENTS = new Set([
  "hf_quant_config.json",
  "quantize_config.json",
  "quant_config.json",
  "config.json",
  "generation_config.json",
  "adapter_config.json",
  "tokenizer_config.json",
  "model_index.json",
  "modules.json",
  "sentence_bert_config.json",
  "chat_template.jinja",
]);

/** What AutoGPTQ and AutoAWQ write beside a `config.json` that says nothing of it. */
const QUANTIZATION_DOCUMENTS = [
  ["quantize_config.json", "gptq"],
  ["quant_config.json", "awq"],
] as const;

/** Whether a file of this path may tell something of the model. */
export function tellsFacts(path: string): boolean {
  return DOCUMENTS.has(path) || README_NAME.test(path) || LICENSE_NAME.test(path) ||
    formatRowOf(path) !== undefined || mayBePickle(path) || isTorchIndex(path);
}

/** Whether a file of this path has tensors, or says where they are. */
export function tellsTensors(path: string): boolean {
  return formatRowOf(path) !== undefined || isTorchIndex(path);
}

/** Bytes of a header that are asked for at once far away: most are shorter. */
const FAR_WINDOW = 64 * 1024;

/** Names of the files of licenses in the top folder. */
const LICENSE_NAME = /^(licen[cs]e|copying)([-_.][\w.-]*)?$/i;

/** Names of the README in the top folder. */
export const README_NAME = /^readme(\.(md|markdown|txt))?$/i;

/**
 * Reads the facts of a model from its files, the most telling ones first. Where `config.json` and
 * the weights both know a fact the configuration counts, but for the number of parameters, which
 * the weights know best; of licenses the README counts, then the weights, then the text of the
 * license.
 *
 * What sources throw goes through; a file that is malformed is a warning.
 */
export async function readFacts(
  all: FileTree,
  { budget, onlyTensors, ...options }: ReadFactsOptions = {},
): Promise<FactsReport> {
  const isFar = budget !== undefined;
  const weights = all.filter(({ path }) => formatRowOf(path) !== undefined);
  const indexes = all.filter(({ path }) => isTorchIndex(path));
  const files = onlyTensors ? [...weights, ...indexes] : all;
  const reader = new DocumentReader(files, { ...options, isFar });
  const quantization = await readQuantization(reader);
  const config = await reader.json("config.json");
  const readme = await reader.start(README_NAME, README_START);
  const pipeline = await readPipeline(reader);
  const found = budget === undefined || weights.length <= budget.requestsLeft
    ? undefined
    : await readIndex(reader, indexes);
  const countPacked: CountParameters = (tensors) =>
    packedCount({ ...quantization, ...config }, tensors);
  const headers = await readHeaderFacts(weights, {
    ...options,
    window: isFar ? FAR_WINDOW : undefined,
    components: pipeline?.components,
    countPacked,
    arePacked: isCoded({ ...quantization, ...config }),
  });
  const generation = await reader.json("generation_config.json");
  const known = configFacts({ ...quantization, ...config, ...generation });
  const front = await frontFacts(readme ?? "");
  const adapterConfig = await reader.json("adapter_config.json") ?? {};
  const adapter = adapterFacts(adapterConfig);
  const tokenizer = await readTokenizer(reader);
  const license = front?.license ?? headers.license ??
    licenseOfText(await reader.start(LICENSE_NAME, LICENSE_START) ?? "");
  const modelClass = known.modelClass ?? pipeline?.modelClass;
  const { tensors, unread, unlisted, warnings, ...header } = headers;
  const index = found && isOf(found, unread) ? found : undefined;
  // Of shards that are not all read, the index may know what they have together.
  const paramCountIsEstimate = header.paramCountIsEstimate && index?.paramCount === undefined;
  const paramCount = (header.paramCountIsEstimate ? index?.paramCount : undefined) ??
    header.paramCount ?? known.paramCount;
  const shape = firstKnown<ModelShape>(
    { contextLength: pipeline?.contextLength },
    known.shape,
    header.shape,
    { contextLength: tokenizer?.contextLength },
  );
  const facts: ModelFacts = {
    architecture: known.architecture ?? header.architecture,
    family: known.family ?? header.family,
    format: header.format,
    paramCount,
    paramCountIsEstimate: paramCountIsEstimate || undefined,
    activeParamCount: header.paramCountIsEstimate || unlisted.length > 0
      ? undefined
      : activeParamCount(paramCount, shape, tensors, header.packed ? countPacked : undefined),
    precision: known.precision ?? header.precision,
    quantization: known.quantization ?? header.quantization,
    modelClass,
    ...firstKnown<Provenance>({ license }, front, {
      name: header.name,
      languages: header.languages,
      datasets: header.datasets,
      baseModels: header.baseModels ?? (adapter?.baseModel ? [adapter.baseModel] : undefined),
      task: pipeline?.task ?? adapterTask(adapterConfig) ??
        (modelClass && taskOfClass(modelClass)),
      library: pipeline?.library ?? (adapter && "peft") ?? known.library,
    }),
    shape: knownOnly(shape),
    adapter,
    tokenizer: knownOnly(firstKnown<TokenizerFacts>(header.tokenizer, {
      chatTemplate: tokenizer?.chatTemplate,
      tools: tokenizer?.tools,
    })),
    runsCode: await picklesIn(files, { ...options, isFar }),
    tensorCount: header.tensorCount ?? index?.files.size,
    tensorBytes: header.tensorBytes ?? index?.tensorBytes,
  };
  return {
    facts: firstKnown(facts),
    tensors,
    unread,
    unreadTensors: unreadTensors(index, unread),
    unlisted,
    warnings: [...reader.warnings, ...warnings],
  };
}

/** What the tools say of a quantization that keep it in a document of its own. */
async function readQuantization(
  reader: DocumentReader,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const whole = await reader.json("hf_quant_config.json");
  if (whole !== undefined) return whole;
  for (const [name, quant_method] of QUANTIZATION_DOCUMENTS) {
    const found = await reader.json(name);
    if (found !== undefined) return { quantization_config: { quant_method, ...found } };
  }
  return undefined;
}

/** Largest index that is read far away: one of four thousand tensors. Bytes. */
const LARGEST_FAR_INDEX = 384 * 1024;

/** The index of a model's shards, where there is one and it is not too large. */
async function readIndex(
  reader: DocumentReader,
  [index, ...others]: FileTree,
): Promise<ShardIndex | undefined> {
  // A pipeline has several, and each request that reads one is a header that is not read.
  if (index === undefined || others.length > 0) return undefined;
  return shardIndex(await reader.value(index.path, LARGEST_FAR_INDEX), index.path);
}

/**
 * Whether an index knows the files that were not read: one of another model says nothing of them.
 */
function isOf({ files }: ShardIndex, unread: readonly string[]): boolean {
  const named = new Set(files.values());
  return unread.every((path) => named.has(path));
}

function unreadTensors(
  index: ShardIndex | undefined,
  unread: readonly string[],
): readonly UnreadTensor[] {
  const files = new Set(unread);
  return [...index?.files ?? []].flatMap(([name, file]) =>
    files.has(file) && name.length <= LONGEST_TENSOR_NAME ? [{ name, file }] : []
  );
}

/** What reads front matter is loaded where there is some. */
async function frontFacts(readme: string): Promise<Provenance | undefined> {
  if (frontMatter(readme) === undefined) return undefined;
  return (await import("./readme.ts")).readmeFacts(readme);
}

/** The components of a model that has several, and what the list of them says. */
async function readPipeline(reader: DocumentReader) {
  const index = await reader.json("model_index.json");
  if (index !== undefined) return { ...diffusersFacts(index), contextLength: undefined };
  const facts = sentenceFacts(await reader.value("modules.json"));
  if (facts === undefined) return undefined;
  const length = (await reader.json("sentence_bert_config.json"))?.["max_seq_length"];
  const isCount = typeof length === "number" && Number.isSafeInteger(length) && length > 0;
  return { ...facts, contextLength: isCount ? length : undefined };
}

async function readTokenizer(reader: DocumentReader) {
  const config = tokenizerConfigFacts(await reader.json("tokenizer_config.json") ?? {});
  if (config?.chatTemplate) return config;
  const template = await reader.start(/^chat_template\.jinja$/, LARGEST_FAR_DOCUMENT);
  return template === undefined ? config : { ...config, ...templateFacts(template) };
}

/** Paths of the files that run code when they are loaded; far away, by their names alone. */
async function picklesIn(
  files: FileTree,
  { isFar, signal }: { readonly isFar: boolean; readonly signal?: AbortSignal },
): Promise<readonly string[] | undefined> {
  const found = await mapConcurrent(
    files.filter(({ path }) => mayBePickle(path)),
    async ({ path, source }) => {
      const start = isFar ? undefined : await readStart(source, PICKLE_START, signal);
      const isOfPyTorch = start === undefined && formatRowOf(path)?.format === "pytorch";
      return isOfPyTorch || isPickle(path, start ?? new Uint8Array()) ? [path] : [];
    },
    { signal },
  );
  const paths = found.flat();
  return paths.length === 0 ? undefined : paths;
}
