/**
 * Facts of a folder, and what a Modelfile and a configuration say with them.
 * @module
 */
import { type FileSource, fileSource } from "../../core/content/file_source.ts";
import type { BlobSource, OpenOptions } from "../../core/content/source.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { ModelCapabilities, ModelDescriptor } from "../config.ts";
import type { ModelfileValues } from "../modelfile/values.ts";
import { publicUrl } from "../source/public_url.ts";
import type { ModelFacts } from "./facts.ts";
import { formatParamSize } from "./param_size.ts";
import { type FactsReport, readFacts } from "./read_facts.ts";
import { modalitiesOf } from "./tasks.ts";

/** A file of a workspace. */
export interface KnownFile {
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Path to read it from. */
  readonly absolute: string;
  /** Size in bytes. */
  readonly size: number;
}

/** A file that is opened when it is read; there may be a hundred thousand, so none has closures. */
class LateFile implements BlobSource {
  readonly isLocal = true;
  readonly size: number;
  readonly #file: KnownFile;

  constructor(file: KnownFile) {
    this.size = file.size;
    this.#file = file;
  }

  async open(options?: OpenOptions): Promise<ReadableStream<Uint8Array>> {
    return await (await this.#source()).open(options);
  }

  async read(options?: OpenOptions): Promise<Uint8Array<ArrayBuffer>> {
    return await (await this.#source()).read(options);
  }

  #source(): Promise<FileSource> {
    return fileSource(this.#file.absolute, { shownPath: this.#file.path });
  }
}

/** The facts of files in a folder; each is opened when it is read. */
export async function localFacts(
  files: readonly KnownFile[],
  options: OperationOptions = {},
): Promise<FactsReport> {
  const named = files.map((file) => ({ path: file.path, source: new LateFile(file) }));
  return await readFacts(named, options);
}

/** The facts that a Modelfile has a line for: those without control characters. */
export function modelfileValues(facts: ModelFacts): ModelfileValues {
  const { paramCount } = facts;
  const values: ModelfileValues = {
    arch: facts.architecture,
    family: facts.family,
    format: facts.format,
    paramSize: paramCount === undefined ? undefined : formatParamSize(paramCount),
    precision: facts.precision,
    quantization: facts.quantization,
  };
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && !/\p{Cc}/u.test(value)),
  );
}

/** The facts that a configuration has a place for and a Modelfile no line. */
export function describedFacts(
  facts: ModelFacts,
): {
  readonly descriptor: Pick<ModelDescriptor, "licenses" | "datasetsURL">;
  readonly capabilities: ModelCapabilities;
} {
  const modalities = facts.task === undefined ? undefined : modalitiesOf(facts.task);
  return {
    descriptor: {
      licenses: facts.license === undefined ? undefined : [facts.license],
      datasetsURL: facts.datasets?.map(datasetUrl),
    },
    capabilities: {
      ...modalities,
      toolUsage: facts.tokenizer?.tools || undefined,
      // The specification has codes of two letters only.
      languages: facts.languages?.filter((language) => /^[a-z]{2}$/.test(language)),
    },
  };
}

/** Where a data set is, as anyone may read it: hubs name theirs without an address. */
function datasetUrl(name: string): string {
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(name);
  return publicUrl(isUrl ? name : `https://huggingface.co/datasets/${name}`);
}
