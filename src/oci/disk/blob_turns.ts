/**
 * Whose turn it is to receive a blob, where several commands that share a store want it: one does,
 * the others wait, and have it then. And whose it is to write or remove the links of a folder.
 *
 * A turn is one more name of a file that its owner keeps locked as long as it writes to the store.
 * That takes 10 µs of the processor, where a lock of its own takes 60 or more, which counts where
 * there are thousands of small files. Who was killed holds no lock, so its turns are taken over.
 * @module
 */
import { digestAlgorithm, digestBytes, digestHex } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { quote } from "../../core/text.ts";
import { WORTH_A_WORKER } from "../../work/task.ts";
import type { Descriptor } from "../descriptor.ts";
import type { StoreLock } from "../store_lock.ts";

/** The turns at the blobs and folders of one store. */
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
    // Of thousands of small files the log would tell nothing else.
    const { log } = size >= WORTH_A_WORKER ? options : {};
    return await this.#take(`${digestAlgorithm(digest)}-${digestHex(digest)}`, {
      ...operationOptions(options),
      log,
      waiting: `Waiting for another command that receives ${digest}`,
    });
  }

  /**
   * Waits for the turn at the folder of a tag or of a member's link, and has it until disposed: who
   * writes links there while others remove them would find it gone. Whoever asks holds the store's
   * lock shared.
   */
  async takeFolder(folder: string, options: OperationOptions = {}): Promise<AsyncDisposable> {
    const name = digestHex(digestBytes(new TextEncoder().encode(folder)));
    return await this.#take(`folder-${name}`, {
      ...operationOptions(options),
      log: undefined,
      waiting: `Waiting for another command that writes ${quote(folder)}`,
    });
  }

  async #take(name: string, options: Waiting): Promise<AsyncDisposable> {
    const own = await this.#lock.ownFile(this.#folder);
    const turn = join(this.#folder, name);
    try {
      Deno.linkSync(own, turn);
    } catch {
      // Somebody has it or left it, or this file system knows no second names: a lock tells.
      const { lockFile } = await import("../../core/file_lock.ts");
      return await lockFile(turn, { ...options, exclusive: true, removeFile: true });
    }
    return { [Symbol.asyncDispose]: () => Promise.resolve(Deno.removeSync(turn)) };
  }
}

/** How others are waited for. */
type Waiting = OperationOptions & { readonly waiting: string };
