/** Answers that come in pieces of a byte, by every way to the network. */
import assert from "node:assert/strict";
import { readBody } from "../../src/http/bodies.ts";
import { createTransport } from "../../src/http/transport.ts";
import { answerBody } from "../../src/transfer/resumable.ts";
import { makeCertificates } from "../support/certificates.ts";
import { tempFolder } from "../support/temp.ts";

const ENCODER = new TextEncoder();
const SIZE = 5000;
const CONTENT = Uint8Array.from({ length: SIZE }, (_, at) => at * 7);

/** A body in chunks of so many bytes. */
function chunked(size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < SIZE; at += size) {
    const chunk = CONTENT.subarray(at, at + size);
    pieces.push(ENCODER.encode(`${chunk.byteLength.toString(16)}\r\n`), chunk);
    pieces.push(ENCODER.encode("\r\n"));
  }
  return [...pieces, ENCODER.encode("0\r\n\r\n")];
}

const ok = (fields: string) => ENCODER.encode(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`);
const CHUNKED = ok("Transfer-Encoding: chunked");

/** What is sent, and in writes of how many bytes. */
const ANSWERS: Readonly<Record<string, readonly [readonly Uint8Array[], number]>> = {
  "chunks of one byte": [[CHUNKED, ...chunked(1)], 100_000],
  "chunks of three bytes, cut anywhere": [[CHUNKED, ...chunked(3)], 1001],
  "chunks of 100 bytes, in writes of one": [[CHUNKED, ...chunked(100)], 1],
  "a length, in writes of one byte": [[ok(`Content-Length: ${SIZE}`), CONTENT], 1],
  "until the connection ends, in writes of one byte": [[ok("Connection: close"), CONTENT], 1],
};

/** Sends an answer to everybody who asks, and hangs up; over TLS with a certificate. */
function speaking(pieces: readonly Uint8Array[], size: number, tls?: Deno.TlsCertifiedKeyPem) {
  const place = { hostname: "127.0.0.1", port: 0 };
  const listener = tls ? Deno.listenTls({ ...place, ...tls }) : Deno.listen(place);
  const serve = async (conn: Deno.TcpConn | Deno.TlsConn) => {
    if (!tls) (conn as Deno.TcpConn).setNoDelay();
    await conn.read(new Uint8Array(4096));
    const bytes = new Uint8Array(
      await new Blob(pieces.map((piece) => piece.slice())).arrayBuffer(),
    );
    for (let at = 0; at < bytes.byteLength;) at += await conn.write(bytes.subarray(at, at + size));
    conn.close();
  };
  const accepting = (async () => {
    for await (const conn of listener) await serve(conn);
  })();
  return {
    url: `http${tls ? "s" : ""}://127.0.0.1:${listener.addr.port}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

/** How an answer is read. */
const READERS: Readonly<Record<string, (response: Response, url: string) => Promise<Uint8Array>>> =
  {
    "a document": (response, url) => readBody(response, { url }, SIZE),
    "a content": async (response) => {
      const body = answerBody(response);
      const kept: Uint8Array[] = [];
      for (let piece; (piece = await body.next()) !== undefined;) kept.push(piece);
      return new Uint8Array(await new Blob(kept.map((piece) => piece.slice())).arrayBuffer());
    },
  };

for (const [what, [pieces, size]] of Object.entries(ANSWERS)) {
  Deno.test(`every way reads ${what} rightly, as a document and as a content`, async () => {
    await using server = speaking(pieces, size);
    using transport = createTransport();
    for (const hints of [{}, { bytesToFile: 2 ** 21 }]) {
      for (const read of Object.values(READERS)) {
        const response = await transport.send(new Request(server.url), hints);
        assert.deepEqual(await read(response, server.url), CONTENT);
      }
    }
  });
}

Deno.test("what is no matter of fetch takes chunks of a byte together, unchecked certificates too", async () => {
  await using folder = await tempFolder();
  const { caFile, server: { certFile, keyFile } } = await makeCertificates(folder.path);
  const [cert, key] = [await Deno.readTextFile(certFile), await Deno.readTextFile(keyFile)];
  const trusting = { caCerts: [await Deno.readTextFile(caFile)] };
  for (const options of [trusting, { insecure: true }]) {
    await using server = speaking([CHUNKED, ...chunked(1)], 100_000, { cert, key });
    using transport = createTransport(options);
    const response = await transport.send(new Request(server.url), { bytesToFile: 2 ** 21 });
    let [bytes, pieces] = [0, 0];
    for await (const piece of response.body!) {
      bytes += piece.byteLength;
      pieces++;
    }
    assert.equal(bytes, SIZE);
    assert.ok(pieces < 100, `${pieces} pieces of ${bytes} chunks`);
  }
});
