/** The sender over sockets, against servers that answer well, badly, and with evil intent. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { explainFault } from "../../../src/http/faults.ts";
import { SocketSender } from "../../../src/http/socket/socket_sender.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { e2eTest } from "../../support/registry.ts";
import { tempFolder } from "../../support/temp.ts";

/** What a server does with a connection; `index` counts connections from 0. */
type Behaviour = (peer: Peer, index: number) => Promise<void>;

/** A connection as the server sees it, one character a byte. */
class Peer {
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Reads a request: its head, and as many bytes of its body as `Content-Length` says. */
  async request(): Promise<string> {
    const head = await this.until("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    let text = head;
    while (text.length < head.length + length) {
      text += await this.#read(head.length + length - text.length);
    }
    return text;
  }

  /** Reads up to a mark, which is read as well. */
  async until(mark: string): Promise<string> {
    let text = "";
    while (!text.endsWith(mark)) text += await this.#read(1);
    return text;
  }

  async say(...texts: string[]): Promise<void> {
    for (const text of texts) {
      const bytes = Buffer.from(text, "latin1");
      for (let at = 0; at < bytes.byteLength;) at += await this.#conn.write(bytes.subarray(at));
    }
  }

  async #read(most: number): Promise<string> {
    const piece = new Uint8Array(most);
    const count = await this.#conn.read(piece);
    if (count === null) throw new Deno.errors.UnexpectedEof();
    return Buffer.from(piece.subarray(0, count)).toString("latin1");
  }
}

/** A server on a free port that is gone, with its connections, when it is disposed. */
function serving(behaviour: Behaviour, listener: Deno.Listener = plainListener()) {
  const open: Deno.Conn[] = [];
  const work: Promise<void>[] = [];
  const accepting = (async () => {
    for (let index = 0;; index++) {
      const conn = await listener.accept().catch(() => undefined);
      if (!conn) return;
      open.push(conn);
      // Most of these clients hang up in the middle of something.
      work.push(
        behaviour(new Peer(conn), index).catch(() => undefined).finally(() => {
          try {
            conn.close();
          } catch {
            // The test has ended before it.
          }
        }),
      );
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/x`,
    /** Connections so far. */
    get connections() {
      return open.length;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) {
        try {
          conn.close();
        } catch {
          // It has ended already.
        }
      }
      await Promise.all([accepting, ...work]);
    },
  };
}

function plainListener(): Deno.Listener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** Answers request after request of a connection. */
const always = (...texts: string[]): Behaviour => async (peer) => {
  for (;;) {
    await peer.request();
    await peer.say(...texts);
  }
};

/** A sender that is closed with the test. */
function sender(options: ConstructorParameters<typeof SocketSender>[0] = {}) {
  const made = new SocketSender({ stallTime: 10_000, ...options });
  return {
    get: async (url: string, init: RequestInit = {}) => await made.send(new Request(url, init)),
    [Symbol.dispose]: () => made.close(),
  };
}

const OK = "HTTP/1.1 200 OK\r\n";
const sized = (text: string) => `${OK}Content-Length: ${text.length}\r\n\r\n${text}`;

Deno.test("requests one after the other share a connection, those at once do not", async () => {
  await using server = serving(always(sized("fine")));
  using client = sender();
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(await (await client.get(server.url)).text(), "fine");
  }
  assert.equal(server.connections, 1);
  const answers = await Promise.all([client.get(server.url), client.get(server.url)]);
  for (const answer of answers) assert.equal(await answer.text(), "fine");
  assert.equal(server.connections, 2);
});

Deno.test("a body comes whole, however it is framed and in whatever pieces it is sent", async () => {
  const bodies = fc.array(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 200 }));
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });
  const framings = fc.constantFrom("length", "chunked", "rest");
  let answer: string[] = [];
  let endsIt = false;
  await using server = serving(async (peer) => {
    for (;;) {
      await peer.request();
      await peer.say(...answer);
      if (endsIt) return;
    }
  });
  using client = sender();
  await fc.assert(
    fc.asyncProperty(bodies, sizes, framings, async (parts, pieces, framing) => {
      const body = parts.join("");
      const text = framing === "length"
        ? sized(body)
        : framing === "rest"
        ? `HTTP/1.0 200 OK\r\n\r\n${body}`
        : `${OK}Transfer-Encoding: chunked\r\n\r\n${
          parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("")
        }0\r\nX: y\r\n\r\n`;
      endsIt = framing === "rest";
      answer = [];
      for (let at = 0, index = 0; at < text.length; index++) {
        const size = pieces[index % pieces.length]!;
        answer.push(text.slice(at, at + size));
        at += size;
      }
      const response = await client.get(server.url);
      assert.equal(Buffer.from(await response.bytes()).toString("latin1"), body);
    }),
    { numRuns: 60 },
  );
});

Deno.test("answers that have no body are over with their head, whatever that says", async () => {
  await using server = serving(async (peer) => {
    for (const status of ["200 OK", "204 No", "304 Same", "200 OK"]) {
      const isLast = (await peer.request()).startsWith("GET /last");
      await peer.say(isLast ? sized("last") : `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`);
    }
  });
  using client = sender();
  const statuses = [];
  for (const method of ["HEAD", "GET", "GET"]) {
    const { status, body } = await client.get(server.url, { method });
    assert.equal(body, null);
    statuses.push(status);
  }
  assert.deepEqual(statuses, [200, 204, 304]);
  assert.equal(await (await client.get(server.url.replace("/x", "/last"))).text(), "last");
  assert.equal(server.connections, 1);
});

Deno.test("interim answers are passed over, but not for ever, and none that changes the protocol", async () => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  await using good = serving(always(interim, interim, sized("fine")));
  await using endless = serving(always(interim.repeat(1000)));
  await using changing = serving(always("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"));
  using client = sender();
  assert.equal(await (await client.get(good.url)).text(), "fine");
  await assert.rejects(client.get(endless.url), /does not come to an answer/);
  await assert.rejects(client.get(changing.url), /does not come to an answer/);
});

/** Heads that are no answer, each with how it is understood. */
const BAD_HEADS: Readonly<Record<string, readonly [string, RegExp]>> = {
  "a giant field": [`${OK}X: ${"a".repeat(200_000)}\r\n\r\n`, /More than 32768 bytes/],
  "endless fields": [OK + "X: a\r\n".repeat(20_000), /too many fields|More than/],
  "no end of the first line": [`HTTP/1.1 200 ${"a".repeat(100_000)}`, /More than/],
  "another protocol": ["SSH-2.0-OpenSSH_9.6\r\n\r\n", /not one of HTTP\/1\.1/],
  "line ends of another kind": ["HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n", /not one of/],
  "two lengths": [`${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\nfine!`, /twice/],
  "a length and chunks": [
    `${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /cannot be used/,
  ],
  "a length that is none": [`${OK}Content-Length: 4e3\r\n\r\nfine`, /not a number/],
  "a folded field": [`${OK}X: a\r\n b\r\n\r\n`, /malformed/],
};

for (const [what, [text, reason]] of Object.entries(BAD_HEADS)) {
  Deno.test(`an answer with ${what} is refused, and its connection is not used again`, async () => {
    await using server = serving((peer, index) =>
      always(index === 0 ? text : sized("fine"))(peer, index)
    );
    using client = sender();
    await assert.rejects(client.get(server.url), (error) => {
      const { kind, reason: told } = explainFault(error);
      assert.equal(kind, "refused");
      assert.match(told, reason);
      return true;
    });
    assert.equal(await (await client.get(server.url)).text(), "fine");
    assert.equal(server.connections, 2);
  });
}

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Bodies that end before their end, or have none. */
const BAD_BODIES: Readonly<Record<string, string>> = {
  "is shorter than it says": `${OK}Content-Length: 10\r\n\r\nfine`,
  "has a chunk that is shorter than it says": `${CHUNKED}a\r\nfine`,
  "has a chunk that is longer than it says": `${CHUNKED}3\r\nfine\r\n0\r\n\r\n`,
  "has a size that is none": `${CHUNKED}x\r\nfine\r\n0\r\n\r\n`,
  "has a negative size": `${CHUNKED}-4\r\nfine\r\n0\r\n\r\n`,
  "has a size beyond all measure": `${CHUNKED}${"f".repeat(17)}\r\nfine`,
  "has an endless size": `${CHUNKED}${"0".repeat(10_000)}`,
  "has endless trailers": `${CHUNKED}4\r\nfine\r\n0\r\n${"X: y\r\n".repeat(10_000)}`,
  "has no last chunk": `${CHUNKED}4\r\nfine\r\n`,
};

for (const [what, text] of Object.entries(BAD_BODIES)) {
  Deno.test(`a body that ${what} is a lost connection`, async () => {
    await using server = serving(async (peer) => {
      await peer.request();
      await peer.say(text);
    });
    using client = sender();
    const response = await client.get(server.url);
    await assert.rejects(response.bytes(), (error) => explainFault(error).kind === "lost");
  });
}

Deno.test("what comes before a body breaks is given before the error is", async () => {
  await using server = serving(async (peer) => {
    await peer.request();
    await peer.say(`${OK}Content-Length: 10\r\n\r\nfine`);
  });
  using client = sender();
  const reader = (await client.get(server.url)).body!.getReader();
  let text = "";
  await assert.rejects(async () => {
    for (;;) text += Buffer.from((await reader.read()).value ?? []).toString();
  });
  assert.equal(text, "fine");
});

/** What a server may send behind an answer, or when nobody has asked. */
const UNASKED: Readonly<Record<string, readonly string[]>> = {
  "a second answer": [sized("fine") + sized("evil")],
  "bytes behind its answer": [sized("fine"), "x"],
  "bytes behind an answer without a body": ["HTTP/1.1 204 No\r\n\r\nevil"],
  "bytes behind the last chunk": [`${CHUNKED}4\r\nfine\r\n0\r\n\r\n${sized("evil")}`],
};

for (const [what, texts] of Object.entries(UNASKED)) {
  Deno.test(`a server that sends ${what} is asked the next time on another connection`, async () => {
    await using server = serving((peer, index) =>
      always(...(index === 0 ? texts : [sized("fine")]))(peer, index)
    );
    using client = sender();
    await (await client.get(server.url)).text();
    for (let turn = 0; turn < 3; turn++) {
      assert.equal(await (await client.get(server.url)).text(), "fine");
    }
  });
}

Deno.test("a connection that the server has closed meanwhile is replaced, for what may be repeated", async () => {
  await using server = serving(async (peer, index) => {
    await peer.request();
    await peer.say(sized(`${index}`));
    // Closes when the next request comes, which is the worst moment.
    if (index === 0) await peer.until("\r\n");
    else await peer.request();
  });
  using client = sender();
  assert.equal(await (await client.get(server.url)).text(), "0");
  assert.equal(await (await client.get(server.url)).text(), "1");
  await assert.rejects(
    client.get(server.url, { method: "POST" }),
    (error) => explainFault(error).kind === "lost",
  );
});

Deno.test("requests say who they are for, and how long their body is", async () => {
  const seen: string[] = [];
  await using server = serving(async (peer) => {
    for (;;) {
      seen.push(await peer.request());
      await peer.say(sized(""));
    }
  });
  using client = sender();
  await client.get(`${server.url}/../%2e%2e/a%20b?q=1&r=%2F#part`, { headers: { "X-A": "\xe9" } });
  await client.get(server.url, { method: "POST" });
  const body = new Blob(["hello"]).stream();
  await client.get(server.url, { method: "PUT", headers: { "Content-Length": "5" }, body });
  const host = `host: 127.0.0.1:${server.port}\r\n`;
  assert.deepEqual(seen, [
    `GET /a%20b?q=1&r=%2F HTTP/1.1\r\n${host}x-a: \xe9\r\n\r\n`,
    `POST /x HTTP/1.1\r\n${host}content-length: 0\r\n\r\n`,
    `PUT /x HTTP/1.1\r\n${host}content-length: 5\r\n\r\nhello`,
  ]);
});

Deno.test("a body of unknown length goes in chunks, of which an empty one is not the last", async () => {
  let seen = "";
  await using server = serving(async (peer) => {
    seen = await peer.until("\r\n0\r\n\r\n");
    await peer.say(sized("fine"));
  });
  using client = sender();
  const parts = ["one", "", "two"].map((text) => new TextEncoder().encode(text));
  const body = ReadableStream.from(parts) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const response = await client.get(server.url, { method: "PUT", body });
  assert.equal(await response.text(), "fine");
  assert.match(seen, /transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
});

Deno.test("a body that has not the length that it says is not sent as if it had", async () => {
  const seen: string[] = [];
  await using server = serving(async (peer) => {
    seen.push(await peer.request());
    await peer.say(sized("fine"));
  });
  using client = sender();
  for (const length of ["4", "6"]) {
    const body = new Blob(["hello"]).stream();
    const sending = client.get(server.url, {
      method: "PUT",
      headers: { "Content-Length": length },
      body,
    });
    await assert.rejects(sending, /has not the \d bytes that it says/);
  }
  assert.deepEqual(seen, []);
});

Deno.test("an answer that comes before the body is sent ends the sending", async () => {
  await using server = serving(async (peer) => {
    await peer.until("\r\n\r\n");
    await peer.say(sized("enough"));
    await peer.until("never");
  });
  using client = sender();
  let [pulls, cancelled] = [0, false];
  const body = new ReadableStream({
    pull(controller) {
      pulls++;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
    cancel() {
      cancelled = true;
    },
  });
  const headers = { "Content-Length": String(1024 ** 4) };
  const response = await client.get(server.url, { method: "PUT", headers, body });
  assert.equal(await response.text(), "enough");
  assert.equal(cancelled, true);
  assert.ok(pulls < 1000, `${pulls}`);
});

Deno.test("an abort ends an exchange with its reason, in the head and in the body", async () => {
  await using silent = serving(async (peer) => void await peer.until("never"));
  await using endless = serving(async (peer) => {
    await peer.request();
    await peer.say(`${OK}Content-Length: 10\r\n\r\nfine`);
    await peer.until("never");
  });
  using client = sender();
  const reason = new Error("enough");
  const stop = new AbortController();
  const heading = client.get(silent.url, { signal: stop.signal });
  const reader = (await client.get(endless.url, { signal: stop.signal })).body!.getReader();
  await reader.read();
  const reading = reader.read();
  queueMicrotask(() => stop.abort(reason));
  await Promise.all([heading, reading].map((work) => assert.rejects(work, reason)));
});

/** A server over TLS, and the authority that vouches for it as `localhost`. */
async function servingTls(behaviour: Behaviour) {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const read = (path: string) => Deno.readTextFile(path);
  const [cert, key] = [await read(server.certFile), await read(server.keyFile)];
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  return {
    ca: await read(caFile),
    running: serving(behaviour, listener as unknown as Deno.Listener),
  };
}

e2eTest("connections over TLS are kept, and made with nobody who is not trusted", {
  needs: ["openssl"],
}, async () => {
  const { ca, running } = await servingTls(always(sized("fine")));
  await using server = running;
  using client = sender({ caCerts: [ca] });
  using stranger = sender();
  const url = `https://localhost:${server.port}/x`;
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(await (await client.get(url)).text(), "fine");
  }
  assert.equal(server.connections, 1);
  const reasonOf = async (asking: Promise<Response>) =>
    explainFault(await asking.then(() => undefined, (error) => error)).reason;
  assert.equal(await reasonOf(stranger.get(url)), "its certificate is not trusted");
});

e2eTest("over TLS, a body without a length that is cut is not taken for a whole one", {
  needs: ["openssl"],
}, async () => {
  const { ca, running } = await servingTls(async (peer) => {
    await peer.request();
    await peer.say("HTTP/1.0 200 OK\r\n\r\nfine");
    await peer.until("never");
  });
  const server = running;
  // Cuts the line without the farewell of TLS, as somebody on the way can.
  const listener = plainListener();
  const { port } = listener.addr as Deno.NetAddr;
  using client = sender({ caCerts: [ca] });
  const asking = client.get(`https://localhost:${port}/x`);
  const near = await listener.accept();
  const far = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const forwarding = [
    near.readable.pipeTo(far.writable).catch(() => undefined),
    far.readable.pipeTo(near.writable, { preventClose: true }).catch(() => undefined),
  ];
  const reader = (await asking).body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), "fine");
  near.close();
  await assert.rejects(reader.read(), (error) => explainFault(error).kind === "lost");
  listener.close();
  await server[Symbol.asyncDispose]();
  await Promise.all(forwarding);
});
