/** The socket on which a service manager listens; what comes in is kept in its order. @module */

/** A service manager as what it starts sees it. */
export interface FakeServiceManager extends AsyncDisposable {
  /** The next datagram, as its lines. */
  next(): Promise<string[]>;
}

/** Listens on a path, or on a name without a file that begins with `@`. */
export function listenAsServiceManager(socket: string): FakeServiceManager {
  const path = socket.replace(/^@/, "\0");
  const own = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    async next() {
      const [bytes] = await own.receive();
      return new TextDecoder().decode(bytes).split("\n");
    },
    async [Symbol.asyncDispose]() {
      own.close();
      if (socket === path) await Deno.remove(path);
    },
  };
}
