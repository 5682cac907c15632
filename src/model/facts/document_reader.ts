/**
 * The documents beside the weights of a model: configurations, READMEs, licenses.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { decodePythonJson, isRecord } from "../../core/json.ts";
import { decodeText } from "../../core/text.ts";
import type { FactFile, FileTree } from "./file_tree.ts";
import { readStart } from "./read_budget.ts";

/** A larger file is no configuration, and is not worth the memory. Bytes. */
const LARGEST_DOCUMENT = 16 * 1024 * 1024;

/** Far away a document is a read of its own, and has to leave room for the headers. Bytes. */
export const LARGEST_FAR_DOCUMENT = 64 * 1024;

/** How documents are read. */
export interface DocumentOptions {
  /** Whether the sources are far away: then large documents are passed over. */
  readonly isFar?: boolean;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/** Reads the documents in the top folder of a model, as far as the budget goes. */
export class DocumentReader {
  /** What could not be read, and why. */
  readonly warnings: string[] = [];
  readonly #files: FileTree;
  readonly #options: DocumentOptions;

  /** Nothing is read yet. */
  constructor(files: FileTree, options: DocumentOptions = {}) {
    this.#files = files;
    this.#options = options;
  }

  /** The keys of a JSON document; `undefined` where there is none that can be read. */
  async json(name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const value = await this.value(name);
    if (value === undefined || isRecord(value)) return value;
    this.warnings.push(`${name} tells nothing: it is no JSON object`);
    return undefined;
  }

  /**
   * What a JSON document holds; `undefined`, with a warning, where it cannot be read. Far away it
   * is passed over where it has more than `farLimit` bytes.
   */
  async value(name: string, farLimit: number = LARGEST_FAR_DOCUMENT): Promise<unknown> {
    const file = this.#files.find(({ path }) => path === name);
    if (file === undefined) return undefined;
    const { size } = file.source;
    if (this.#options.isFar && size > farLimit) return undefined;
    try {
      if (size > LARGEST_DOCUMENT) throw tooLarge(name);
      const bytes = await this.#read(file, size);
      return bytes && decodePythonJson(bytes, file.path);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      this.warnings.push(`${name} tells nothing: ${reason}`);
      return undefined;
    }
  }

  /** The first bytes of the first file of such a name, as text. */
  async start(name: RegExp, limit: number): Promise<string | undefined> {
    const file = this.#files.find(({ path }) => name.test(path));
    if (file === undefined) return undefined;
    const bytes = await this.#read(file, Math.min(limit, file.source.size));
    return bytes && decodeText(bytes);
  }

  #read({ source }: FactFile, end: number): Promise<Uint8Array | undefined> {
    return readStart(source, end, this.#options.signal);
  }
}

function tooLarge(name: string): InvalidInputError {
  return new InvalidInputError(`Cannot read ${name}`, {
    cause: new RangeError(`it has more than ${LARGEST_DOCUMENT} bytes`),
  });
}
