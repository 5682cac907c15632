/** A proxy of bytes that knows nothing of what it carries, TLS or not, and counts it. @module */

/** Which way bytes go, as the client sees it. */
export type Direction = "receiving" | "sending";

/** A proxy that runs until it is disposed. */
export interface CountingProxy extends AsyncDisposable {
  /** Host and port that it listens on. */
  readonly address: string;
  /** Bytes handed on so far. */
  readonly carried: Readonly<Record<Direction, number>>;
  /** Waits until so many bytes more have gone one way. */
  pass(direction: Direction, bytes: number): Promise<void>;
}

/** Stands in front of a server, given as host and port. */
export function startCountingProxy(target: string): CountingProxy {
  const [hostname = "", port = ""] = target.split(":");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const carried = { receiving: 0, sending: 0 };
  const waiting = new Set<() => void>();
  const open = new Set<Deno.Conn>();

  const carry = async (from: Deno.Conn, to: Deno.Conn, direction: Direction): Promise<void> => {
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        carried[direction] += chunk.byteLength;
        waiting.forEach((look) => look());
      },
    });
    await from.readable.pipeThrough(count).pipeTo(to.writable);
  };
  const connect = async (client: Deno.Conn): Promise<void> => {
    const server = await Deno.connect({ hostname, port: Number(port) });
    const pair = [client, server];
    pair.forEach((each) => open.add(each));
    // A program that is killed breaks its connections: that ends both ways, and is no failure here.
    await Promise.race([carry(client, server, "sending"), carry(server, client, "receiving")])
      .catch(ignoreBroken);
    pair.forEach((each) => closeQuietly(each, open));
  };
  const accepting = (async () => {
    for await (const client of listener) connect(client).catch(() => closeQuietly(client, open));
  })();

  return {
    address: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    carried,
    pass(direction, bytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const goal = carried[direction] + bytes;
      const look = () => {
        if (carried[direction] < goal) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const each of open) closeQuietly(each, open);
    },
  };
}

function ignoreBroken(): void {}

function closeQuietly(connection: Deno.Conn, open: Set<Deno.Conn>): void {
  open.delete(connection);
  try {
    connection.close();
  } catch {
    // The stream that failed or ended has closed it.
  }
}
