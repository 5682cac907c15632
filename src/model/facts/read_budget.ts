/**
 * A bound on what is read of files that are far away.
 * @module
 */
import type { BlobSource } from "../../core/content/source.ts";
import { readSource } from "../../core/content/read_source.ts";

/** Says that a read was not made, because the budget does not allow it. */
export class BudgetSpent extends Error {
  /** The read would have been one too many, or one too large. */
  constructor() {
    super("the budget of reads is spent");
    this.name = "BudgetSpent";
  }
}

/** How much may be read of a model. */
export interface ReadLimits {
  /** Reads, each of which is a request to a registry. */
  readonly requests: number;
  /** Bytes of all reads together. */
  readonly bytes: number;
}

/** A bound on the reads of several sources together. */
export interface Reads {
  /** The most files that are looked at; all when absent. */
  readonly most?: number;
  /** The source as far as it may be read: `open` throws {@linkcode BudgetSpent} behind that. */
  limit(source: BlobSource): BlobSource;
}

/** Counts the reads of several sources against one limit. */
export class ReadBudget implements Reads {
  #requests: number;
  #bytes: number;

  /** Nothing is read yet. */
  constructor({ requests, bytes }: ReadLimits) {
    this.#requests = requests;
    this.#bytes = bytes;
  }

  /** Reads that may still be made. */
  get requestsLeft(): number {
    return this.#requests;
  }

  /** The source as far as the budget goes: `open` throws {@linkcode BudgetSpent} behind that. */
  limit(source: BlobSource): BlobSource {
    return {
      size: source.size,
      isLocal: source.isLocal,
      open: (options = {}) => {
        const { start = 0, end = source.size } = options.range ?? {};
        this.#take(end - start);
        return source.open(options);
      },
    };
  }

  #take(bytes: number): void {
    if (this.#requests < 1 || this.#bytes < bytes) throw new BudgetSpent();
    this.#requests--;
    this.#bytes -= bytes;
  }
}

/** The first bytes of a source, `end` at most; `undefined` when the budget does not allow it. */
export async function readStart(
  source: BlobSource,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  signal?.throwIfAborted();
  const range = { start: 0, end: Math.min(end, source.size) };
  if (range.end === 0) return new Uint8Array();
  try {
    return await readSource(source, { range, signal });
  } catch (error) {
    if (error instanceof BudgetSpent) return undefined;
    throw error;
  }
}
