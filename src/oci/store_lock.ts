/**
 * The lock that keeps prune away from running builds and pulls.
 *
 * Every command that adds content holds it shared; prune holds it alone. It is an advisory lock of
 * the operating system on a file, which vanishes with the process that holds it: there is no stale
 * lock to clean up after a crash, and no clock to trust.
 * @module
 */
import { dirname, join } from "../core/runtime/path.ts";
import { ConflictError } from "../core/errors.ts";
import { isUnwritable } from "../core/file_errors.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { quote } from "../core/text.ts";

/** How long to wait for others. */
export interface LockOptions extends OperationOptions {
  /** Milliseconds to wait for the lock; 30 seconds when absent. */
  readonly timeout?: number;
}

/** The lock of the writers of one process. */
interface Shared {
  readonly lock: AsyncDisposable;
  /** How many they are. */
  count: number;
  /** A file that they keep locked, once one of them wanted it. */
  own?: Promise<OwnFile>;
}

/** A file that this process alone has locked. */
interface OwnFile {
  readonly path: string;
  readonly lock: AsyncDisposable;
}

/** A lock on a store, shared among the writers of this process and of others. */
export class StoreLock {
  readonly #path: string;
  /** The shared lock of the writers of this object. */
  #shared: Shared | undefined;

  /** Names the lock file; it is made when first locked. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Waits while somebody prunes, then holds prune off until disposed.
   * @throws {ConflictError} when somebody still prunes after the timeout.
   */
  async shared(options: LockOptions = {}): Promise<AsyncDisposable> {
    // Each waits for itself, with a signal of its own. Whoever comes while it is held joins, since
    // thousands of small files would lock and unlock as often.
    const own: Shared = this.#shared ?? { lock: await this.#acquire(false, options), count: 0 };
    // Several may have waited at once. All hold the lock of the first, which lasts until the last.
    const held = this.#shared ??= own;
    held.count++;
    if (own !== held) await own.lock[Symbol.asyncDispose]();
    return {
      [Symbol.asyncDispose]: async () => {
        if (--held.count > 0) return;
        if (this.#shared === held) this.#shared = undefined;
        await using _lock = held.lock;
        await (await held.own)?.lock[Symbol.asyncDispose]();
      },
    };
  }

  /**
   * A file in a folder that this process keeps locked as long as it has writers, one of which the
   * caller is: whoever can lock it knows that they are gone.
   * @returns its path.
   */
  async ownFile(folder: string): Promise<string> {
    const held = this.#shared;
    if (held === undefined) throw new Error("Nobody of this process writes to the store");
    const own = held.own ??= lockOwnFile(join(folder, crypto.randomUUID()));
    try {
      return (await own).path;
    } catch (error) {
      held.own = undefined;
      throw error;
    }
  }

  /**
   * {@linkcode shared} for who only reads: where nothing may be written there is no lock, as a
   * store that is mounted for reading has none.
   */
  async reading(options: LockOptions = {}): Promise<AsyncDisposable> {
    try {
      return await this.shared(options);
    } catch (error) {
      if (!isUnwritable(error)) throw error;
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    }
  }

  /**
   * Waits until nobody adds content, then keeps everybody out until disposed.
   * @throws {ConflictError} when others still hold the lock after the timeout.
   */
  async exclusive(options: LockOptions = {}): Promise<AsyncDisposable> {
    return await this.#acquire(true, options);
  }

  async #acquire(exclusive: boolean, options: LockOptions): Promise<AsyncDisposable> {
    const path = dirname(this.#path);
    const [action, others, end] = exclusive
      ? ["prune", "adding content to it", "builds and pulls have finished"]
      : ["write to", "pruning it", "pruning has finished"];
    const { lockFile } = await import("../core/file_lock.ts");
    return await lockFile(this.#path, {
      ...operationOptions(options),
      exclusive,
      timeout: options.timeout ?? 30_000,
      waiting: "Waiting for another command that uses the store",
      busy: () =>
        new ConflictError(`Cannot ${action} ${quote(path)}: another command is ${others}`, {
          path,
          remedy: `run the command again when ${end}`,
        }),
    });
  }
}

async function lockOwnFile(path: string): Promise<OwnFile> {
  const waiting = "Waiting for a name that nobody else has";
  const { lockFile } = await import("../core/file_lock.ts");
  return { path, lock: await lockFile(path, { exclusive: true, removeFile: true, waiting }) };
}
