/** Servers that answer early, or late, and hang up: no event of a socket may end the program. */
import assert from "node:assert/strict";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { isAbort } from "../../src/core/errors.ts";
import { TransientError } from "../../src/core/retry.ts";
import { discard } from "../../src/http/bodies.ts";
import { explainFault } from "../../src/http/faults.ts";
import { createTransport } from "../../src/http/transport.ts";
import { makeSelfSigned } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const BODY = 9_000_000;

const answer = (status: number, more = "") =>
  `HTTP/1.1 ${status} No\r\nContent-Type: text/html\r\nContent-Length: 5\r\n${more}\r\nlarge`;

/** What a server writes when it has read `after` bytes, before it closes the connection. */
const HANG_UPS: Readonly<Record<string, { readonly after: number; readonly text: string }>> = {
  "413 at once": { after: 1, text: answer(413, "Connection: close\r\n") },
  "401 at once": { after: 1, text: answer(401) },
  "403 in the middle": { after: BODY / 2, text: answer(403) },
  "507 in the middle": { after: BODY / 2, text: answer(507, "Connection: close\r\n") },
  "201 at once": { after: 1, text: answer(201) },
  "nothing at once": { after: 1, text: "" },
  "nothing in the middle": { after: BODY / 2, text: "" },
  "half a status line": { after: 1, text: "HTTP/1.1 41" },
  "half of the headers": { after: 1000, text: "HTTP/1.1 413 No\r\nContent-Le" },
  "half of the answer": {
    after: 1000,
    text: "HTTP/1.1 413 No\r\nContent-Length: 100000\r\n\r\nlarge",
  },
  "a part of a long answer": {
    after: 1000,
    text: `HTTP/1.1 413 No\r\nContent-Length: 4000000\r\n\r\n${"x".repeat(3_000_000)}`,
  },
  "half a chunk": {
    after: 1000,
    text: "HTTP/1.1 413 No\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nlarge",
  },
  "an answer twice": { after: 1000, text: answer(413) + answer(403) },
  "100 and then nothing": { after: 1000, text: "HTTP/1.1 100 Continue\r\n\r\n" },
  "no HTTP": { after: 1000, text: "SSH-2.0-OpenSSH_9.6\r\n" },
};

/** A server on a free port that hangs up as told; data that it did not read become a reset. */
function hangingUp(
  { after, text }: { readonly after: number; readonly text: string },
  tls?: { readonly cert: string; readonly key: string },
) {
  const address = { hostname: "127.0.0.1", port: 0 };
  const listener = tls ? Deno.listenTls({ ...address, ...tls }) : Deno.listen(address);
  const serve = async (connection: Deno.Conn) => {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let read = 0; read < after;) {
        const count = await connection.read(buffer);
        if (count === null) break;
        read += count;
      }
      await connection.write(new TextEncoder().encode(text));
    } catch {
      // The client was faster to go.
    }
    connection.close();
  };
  const accepting = (async () => {
    for await (const connection of listener) await serve(connection);
  })();
  return {
    url: `http${tls ? "s" : ""}://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/upload`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

function body(): ReadableStream<Uint8Array> {
  let left = BODY;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = new Uint8Array(Math.min(left, 1024 * 1024));
      left -= chunk.byteLength;
      controller.enqueue(chunk);
    },
  });
}

/** How the answer is treated. */
const READERS: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
  reads: (response) => response.text(),
  discards: discard,
  "reads a little": async ({ body }) => {
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
  },
  "gives up while it reads": async ({ body }) => {
    const reader = body?.getReader();
    const reading = reader?.read();
    await reader?.cancel();
    await reading;
  },
  leaves: () => Promise.resolve(),
};

for (const [what, hangUp] of Object.entries(HANG_UPS)) {
  for (const way of ["a socket", "a proxy"]) {
    Deno.test(`a server that hangs up after ${what} gives an answer or a fault, by ${way}`, async () => {
      await using server = hangingUp(hangUp);
      const tries = Object.entries(READERS).flatMap((reader) => Array(4).fill(reader));
      await mapConcurrent(tries, async ([, read]) => {
        const proxy = way === "a proxy" ? server.url : undefined;
        using transport = createTransport({ proxy, stallTime: 10_000 });
        try {
          const headers = { "Content-Length": String(BODY) };
          const request = new Request(server.url, { method: "PUT", headers, body: body() });
          await read(await transport.send(request));
        } catch (error) {
          assert.ok(!isAbort(error), String(error));
          const { reason } = explainFault(error);
          assert.notEqual(reason, "");
        }
      }, { concurrency: 4 });
    });
  }
}

e2eTest(
  "what a server says before it hangs up is heard where certificates are not checked",
  { needs: ["openssl"] },
  async () => {
    await using folder = await tempFolder();
    const { certFile, keyFile } = await makeSelfSigned(folder.path, "server");
    const tls = { cert: await Deno.readTextFile(certFile), key: await Deno.readTextFile(keyFile) };
    for (const [what, status] of [["413 at once", 413], ["403 in the middle", 403]] as const) {
      await using server = hangingUp(HANG_UPS[what]!, tls);
      for (let tries = 0; tries < 5; tries++) {
        using transport = createTransport({ insecure: true, stallTime: 10_000 });
        const headers = { "Content-Length": String(BODY) };
        const request = new Request(server.url, { method: "PUT", headers, body: body() });
        const response = await transport.send(request);
        assert.deepEqual([response.status, await response.text()], [status, "large"]);
      }
    }
  },
);

Deno.test("a server that takes a body and does not answer is lost after the configured time", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.readable.pipeTo(new WritableStream()).catch(() => undefined);
    }
  })();
  using transport = createTransport({ stallTime: 30 });
  const url = `http://127.0.0.1:${listener.addr.port}/upload`;
  const request = new Request(url, {
    method: "PUT",
    headers: { "Content-Length": "4" },
    body: new Blob(["body"]).stream(),
  });
  await assert.rejects(transport.send(request), TransientError);
  listener.close();
  await accepting;
});
