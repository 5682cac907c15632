/**
 * Workers of the web, as threads of Node.
 * @module
 */
import type { TransferListItem, Worker as Thread } from "node:worker_threads";
import { getBuiltinModule } from "./builtins.ts";

/** A thread that runs a module. */
export class Worker {
  readonly #thread: Thread;
  /** Told of each message. */
  onmessage: ((event: { readonly data: unknown }) => void) | undefined;
  /** Told of the error that ended the thread. */
  onerror: ((event: { readonly message: string; preventDefault(): void }) => void) | undefined;

  constructor(url: URL) {
    this.#thread = new (getBuiltinModule("node:worker_threads").Worker)(url);
    this.#thread.on("message", (data) => this.onmessage?.({ data }));
    this.#thread.on("error", ({ message }) => this.onerror?.({ message, preventDefault() {} }));
  }

  postMessage(message: unknown, transfer: readonly Transferable[] = []): void {
    this.#thread.postMessage(message, transfer as readonly unknown[] as TransferListItem[]);
  }

  terminate(): void {
    // Resolves when the thread is gone; nobody waits for that.
    this.#thread.terminate().catch(() => undefined);
  }
}
