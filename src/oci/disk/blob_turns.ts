/**
 * Whose turn it is to receive a blob, where several commands that share a store want it: one does,
 * the others wait, and have it then.
 *
 * A turn is one more name of a file that its owner keeps locked as long as it writes to the store.
 * That takes 10 µs of the processor, where a lock of its own takes 60 or more, which counts where
 * there are thousands of small files. Who was killed holds no lock, so its turns are taken over.
 * @module
 */
import { type Digest, digestAlgorithm, digestHex } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { WORTH_A_WORKER } from "../../work/task.ts";
import type { Descriptor } from "../descriptor.ts";
import type { StoreLock } from "../store_lock.ts";

/** The turns at the blobs of one store. */
export class BlobTurns {
  readonly #folder: string;
  readonly #lock: StoreLock;

  /** Names the folder of the turns; nothing is made before the first is taken. */
  constructor(folder: string, lock: StoreLock) {
    this.#folder = folder;
    this.#lock = lock;
  }

  /**
   * Waits for the turn at a blob, and has it until disposed. Whoever asks holds the store's lock
   * shared, and looks for the blob then: who had the turn before may have brought it.
   */
  async take(
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    options: OperationOptions = {},
  ): Promise<AsyncDisposable> {
    const own = await this.#lock.ownFile(this.#folder);
    const turn = join(this.#folder, `${digestAlgorithm(digest)}-${digestHex(digest)}`);
    try {
      Deno.linkSync(own, turn);
    } catch {
      // Somebody has it or left it, or this file system knows no second names: a lock tells.
      return await this.#wait(turn, digest, size, options);
    }
    return { [Symbol.asyncDispose]: () => Promise.resolve(Deno.removeSync(turn)) };
  }

  async #wait(
    turn: string,
    digest: Digest,
    size: number,
    options: OperationOptions,
  ): Promise<AsyncDisposable> {
    // Of thousands of small files the log would tell nothing else.
    const { log } = size >= WORTH_A_WORKER ? options : {};
    const { lockFile } = await import("../../core/file_lock.ts");
    return await lockFile(turn, {
      ...operationOptions(options),
      log,
      exclusive: true,
      removeFile: true,
      waiting: `Waiting for another command that receives ${digest}`,
    });
  }
}
