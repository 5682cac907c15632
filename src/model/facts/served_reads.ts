/**
 * Bounds on what is read of the files of a model for somebody who asks a server, while others wait.
 * @module
 */
import { NotFoundError } from "../../core/errors.ts";
import { pause } from "../../core/retry.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { BudgetSpent, ReadBudget, type Reads } from "./read_budget.ts";

/** What is read of all files of a model. */
const LIMITS = { requests: 1024, bytes: 16 * 1024 * 1024 };

/** Bytes that are read, and parsed, in one piece: that takes no longer than others may wait. */
const AT_ONCE = 1024 * 1024;

/** Milliseconds of work after which others come first, and the longest that they are given. */
const WORTH_A_REST = 5;
const LONGEST_REST = 100;

/**
 * Reads of one request. Large documents are left out, and so is content that is not here; before a
 * read others have as much time as the work since the one before took.
 */
export class ServedReads implements Reads {
  readonly most = 2000;
  readonly #budget = new ReadBudget(LIMITS);
  #since: number | undefined;

  /** The source as far as it is read: `open` throws {@linkcode BudgetSpent} for the rest. */
  limit(source: BlobSource): BlobSource {
    const limited = this.#budget.limit(source);
    return {
      size: source.size,
      isLocal: source.isLocal,
      open: async (options = {}) => {
        await giveWay();
        const { start = 0, end = source.size } = options.range ?? {};
        if (end - start > AT_ONCE) throw new BudgetSpent();
        await this.#rest(options.signal);
        try {
          return await limited.open(options);
        } catch (error) {
          if (error instanceof NotFoundError) throw new BudgetSpent();
          throw error;
        } finally {
          this.#since = performance.now();
        }
      },
    };
  }

  async #rest(signal?: AbortSignal): Promise<void> {
    const worked = performance.now() - (this.#since ?? Infinity);
    if (worked > WORTH_A_REST) await pause(Math.min(worked, LONGEST_REST), {}, signal);
  }
}
