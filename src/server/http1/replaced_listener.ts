/**
 * A listener in whose place another one is put on the same port, while a server takes connections
 * from it: no runtime lets the certificate of a listener be changed.
 * @module
 */
import type { Listener } from "./server.ts";

/** Takes connections from the listener that there is; where there is none, from the next one. */
export class ReplacedListener implements Listener {
  #current: Listener | undefined;
  #isClosed = false;
  /** Resolves when there is a listener again, or never will be. */
  #opened = Promise.withResolvers<void>();
  /** The end of the wait for a connection, whatever it is. */
  #waiting: Promise<unknown> = Promise.resolve();

  /** Takes connections from `first` until it is replaced. */
  constructor(first: Listener) {
    this.#current = first;
  }

  /** The next connection. */
  async accept(): Promise<Deno.Conn> {
    for (;;) {
      if (this.#isClosed) throw new Deno.errors.BadResource("The listener is closed");
      const listener = this.#current;
      if (listener === undefined) {
        await this.#opened.promise;
        continue;
      }
      const next = listener.accept();
      this.#waiting = next.catch(() => {});
      try {
        return await next;
      } catch (error) {
        if (listener === this.#current) throw error;
      }
    }
  }

  /**
   * Puts another listener in place of the one that there is, which is closed first. The system
   * refuses clients that come in between; connections that were taken go on. Nothing comes in place
   * of a closed one.
   * @throws what `open` throws; nobody listens until this is called again.
   */
  async replace(open: () => Promise<Listener>): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#current;
    if (before !== undefined) {
      this.#current = undefined;
      this.#opened = Promise.withResolvers();
      before.close();
      // The port is free when nobody waits at it any more.
      await this.#waiting;
    }
    const after = await open();
    if (this.#isClosed) return after.close();
    this.#current = after;
    this.#opened.resolve();
  }

  /** Takes no more connections. */
  close(): void {
    this.#isClosed = true;
    this.#current?.close();
    this.#opened.resolve();
  }
}
