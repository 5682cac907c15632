/** Answers that are hardly HTTP any more, by every way to the network. */
import assert from "node:assert/strict";
import { TransferError } from "../../src/core/errors.ts";
import { readBody } from "../../src/http/bodies.ts";
import { retrying } from "../../src/http/retrying.ts";
import { createTransport } from "../../src/http/transport.ts";
import type { TransportOptions } from "../../src/http/transport_options.ts";
import { makeCertificates } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const ok = (fields: string, body = "hello") => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const SIZED = "Content-Length: 5\r\n";

/** What every way reads. */
const READ: Readonly<Record<string, string>> = {
  "interim answers": `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(5)}${ok(SIZED)}`,
  "early hints": `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok(SIZED)}`,
  "chunks with extensions": ok(CHUNKED, '5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'),
  "trailers": ok(`${CHUNKED}Trailer: X\r\n`, "5\r\nhello\r\n0\r\nX: 1\r\nY: 2\r\n\r\n"),
  "HTTP/1.0": "HTTP/1.0 200 OK\r\n\r\nhello",
  "no reason": `HTTP/1.1 200\r\n${SIZED}\r\nhello`,
  "a reason in Latin-1": `HTTP/1.1 200 Sch\xf6n\r\n${SIZED}\r\nhello`,
  "a field of 20 KB": ok(`X: ${"a".repeat(20_000)}\r\n${SIZED}`),
  "more than it says": ok(SIZED, "hello, world"),
};

/** What no way takes for an answer. */
const REFUSED: Readonly<Record<string, string>> = {
  "two lengths": ok("Content-Length: 5\r\nContent-Length: 3\r\n"),
  "a negative length": ok("Content-Length: -5\r\n"),
  "a length that is a word": ok("Content-Length: five\r\n"),
  "a length without an end": ok("Content-Length: 99999999999999999999\r\n"),
  "10,000 fields": ok(`${"X-Field: 1234\r\n".repeat(10_000)}${SIZED}`),
  "a folded field": ok(`X: a\r\n b\r\n${SIZED}`),
  "a space before a colon": ok("Content-Length : 5\r\n"),
  "another version": `HTTP/2 200 OK\r\n${SIZED}\r\nhello`,
  "no status": `HTTP/1.1 000 X\r\n${SIZED}\r\nhello`,
  "fewer bytes than it says": ok("Content-Length: 50\r\n"),
  "a cut chunk": ok(CHUNKED, "5\r\nhel"),
  "no last chunk": ok(CHUNKED, "5\r\nhello\r\n"),
  "a chunk without a size": ok(CHUNKED, "zz\r\nhello\r\n0\r\n\r\n"),
  "a coding that was not asked for": ok(`Content-Encoding: gzip\r\n${SIZED}`),
  "half of its fields": "HTTP/1.1 200 OK\r\nConte",
  "nothing": "",
};

/** Writes one text to everybody who asks, and hangs up. */
function speaking(text: string, tls?: { readonly cert: string; readonly key: string }) {
  const place = { hostname: "127.0.0.1", port: 0 };
  const listener = tls ? Deno.listenTls({ ...place, ...tls }) : Deno.listen(place);
  const serve = async (conn: Deno.Conn) => {
    try {
      await conn.read(new Uint8Array(4096));
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      for (let at = 0; at < bytes.byteLength;) at += await conn.write(bytes.subarray(at));
    } catch {
      // The client has had enough.
    }
    conn.close();
  };
  const accepting = (async () => {
    for await (const conn of listener as AsyncIterable<Deno.Conn>) await serve(conn);
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    url: `http${tls ? "s" : ""}://localhost:${port}/v2/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => undefined);
    },
  };
}

interface OddWay {
  readonly options: TransportOptions;
  readonly hints?: { readonly bytesToFile: number };
  readonly tls?: { readonly cert: string; readonly key: string };
}

async function ask(text: string, { options, hints, tls }: OddWay): Promise<string> {
  await using server = speaking(text, tls);
  using transport = createTransport(options);
  const send = retrying(transport.send, { attempts: 2, firstWait: 1 });
  const response = await send(new Request(server.url), hints);
  return new TextDecoder().decode(await readBody(response, { url: server.url }, 1000));
}

e2eTest("every way reads odd answers, and refuses what could be read in two ways", {
  needs: ["openssl"],
}, async (context) => {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const caCerts = [await Deno.readTextFile(caFile)];
  const tls = {
    cert: await Deno.readTextFile(server.certFile),
    key: await Deno.readTextFile(server.keyFile),
  };
  const hints = { bytesToFile: 2 ** 21 };
  const ways: Readonly<Record<string, OddWay>> = {
    "fetch": { options: {} },
    "a socket": { options: {}, hints },
    "fetch with TLS": { options: { caCerts }, tls },
    "a socket with TLS": { options: { caCerts }, hints, tls },
    "node:http": { options: { insecure: true }, tls },
  };
  for (const [name, way] of Object.entries(ways)) {
    for (const [what, text] of Object.entries(READ)) {
      await context.step(`${name} reads ${what}`, async () => {
        assert.equal(await ask(text, way), "hello");
      });
    }
    for (const [what, text] of Object.entries(REFUSED)) {
      await context.step(`${name} refuses ${what}`, async () => {
        await assert.rejects(ask(text, way), (error) => {
          assert(error instanceof TransferError, String(error));
          assert.match(error.message, /^Cannot (?:reach|read from) "localhost:\d+": /);
          return true;
        });
      });
    }
  }
});
