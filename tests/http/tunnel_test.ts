/** Tunnels: what proxies say before there is one, by every way to the network. */
import assert from "node:assert/strict";
import { explainFault } from "../../src/http/faults.ts";
import { createTransport } from "../../src/http/transport.ts";
import type { TransportOptions } from "../../src/http/transport_options.ts";
import { makeCertificates } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const NEEDS = { needs: ["openssl"] } as const;

/** A certificate for this machine, and the authority behind it. */
async function certificates() {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const [ca, cert, key] = await Promise.all(
    [caFile, server.certFile, server.keyFile].map((file) => Deno.readTextFile(file)),
  );
  return { ca: ca!, cert: cert!, key: key! };
}

type Certificates = Awaited<ReturnType<typeof certificates>>;

/** A server of TLS that tells what it was asked, and how many bytes it was sent. */
function secureServer({ cert, key }: Certificates, hostname = "127.0.0.1") {
  const quiet = { hostname, port: 0, onListen: () => {}, cert, key };
  const server = Deno.serve(quiet, async (request) => {
    const { byteLength } = await request.bytes();
    return Response.json({ method: request.method, byteLength });
  });
  return {
    url: `https://localhost:${server.addr.port}/v2/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Says its part to who wants to be connected; `connect` leads on to the server then. */
type Manners = (
  proxy: { readonly conn: Deno.Conn; readonly head: string; connect(): Promise<void> },
) => Promise<void>;

interface ProxyOptions {
  readonly hostname?: string;
  readonly tls?: Certificates;
}

/** A proxy with manners of its own, which notes the heads of all requests. */
function proxyServer(manners: Manners, { hostname = "127.0.0.1", tls }: ProxyOptions = {}) {
  const place = { hostname, port: 0 };
  const listener: Deno.Listener = tls ? Deno.listenTls({ ...place, ...tls }) : Deno.listen(place);
  const heads: string[] = [];
  const running = new Set<Promise<void>>();
  const serve = async (conn: Deno.Conn) => {
    let upstream: Deno.Conn | undefined;
    try {
      const head = await readHead(conn);
      heads.push(head);
      const connect = async () => {
        const [, port] = /^CONNECT [^ ]*:(\d+) /.exec(head) ?? [];
        upstream = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
        await Promise.allSettled([
          conn.readable.pipeTo(upstream.writable),
          upstream.readable.pipeTo(conn.writable),
        ]);
      };
      await manners({ conn, head, connect });
    } catch {
      // The client has had enough.
    }
    for (const open of [conn, upstream]) {
      try {
        open?.close();
      } catch {
        // It is closed already.
      }
    }
  };
  const accepting = (async () => {
    for await (const conn of listener) running.add(serve(conn));
  })().catch(() => undefined);
  const port = (listener.addr as Deno.NetAddr).port;
  const name = hostname.includes(":") ? `[${hostname}]` : "localhost";
  return {
    heads,
    url: (login = "") => `${tls ? "https" : "http"}://${login}${name}:${port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(running);
    },
  };
}

async function readHead(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(1);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    if (await conn.read(buffer) === null) throw new Error("The client has gone");
    head += String.fromCharCode(buffer[0]!);
  }
  return head;
}

async function say(conn: Deno.Conn, text: string, pieceSize = text.length): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.byteLength; at += pieceSize) {
    const piece = bytes.subarray(at, at + pieceSize);
    for (let sent = 0; sent < piece.byteLength;) sent += await conn.write(piece.subarray(sent));
  }
}

/** What goes different ways to the network. */
const WAYS: Readonly<Record<string, { body?: number; options?: TransportOptions }>> = {
  "without a body": {},
  "with a body": { body: 100_000 },
  "unchecked": { body: 100_000, options: { insecure: true } },
};

async function ask(
  url: string,
  { body, options }: { body?: number; options: TransportOptions },
): Promise<unknown> {
  using transport = createTransport({ stallTime: 20_000, ...options });
  const request = new Request(
    url,
    body === undefined ? {} : {
      method: "PUT",
      body: new Uint8Array(body),
      headers: { "Content-Length": String(body) },
    },
  );
  return await (await transport.send(request)).json();
}

/** Asks for a URL in every way, each through a proxy of its own. */
async function inEveryWay(
  manners: Manners,
  check: (asking: Promise<unknown>, way: string, heads: readonly string[]) => Promise<void>,
  { login, proxied, ...inner }: {
    readonly login?: string;
    readonly proxied?: ProxyOptions;
    readonly url?: string;
    readonly caCerts?: readonly string[];
  } = {},
): Promise<void> {
  for (const [way, { body, options }] of Object.entries(WAYS)) {
    await using proxy = proxyServer(manners, proxied);
    const { url = "https://registry.test/v2/", caCerts } = inner;
    const asking = ask(url, {
      body,
      options: { caCerts, ...options, proxy: proxy.url(login) },
    });
    await check(asking, way, proxy.heads);
  }
}

const ok = "HTTP/1.1 200 OK\r\n\r\n";

/** Heads by which a proxy says that it is connected. */
const CONNECTED: Readonly<Record<string, string>> = {
  "a plain head": ok,
  "no reason": "HTTP/1.1 200 \r\n\r\n",
  "HTTP/1.0": "HTTP/1.0 200 Connection established\r\nProxy-Agent: squid\r\n\r\n",
  "fields that mean nothing here":
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\nVia: 1.1 a\r\n\r\n",
  "a coding that means nothing here": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
};

e2eTest("a proxy leads to a server with TLS, whatever its head looks like", NEEDS, async () => {
  const made = await certificates();
  await using server = secureServer(made);
  for (const [what, head] of Object.entries(CONNECTED)) {
    for (const pieceSize of [head.length, 1]) {
      await inEveryWay(async ({ conn, connect }) => {
        await say(conn, head, pieceSize);
        await connect();
      }, async (asking, way, heads) => {
        const answer = await asking as { readonly byteLength: number };
        assert.equal(answer.byteLength, WAYS[way]!.body ?? 0, `${way}, ${what}`);
        // The second one is that of who trusts the authority of the test.
        assert.equal(new Set(heads).size, 1);
      }, { url: server.url, caCerts: [made.ca] });
    }
  }
});

e2eTest("interim answers of a proxy are passed over, and not for ever", NEEDS, async () => {
  const made = await certificates();
  await using server = secureServer(made);
  const early = "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n";
  for (const { body, options } of Object.values(WAYS)) {
    await using patient = proxyServer(async ({ conn, connect }) => {
      await say(conn, early.repeat(20) + ok);
      await connect();
    });
    const trusted = { ...options, caCerts: [made.ca] };
    await ask(server.url, { body, options: { ...trusted, proxy: patient.url() } });
    await using endless = proxyServer(async ({ conn }) => {
      for (;;) await say(conn, early);
    });
    await assert.rejects(
      ask(server.url, { body, options: { ...trusted, proxy: endless.url() } }),
      (error) => explainFault(error).reason === "the answer of its proxy is not one of HTTP/1.1",
    );
  }
});

/** What a proxy may say that is no head, until it is hung up on. */
const NO_HEADS: Readonly<Record<string, Manners>> = {
  "a head without end": async ({ conn }) => {
    await say(conn, "HTTP/1.1 200 OK\r\n");
    for (;;) await say(conn, `X-Field: ${"x".repeat(1000)}\r\n`);
  },
  "a line without end": async ({ conn }) => {
    await say(conn, "HTTP/1.1 200 ");
    for (;;) await say(conn, "x".repeat(10_000));
  },
  "bytes that are no lines": async ({ conn }) => {
    for (;;) await say(conn, "\x16\x03\x01".repeat(1000));
  },
  "another protocol": ({ conn }) => say(conn, "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
  "a refusal without end": async ({ conn }) => {
    await say(conn, "HTTP/1.1 403 No\r\n");
    for (;;) await say(conn, "X: y\r\n".repeat(100));
  },
};

for (const [what, manners] of Object.entries(NO_HEADS)) {
  Deno.test(`a proxy that answers with ${what} is hung up on`, async () => {
    await inEveryWay(manners, async (asking, way) => {
      await assert.rejects(asking, (error) => {
        const { reason } = explainFault(error);
        assert.equal(reason, "the answer of its proxy is not one of HTTP/1.1", way);
        return true;
      });
    });
  });
}

Deno.test("what a proxy sends behind its head is never taken for the server's", async () => {
  const manners: Manners = ({ conn }) => say(conn, `${ok}HTTP/1.1 200 OK\r\n\r\nsecrets`);
  for (const { body, options } of Object.values(WAYS)) {
    await using proxy = proxyServer(manners);
    await assert.rejects(
      ask("https://registry.test/", { body, options: { ...options, proxy: proxy.url() } }),
      (error) => explainFault(error).reason === "the answer of its proxy is not one of HTTP/1.1",
    );
  }
});

Deno.test("a proxy that hangs up before it has answered does not connect", async () => {
  for (const text of ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nVia: a"]) {
    await inEveryWay(({ conn }) => say(conn, text), async (asking, way) => {
      await assert.rejects(asking, (error) => {
        const { kind, reason } = explainFault(error);
        assert.match(`${kind}: ${reason}`, /^lost: |^refused: the answer of its proxy/, way);
        return true;
      });
    });
  }
});

Deno.test("a proxy that is silent is lost after the configured time", async () => {
  for (const [way, { body, options }] of Object.entries(WAYS)) {
    await using proxy = proxyServer(async ({ conn }) => {
      await conn.read(new Uint8Array(1));
    });
    const asking = ask("https://registry.test/", {
      body,
      options: { ...options, proxy: proxy.url(), stallTime: 30 },
    });
    await assert.rejects(asking, (error) => explainFault(error).kind === "lost", way);
  }
});

Deno.test("a proxy that is not there is named as what cannot be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const url of ["https://registry.test/", "http://registry.test/"]) {
    for (const { body, options } of Object.values(WAYS)) {
      const proxy = `http://127.0.0.1:${port}`;
      await assert.rejects(ask(url, { body, options: { ...options, proxy } }), (error) => {
        const { reason, remedy } = explainFault(error);
        assert.equal(reason, "its proxy cannot be reached");
        assert.match(remedy ?? "", /HTTPS_PROXY/);
        return true;
      });
    }
  }
});

const LOGINS: readonly (readonly [string, string])[] = [
  ["", ""],
  ["ann:secret@", "ann:secret"],
  ["ann@", "ann:"],
  [":secret@", ":secret"],
  ["a%40b:p%3A%25%2F@", "a@b:p:%/"],
  ["%C3%A4nn:%E2%82%AC@", "änn:€"],
];

const shown = (text: string) => text === "" ? undefined : new TextEncoder().encode(text).toBase64();

Deno.test("a proxy is shown the login of its URL, decoded, and the server never is", async () => {
  for (const [login, text] of LOGINS) {
    for (const url of ["https://registry.test/", "http://registry.test/"]) {
      await inEveryWay(
        ({ conn }) => say(conn, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n{}"),
        async (asking, way, heads) => {
          await asking.catch(() => undefined);
          assert.match(
            heads[0]!,
            /^(CONNECT registry\.test:443|(GET|PUT) http:\/\/registry\.test\/) /,
          );
          const found = /^proxy-authorization: Basic (.*)\r$/im.exec(heads[0]!)?.[1];
          assert.equal(found, shown(text), `${way}, ${login}`);
          assert.doesNotMatch(heads[0]!, /^authorization:/im);
        },
        { login, url },
      );
    }
  }
});

e2eTest("a proxy at an IPv6 address, and one that speaks TLS, lead to servers", NEEDS, async () => {
  const made = await certificates();
  await using server = secureServer(made);
  const connects: Manners = async ({ conn, connect }) => {
    await say(conn, ok);
    await connect();
  };
  const answers: Manners = async ({ conn, head }) => {
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    for (let left = length; left > 0;) {
      left -= await conn.read(new Uint8Array(64 * 1024)) ?? left;
    }
    await say(
      conn,
      `HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"byteLength":100000}`.slice(0, -1),
    );
  };
  const check = (url: string) => async (asking: Promise<unknown>, way: string) => {
    await asking.catch((error) => assert.fail(`${way} to ${url}: ${Deno.inspect(error)}`));
  };
  const places: readonly ProxyOptions[] = [{ hostname: "::1" }, { tls: made }];
  for (const proxied of places) {
    const options = { proxied, caCerts: [made.ca] };
    await inEveryWay(connects, check(server.url), { ...options, url: server.url });
    const plain = async (asking: Promise<unknown>, way: string, heads: readonly string[]) => {
      await asking.catch(() => undefined);
      assert.match(heads[0] ?? "", /^(GET|PUT) http:\/\/registry\.test\/ /, way);
    };
    await inEveryWay(answers, plain, { ...options, url: "http://registry.test/" });
  }
});

e2eTest("a proxy with a certificate that is not trusted is not spoken to", NEEDS, async () => {
  const made = await certificates();
  await using server = secureServer(made);
  for (const url of [server.url, "http://registry.test/"]) {
    for (const body of [undefined, 1000]) {
      await using proxy = proxyServer(async ({ conn, connect }) => {
        await say(conn, ok);
        await connect();
      }, { tls: made });
      await assert.rejects(ask(url, { body, options: { proxy: proxy.url() } }), (error) => {
        assert.equal(explainFault(error).reason, "its certificate is not trusted");
        return true;
      });
      assert.deepEqual(proxy.heads, []);
    }
  }
});

e2eTest("a tunnel is kept for the next requests", NEEDS, async () => {
  const made = await certificates();
  await using server = secureServer(made);
  for (const insecure of [false, true]) {
    await using proxy = proxyServer(async ({ conn, connect }) => {
      await say(conn, ok);
      await connect();
    });
    using transport = createTransport({ proxy: proxy.url(), caCerts: [made.ca], insecure });
    for (let count = 0; count < 3; count++) {
      const headers = { "Content-Length": "4" };
      const request = new Request(server.url, { method: "PUT", body: "body", headers });
      await (await transport.send(request)).json();
    }
    assert.equal(proxy.heads.length, 1);
  }
});
