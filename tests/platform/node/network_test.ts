/** Connections of the Node form, with those of Deno itself at the other end. */
import assert from "node:assert/strict";
import { Deno as Node } from "../../../src/platform/node/deno.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { tempFolder } from "../../support/temp.ts";

type Network = Pick<typeof Deno, "connect" | "listen" | "listenTls" | "startTls">;

const NODE = Node as unknown as Network;

/** Who listens and who connects. */
const PAIRS: Readonly<Record<string, readonly [server: Network, client: Network]>> = {
  "the Node form listens": [NODE, Deno],
  "the Node form connects": [Deno, NODE],
};

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** More than waits anywhere on the way. */
const MUCH = Uint8Array.from({ length: 8 * 1024 * 1024 }, (_, index) => index * 7 + (index >> 9));

/** Writes all, says that there is no more, and reads what comes until the other side says so. */
async function exchange(conn: Deno.Conn, bytes: Uint8Array): Promise<Uint8Array> {
  const writing = (async () => {
    for (let sent = 0; sent < bytes.byteLength;) sent += await conn.write(bytes.subarray(sent));
    await conn.closeWrite();
  })();
  const into = new Uint8Array(64 * 1024);
  let size = 0;
  const whole = new Uint8Array(MUCH.byteLength);
  for (let count; (count = await conn.read(into)) !== null; size += count) {
    whole.set(into.subarray(0, count), size);
  }
  await writing;
  return whole.subarray(0, size);
}

for (const [what, [server, client]] of Object.entries(PAIRS)) {
  Deno.test(`${what}: both sides send and end as they like`, async () => {
    using listener = await server.listen(LOOPBACK);
    const { port } = listener.addr as Deno.NetAddr;
    const [there, here] = await Promise.all([
      listener.accept(),
      client.connect({ ...LOOPBACK, port }),
    ]);
    const answer = new TextEncoder().encode("done");
    const got = await Promise.all([exchange(here, MUCH), exchange(there, answer)]);
    assert.deepEqual(got, [answer, MUCH]);
    assert.equal((there.remoteAddr as Deno.NetAddr).port, (here.localAddr as Deno.NetAddr).port);
    here.close();
    there.close();
  });
}

// The other way round Deno does not tell Node's server that a client has ended: `npm_test.ts` has
// that server on Node.
Deno.test("the Node form connects: TLS, with an authority of its own", async () => {
  await using folder = await tempFolder();
  const { caFile, server: { certFile, keyFile } } = await makeCertificates(folder.path);
  const [cert, key, authority] = await Promise.all(
    [certFile, keyFile, caFile].map((path) => Deno.readTextFile(path)),
  );
  const alpnProtocols = ["http/1.1"];
  using listener = Deno.listenTls({ ...LOOPBACK, cert: cert!, key: key!, alpnProtocols });
  const { port } = listener.addr as Deno.NetAddr;
  const secured = async (caCerts: string[]) => {
    const conn = await NODE.connect({ ...LOOPBACK, port });
    const tls = await NODE.startTls(conn, { hostname: "127.0.0.1", caCerts, alpnProtocols });
    await tls.handshake();
    return tls;
  };
  const accepted = listener.accept();
  const [here, there] = await Promise.all([secured([authority!]), accepted]);
  const got = await Promise.all([exchange(here, MUCH), exchange(there, MUCH.subarray(0, 5))]);
  assert.deepEqual(got, [MUCH.subarray(0, 5), MUCH]);
  here.close();
  there.close();
});

Deno.test("the Node form: failures have Deno's classes, whoever has closed what", async () => {
  const listener = await NODE.listen(LOOPBACK);
  const { port } = listener.addr as Deno.NetAddr;
  await assert.rejects(async () => await NODE.listen({ ...LOOPBACK, port }), Node.errors.AddrInUse);

  const [there, here] = await Promise.all([
    listener.accept(),
    NODE.connect({ ...LOOPBACK, port }),
  ]);
  const reading = there.read(new Uint8Array(1));
  there.close();
  await assert.rejects(reading, Node.errors.BadResource);
  assert.equal(await here.read(new Uint8Array(1)), null);
  here.close();
  await assert.rejects(here.write(new Uint8Array(1)), Node.errors.BadResource);

  const waiting = listener.accept();
  listener.close();
  await assert.rejects(waiting, Node.errors.BadResource);
  await assert.rejects(NODE.connect({ ...LOOPBACK, port }), Node.errors.ConnectionRefused);
  const stopped = NODE.connect({ ...LOOPBACK, port, signal: AbortSignal.abort(new Error("stop")) });
  await assert.rejects(stopped, /stop/);
});
