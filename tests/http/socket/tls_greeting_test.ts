import assert from "node:assert/strict";
import { answersWithTls } from "../../../src/http/socket/tls_greeting.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { e2eTest } from "../../support/registry.ts";
import { tempFolder } from "../../support/temp.ts";

/** What a server that does `serve` with its first connection turns out to speak. */
async function found(
  serve: (conn: Deno.Conn) => Promise<unknown>,
  signal = new AbortController().signal,
): Promise<boolean | undefined> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = listener.accept().then(async (conn) => {
    using _conn = conn;
    await serve(conn);
  });
  try {
    return await answersWithTls(new URL(`https://127.0.0.1:${listener.addr.port}/v2/`), signal);
  } finally {
    await served;
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);

e2eTest(
  "a server of TLS is known by the answer to a greeting",
  { needs: ["openssl"] },
  async () => {
    await using temp = await tempFolder();
    const { server } = await makeCertificates(temp.path);
    await using running = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(server.certFile),
      key: await Deno.readTextFile(server.keyFile),
      onListen: () => {},
    }, () => new Response("hello"));
    const url = new URL(`https://127.0.0.1:${running.addr.port}/`);
    assert.equal(await answersWithTls(url, new AbortController().signal), true);
  },
);

Deno.test("a server of HTTP is known by its answer to a greeting of TLS", async () => {
  await using running = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("hello"),
  );
  const url = new URL(`https://127.0.0.1:${running.addr.port}/`);
  assert.equal(await answersWithTls(url, new AbortController().signal), false);
});

Deno.test("an alert is an answer of TLS; text and a frame of HTTP/2 are none", async () => {
  const answering = (answer: Uint8Array) => (conn: Deno.Conn) => conn.write(answer);
  assert.equal(await found(answering(bytes(0x15, 3, 3, 0, 2, 2, 70))), true);
  assert.equal(await found(answering(new TextEncoder().encode("HTTP/1.1 400 Bad Request"))), false);
  assert.equal(await found(answering(bytes(0, 0, 18, 4, 0))), false);
  // Who hangs up says nothing of either.
  assert.equal(await found((conn) => conn.read(new Uint8Array(1024))), undefined);
});

Deno.test("a server that reads whole lines finds the end of one in the greeting", async () => {
  const isHttp = await found(async (conn) => {
    const line = new Uint8Array(1024);
    for (let count = 0; !line.includes(0x0a);) {
      count += await conn.read(line.subarray(count)) ?? assert.fail("no line came");
    }
    await conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  assert.equal(isHttp, false);
});

Deno.test("a greeting that nobody answers is stopped by its signal", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const waiting = found(async (conn) => {
    await conn.read(new Uint8Array(1024));
    stop.abort(reason);
    // Until the other side is gone.
    while (await conn.read(new Uint8Array(1024)).catch(() => null) !== null);
  }, stop.signal);
  await assert.rejects(waiting, (error) => error === reason);
});
