/** One connection over a line that is always ready: no socket makes it wait. */
import assert from "node:assert/strict";
import { Connection, type ConnectionHost } from "../../../src/server/http1/connection.ts";
import { DEFAULT_PATIENCE } from "../../../src/server/http1/patience.ts";

const REQUEST = new TextEncoder().encode("GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n");

/** A client that has sent requests without end, and takes any answer. */
class EndlessClient {
  readonly remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  taken = 0;
  answers = 0;
  isClosed = false;

  /** Fills the buffer with requests, from where the last one stopped. */
  read(into: Uint8Array): Promise<number> {
    for (let at = 0; at < into.byteLength; at++) {
      into[at] = REQUEST[(this.taken + at) % REQUEST.byteLength]!;
    }
    this.taken += into.byteLength;
    return Promise.resolve(into.byteLength);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.answers++;
    return Promise.resolve(bytes.byteLength);
  }

  close(): void {
    this.isClosed = true;
  }
}

function connectionOf(client: EndlessClient, host: Partial<ConnectionHost> = {}): Connection {
  return new Connection(client as unknown as Deno.Conn, {
    handler: () => new Response("ok", { headers: { "content-length": "2" } }),
    patience: DEFAULT_PATIENCE,
    scheme: "http",
    isStopping: () => false,
    failed: (error) => assert.fail(`${error}`),
    ...host,
  });
}

Deno.test("requests that come before their turn are left with the system", async () => {
  const client = new EndlessClient();
  let most = 0;
  const connection = connectionOf(client, {
    answered: () => {
      most = Math.max(most, client.taken - client.answers * REQUEST.byteLength);
      if (client.answers === 500) connection.close();
    },
  });
  await connection.run();
  assert.ok(client.answers >= 500);
  assert.ok(most <= 8 * 1024, `${most} bytes were kept`);
});

Deno.test("who never lets the server wait leaves others their turn", async () => {
  const clients = Array.from({ length: 20 }, () => new EndlessClient());
  const connections = clients.map((client) => connectionOf(client));
  const running = connections.map((connection) => connection.run());
  // Each needs the thread once; a thread that is never idle would not come to any of them.
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
  connections.forEach((connection) => connection.close());
  await Promise.all(running);
  assert.ok(clients.every(({ answers }) => answers > 0), "all are answered meanwhile");
});
