/**
 * Everything that is known of a model, read once from its files: headers of weights, and the
 * documents beside them.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { decodePythonJson, isRecord } from "../../core/json.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { readAll } from "../../core/streams.ts";
import { decodeText } from "../../core/text.ts";
import { adapterFacts } from "./adapter.ts";
import { configFacts } from "./config_json.ts";
import {
  type FileTensor,
  firstKnown,
  knownOnly,
  type ModelFacts,
  type ModelShape,
  type Provenance,
  type TokenizerFacts,
} from "./facts.ts";
import type { FactFile, FileTree } from "./file_tree.ts";
import { formatRowOf } from "./formats.ts";
import { frontMatter, README_START } from "../../core/yaml/front_matter.ts";
import { LICENSE_START, licenseOfText } from "./license.ts";
import { isPickle, mayBePickle, PICKLE_START } from "./pickle.ts";
import { BudgetSpent } from "./read_budget.ts";
import { taskOfClass } from "./tasks.ts";
import { templateFacts, tokenizerConfigFacts } from "./tokenizer.ts";
import { readHeaderFacts } from "./weights.ts";

/** How facts are read. */
export interface ReadFactsOptions extends OperationOptions {
  /**
   * Whether the sources are far away and have a budget in front of them: then large documents are
   * passed over, and headers are read with few and larger reads.
   */
  readonly isFar?: boolean;
}

/** What was found. */
export interface FactsReport {
  readonly facts: ModelFacts;
  /** The tensors of all weight files whose headers were read, in the order of the files. */
  readonly tensors: readonly FileTensor[];
  /** Weight files whose headers were not read to the end, because the budget was spent. */
  readonly unread: readonly string[];
  /** Files that should hold facts and could not be read, and what they disagree on. */
  readonly warnings: readonly string[];
}

/** Documents in the top folder that tell something. */
const DOCUMENTS = new Set([
  "hf_quant_config.json",
  "config.json",
  "generation_config.json",
  "adapter_config.json",
  "tokenizer_config.json",
  "model_index.json",
  "chat_template.jinja",
]);

/** Whether a file of this path may tell something of the model. */
export function tellsFacts(path: string): boolean {
  return DOCUMENTS.has(path) || README_NAME.test(path) || LICENSE_NAME.test(path) ||
    formatRowOf(path) !== undefined || mayBePickle(path);
}

/** A larger file is no configuration, and is not worth the memory. Bytes. */
const LARGEST_DOCUMENT = 16 * 1024 * 1024;

/** Far away a document is a read of its own, and has to leave room for the headers. Bytes. */
const LARGEST_FAR_DOCUMENT = 64 * 1024;

/** Bytes of a header that are asked for at once far away: most are shorter. */
const FAR_WINDOW = 64 * 1024;

/** Names of the files of licenses, and of READMEs, in the top folder. */
const LICENSE_NAME = /^(licen[cs]e|copying)([-_.][\w.-]*)?$/i;
const README_NAME = /^readme(\.(md|markdown|txt))?$/i;

/**
 * Reads the facts of a model from its files, the most telling ones first. Where `config.json` and
 * the weights both know a fact the configuration counts, but for the number of parameters, which the
 * weights know best; of licenses the README counts, then the weights, then the text of the license.
 *
 * What sources throw goes through; a file that is malformed is a warning.
 */
export async function readFacts(
  files: FileTree,
  options: ReadFactsOptions = {},
): Promise<FactsReport> {
  const reader = new DocumentReader(files, options);
  const quantization = await reader.json("hf_quant_config.json");
  const config = await reader.json("config.json");
  const readme = await reader.start(README_NAME, README_START);
  const headers = await readHeaderFacts(
    files.filter(({ path }) => formatRowOf(path) !== undefined),
    { ...options, window: options.isFar ? FAR_WINDOW : undefined },
  );
  const generation = await reader.json("generation_config.json");
  const known = configFacts({ ...quantization, ...config, ...generation });
  const front = await frontFacts(readme ?? "");
  const adapter = adapterFacts(await reader.json("adapter_config.json") ?? {});
  const tokenizer = await readTokenizer(reader);
  const pipeline = await reader.json("model_index.json");
  const license = front?.license ?? headers.license ??
    licenseOfText(await reader.start(LICENSE_NAME, LICENSE_START) ?? "");
  const modelClass = known.modelClass ?? textOf(pipeline?.["_class_name"]);
  const { tensors, unread, isOneModel, warnings, ...header } = headers;
  const isWhole = isOneModel && unread.length === 0 && tensors.length > 0;
  const facts: ModelFacts = {
    architecture: known.architecture ?? header.architecture,
    family: known.family ?? header.family,
    format: header.format,
    paramCount: header.paramCount ?? known.paramCount,
    paramCountIsEstimate: header.paramCountIsEstimate,
    precision: known.precision ?? header.precision,
    quantization: known.quantization ?? header.quantization,
    modelClass,
    ...firstKnown<Provenance>({ license }, front, {
      name: header.name,
      languages: header.languages,
      datasets: header.datasets,
      baseModels: header.baseModels ?? (adapter?.baseModel ? [adapter.baseModel] : undefined),
      task: modelClass && taskOfClass(modelClass),
      library: pipeline && "diffusers",
    }),
    shape: knownOnly(firstKnown<ModelShape>(known.shape, header.shape, {
      contextLength: tokenizer?.contextLength,
    })),
    adapter,
    tokenizer: knownOnly(firstKnown<TokenizerFacts>(header.tokenizer, {
      chatTemplate: tokenizer?.chatTemplate,
      tools: tokenizer?.tools,
    })),
    runsCode: await picklesIn(files, options),
    tensorCount: isWhole ? tensors.length : undefined,
    tensorBytes: isWhole ? bytesOf(tensors) : undefined,
  };
  return { facts: firstKnown(facts), tensors, unread, warnings: [...reader.warnings, ...warnings] };
}

/** What reads front matter is loaded where there is some. */
async function frontFacts(readme: string): Promise<Provenance | undefined> {
  if (frontMatter(readme) === undefined) return undefined;
  return (await import("./readme.ts")).readmeFacts(readme);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.-]{1,200}$/.test(value) ? value : undefined;
}

/** The bytes of all tensors; `undefined` where one does not tell. */
function bytesOf(tensors: readonly FileTensor[]): number | undefined {
  let sum = 0;
  for (const { bytes } of tensors) {
    if (bytes === undefined) return undefined;
    sum += bytes;
  }
  return sum;
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
  { isFar = false, signal }: ReadFactsOptions,
): Promise<readonly string[] | undefined> {
  const found = await mapConcurrent(
    files.filter(({ path }) => mayBePickle(path)),
    async ({ path, source }) => {
      const end = isFar ? 0 : Math.min(PICKLE_START, source.size);
      const start = end === 0
        ? new Uint8Array()
        : await readAll(await source.open({ range: { start: 0, end }, signal }), end);
      const isOfPyTorch = isFar && formatRowOf(path)?.format === "pytorch";
      return isOfPyTorch || isPickle(path, start) ? [path] : [];
    },
    { signal },
  );
  const paths = found.flat();
  return paths.length === 0 ? undefined : paths;
}

/** Reads the documents in the top folder of a model, as far as the budget goes. */
class DocumentReader {
  readonly warnings: string[] = [];
  readonly #files: FileTree;
  readonly #options: ReadFactsOptions;

  constructor(files: FileTree, options: ReadFactsOptions) {
    this.#files = files;
    this.#options = options;
  }

  /** The keys of a JSON document; `undefined` where there is none that can be read. */
  async json(name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const file = this.#files.find(({ path }) => path === name);
    if (file === undefined) return undefined;
    const keys = await this.#keysOf(file);
    if (typeof keys !== "string") return keys;
    this.warnings.push(`${name} tells nothing: ${keys}`);
    return undefined;
  }

  /** The first bytes of the first file of such a name, as text. */
  async start(name: RegExp, limit: number): Promise<string | undefined> {
    const file = this.#files.find(({ path }) => name.test(path));
    if (file === undefined) return undefined;
    const bytes = await this.#read(file, Math.min(limit, file.source.size));
    return bytes && decodeText(bytes);
  }

  /** The keys of a document, or why it has none. */
  async #keysOf(file: FactFile): Promise<Readonly<Record<string, unknown>> | string | undefined> {
    const { size } = file.source;
    if (size > LARGEST_DOCUMENT) return `it has more than ${LARGEST_DOCUMENT} bytes`;
    if (this.#options.isFar && size > LARGEST_FAR_DOCUMENT) return undefined;
    try {
      const bytes = await this.#read(file, size);
      if (bytes === undefined) return undefined;
      const keys = decodePythonJson(bytes, file.path);
      return isRecord(keys) ? keys : "it is no JSON object";
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      return error.cause instanceof Error ? error.cause.message : error.message;
    }
  }

  /** The first bytes of a file; `undefined` when the budget is spent. */
  async #read({ source }: FactFile, end: number): Promise<Uint8Array | undefined> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    if (end === 0) return new Uint8Array();
    try {
      return await readAll(await source.open({ range: { start: 0, end }, signal }), end);
    } catch (error) {
      if (error instanceof BudgetSpent) return undefined;
      throw error;
    }
  }
}
