/** A proxy of bytes in front of a server that breaks connections at chosen places. @module */

/** What happens to a connection, once. */
export interface ConnectionFault {
  /** Which way bytes go, as the client sees it. */
  readonly direction: "sending" | "receiving";
  /** Bytes that pass that way before. */
  readonly after: number;
  /** The connection is closed, or nothing more passes until the client goes away. */
  readonly ending: "cut" | "stall";
  /** Called when it happens. */
  readonly onEnding?: () => void;
}

/** A proxy that runs until it is disposed. */
export interface CuttingProxy extends AsyncDisposable {
  /** Host and port that it listens on. */
  readonly address: string;
}

/**
 * Stands in front of a server, given as host and port; `next` tells what befalls each connection.
 */
export function startCuttingProxy(
  target: string,
  next: () => ConnectionFault | undefined,
): CuttingProxy {
  const [hostname = "", port = ""] = target.split(":");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Disposable>();
  const accepting = (async () => {
    for await (const client of listener) {
      const fault = next();
      const server = await Deno.connect({ hostname, port: Number(port) });
      open.add(client).add(server);
      const carry = (from: Deno.Conn, to: Deno.Conn, direction: ConnectionFault["direction"]) =>
        carryBytes(from, to, fault?.direction === direction ? fault : undefined);
      Promise.race([carry(client, server, "sending"), carry(server, client, "receiving")])
        .finally(() => {
          for (const each of [client, server]) close(each, open);
        });
    }
  })();
  return {
    address: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const each of open) close(each, open);
    },
  };
}

/** Carries bytes until there are no more, or the fault is there. */
async function carryBytes(
  from: Deno.Conn,
  to: Deno.Conn,
  fault: ConnectionFault | undefined,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let left = fault?.after ?? Infinity;
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) return;
      let written = 0;
      const allowed = Math.min(count, left);
      while (written < allowed) written += await to.write(buffer.subarray(written, allowed));
      left -= allowed;
      if (left > 0) continue;
      fault?.onEnding?.();
      if (fault?.ending === "cut") return;
      // What comes is read, so that it is noticed when the other end goes away.
      while (await from.read(buffer) !== null);
      return;
    }
  } catch {
    // The other end went away: so does this one.
  }
}

function close(connection: Disposable, open: Set<Disposable>): void {
  open.delete(connection);
  try {
    connection[Symbol.dispose]();
  } catch {
    // It is closed already.
  }
}
