/** A slow line: a proxy of bytes that holds them back until it is told to let them pass. @module */

/** A line to a server. */
export interface Gate extends AsyncDisposable {
  /** Host and port for the client. */
  readonly address: string;
  /** Bytes that were passed on to the server, on all connections together. */
  readonly passed: number;
  /** Settles when the bytes up to the limit have been passed on. */
  readonly reached: Promise<void>;
  /** Lets everything pass from now on. */
  release(): void;
}

/** Opens a line to a port of this machine that passes so many bytes on, and no more. */
export function openGate(port: number, limit: number): Gate {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const open = new Set<Deno.Conn>();
  let passed = 0;
  async function pump(from: Deno.Conn, to: Deno.Conn, up: boolean): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
        if (!up) continue;
        passed += count;
        if (passed < limit) continue;
        reached.resolve();
        await released.promise;
      }
    } catch {
      // Either end has left, or the test is over: the other end hears of it.
    } finally {
      for (const conn of [from, to]) {
        if (open.delete(conn)) conn.close();
      }
    }
  }
  async function serve(conn: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (server === undefined) return conn.close();
    for (const each of [conn, server]) open.add(each);
    await Promise.all([pump(conn, server, true), pump(server, conn, false)]);
  }
  const running = (async () => {
    const lines: Promise<void>[] = [];
    for await (const conn of listener) lines.push(serve(conn));
    await Promise.all(lines);
  })();
  return {
    address: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    get passed() {
      return passed;
    },
    reached: reached.promise,
    release: () => released.resolve(),
    async [Symbol.asyncDispose]() {
      released.resolve();
      listener.close();
      for (const conn of open) conn.close();
      open.clear();
      await running;
    },
  };
}
