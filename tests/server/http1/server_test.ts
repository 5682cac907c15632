import assert from "node:assert/strict";
import { listen, type ListenOptions, type RegistryListener } from "../../../src/server/listen.ts";
import { type Answered, clientOf, type Handler } from "../../../src/server/http1/connection.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };
const encode = (text: string) => new TextEncoder().encode(text);

function serve(handler: Handler, options: Partial<ListenOptions> = {}): Promise<RegistryListener> {
  return listen(handler, { address: LOOPBACK, ...options });
}

const echo: Handler = async (request) =>
  new Response(`${request.method} ${clientOf(request)?.target} ${await request.text()}`);

/** A connection on which bytes are written as they are given. */
async function connect({ address }: RegistryListener) {
  const conn = await Deno.connect(address);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  return {
    send: async (bytes: string) => {
      const all = encode(bytes);
      for (let at = 0; at < all.byteLength;) at += await conn.write(all.subarray(at));
    },
    /** Everything that came until it matches, or until the end. */
    until: async (pattern: RegExp = /(?!)/): Promise<string> => {
      while (!pattern.test(text)) {
        const count = await conn.read(buffer).catch(() => null);
        if (count === null) break;
        text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
      const found = text;
      text = "";
      return found;
    },
    [Symbol.dispose]: () => conn.close(),
  };
}

Deno.test("requests on one connection are answered in their order", async () => {
  await using server = await serve(echo);
  using client = await connect(server);
  await client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  await client.send("GET /v2/../b HTTP/1.1\r\nHost: x\r\n\r\n");
  await client.send(
    "PUT /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
  );
  const text = await client.until();
  assert.deepEqual(
    [...text.matchAll(/(?:PUT|GET) \S+ \w*/g)].map(([found]) => found),
    ["PUT /a hi", "GET /v2/../b ", "PUT /c hello"],
  );
  assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
});

Deno.test("a request that cannot be read is refused, and the connection closed", async () => {
  await using server = await serve(echo);
  for (
    const [request, status] of [
      ["GET /v2/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
      ["GET /v2/ HTTP/1.1\r\n\r\n", 400],
      ["nonsense\r\n\r\n", 400],
      ["PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
      [`GET /${"a".repeat(65_536)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      [`${"A".repeat(65_536)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      ["GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400],
      ["head / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
    ] as const
  ) {
    using client = await connect(server);
    await client.send(request);
    assert.match(await client.until(), new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 50));
  }
});

Deno.test("a body is asked for only when it is wanted", async () => {
  const handler: Handler = (request) =>
    request.url.endsWith("/no") ? new Response("no", { status: 413 }) : echo(request);
  await using server = await serve(handler);
  const head = (path: string) =>
    `PUT ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
  using wanted = await connect(server);
  await wanted.send(head("/yes"));
  assert.match(await wanted.until(/\r\n\r\n/), /^HTTP\/1.1 100 Continue\r\n\r\n$/);
  await wanted.send("hi");
  assert.match(await wanted.until(/hi/), /200 OK/);
  using refused = await connect(server);
  await refused.send(head("/no"));
  const answer = await refused.until();
  assert.match(answer, /^HTTP\/1.1 413 /);
  assert.match(answer, /connection: close/);
});

Deno.test("who is refused early hears of it, also in the middle of a large body", async () => {
  await using server = await serve(() => new Response("too large", { status: 413 }));
  const size = 32 * 1024 * 1024;
  const response = await fetch(server.url, { method: "PUT", body: new Uint8Array(size) });
  assert.equal(response.status, 413);
  assert.equal(await response.text(), "too large");
});

Deno.test("a silent head, a silent body and an idle connection are let go of", async () => {
  const broken = Promise.withResolvers<unknown>();
  const patience = { idle: 100, head: 100, silence: 100 };
  await using server = await serve(async (request) => {
    await request.arrayBuffer().catch((error) => broken.resolve(error));
    return new Response();
  }, { patience });
  using head = await connect(server);
  await head.send("GET / HTTP/1.1\r\nHo");
  assert.match(await head.until(), /^HTTP\/1.1 408 /);
  using body = await connect(server);
  await body.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  assert.equal(await body.until(), "");
  assert.ok(await broken.promise);
  using idle = await connect(server);
  assert.equal(await idle.until(), "");
});

Deno.test("a body that drips is bounded as a whole", async () => {
  const patience = { silence: 60_000, grace: 300, slowest: 1_000_000 };
  await using server = await serve(echo, { patience });
  using client = await connect(server);
  await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  let dripping = true;
  const drip = (async () => {
    while (dripping) {
      await client.send("x").catch(() => dripping = false);
      await new Promise((next) => setTimeout(next, 10));
    }
  })();
  assert.equal(await client.until(), "");
  dripping = false;
  await drip;
});

Deno.test("a handler may take longer than any client may", async () => {
  const patience = { idle: 50, head: 50, silence: 50, grace: 50 };
  const work = Promise.withResolvers<void>();
  await using server = await serve(async () => {
    await work.promise;
    return new Response("done");
  }, { patience });
  using slow = await connect(server);
  await slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  // An idle connection that came later has been let go of by then.
  using idle = await connect(server);
  await idle.until();
  work.resolve();
  assert.match(await slow.until(/done/), /200 OK/);
});

Deno.test("connections beyond the limit replace idle ones, and else are told to come again", async () => {
  const work = Promise.withResolvers<void>();
  await using server = await serve(async () => {
    await work.promise;
    return new Response("done");
  }, { connectionLimit: 2 });
  using busy = await connect(server);
  await busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  using idle = await connect(server);
  await idle.send("GET / HT");
  using next = await connect(server);
  await next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(await idle.until(), "");
  using refused = await connect(server);
  const answer = await refused.until();
  assert.match(answer, /^HTTP\/1.1 503 Service Unavailable\r\nretry-after: 1\r\n/);
  const [, length, body = ""] = /content-length: (\d+)[^]*\r\n\r\n(.*)$/.exec(answer) ?? [];
  assert.equal(Number(length), body.length);
  assert.equal(JSON.parse(body).errors[0].code, "TOOMANYREQUESTS");
  work.resolve();
  assert.match(await busy.until(/done/), /200 OK/);
  assert.match(await next.until(/done/), /200 OK/);
  using later = await connect(server);
  await later.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await later.until(/done/), /200 OK/);
});

Deno.test("an answer without a length comes in chunks, and is cut off when it fails", async () => {
  const parts = (fails: boolean) =>
    ReadableStream.from((async function* () {
      yield encode("one");
      yield encode("two");
      if (fails) throw new Error("broken");
    })());
  await using server = await serve((request) =>
    new Response(parts(request.url.endsWith("/fails")))
  );
  assert.equal(await (await fetch(server.url)).text(), "onetwo");
  await assert.rejects((await fetch(`${server.url}/fails`)).text());
  using old = await connect(server);
  await old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  assert.match(await old.until(), /connection: close\r\n\r\nonetwo$/);
});

Deno.test("what makes an answer is stopped when the client leaves", async () => {
  const cancelled = Promise.withResolvers<void>();
  const endless = () =>
    new ReadableStream({
      pull: () => new Promise<void>(() => {}),
      cancel: () => cancelled.resolve(),
    });
  await using server = await serve(() => new Response(endless()));
  const leaving = new AbortController();
  const response = await fetch(server.url, { signal: leaving.signal });
  leaving.abort();
  await cancelled.promise;
  await assert.rejects(response.text());
});

Deno.test("a handler that fails is a 500 without a word of why", async () => {
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  await using server = await serve(() => Promise.reject(new Error("secret")), { failed });
  const response = await fetch(server.url);
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret/);
  assert.deepEqual(failures.map(String), ["Error: secret"]);
});

Deno.test("each answer is told, with its bytes", async () => {
  const told: Answered[] = [];
  {
    await using server = await serve(echo, { answered: (answered) => told.push(answered) });
    await (await fetch(`${server.url}/a?b=c`, { method: "PUT", body: "hello" })).text();
  }
  const [{ client, method, status, received, sent }] = told as [Answered];
  assert.deepEqual(
    { client, method, status, received, sent },
    {
      client: { address: "127.0.0.1", target: "/a?b=c" },
      method: "PUT",
      status: 200,
      received: 5,
      sent: "PUT /a?b=c hello".length,
    },
  );
});

Deno.test("draining lets a request end that is under way, and takes no others", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const server = await serve(async () => {
    begun.resolve();
    await gate.promise;
    return new Response("done");
  });
  using idle = await connect(server);
  const answer = fetch(server.url);
  await begun.promise;
  const drained = server.drain(60_000);
  assert.equal(await idle.until(), "");
  await assert.rejects(fetch(server.url));
  gate.resolve();
  assert.equal(await (await answer).text(), "done");
  await drained;
});

Deno.test("draining ends with its time, whoever is still sending", async () => {
  const begun = Promise.withResolvers<void>();
  const broke = Promise.withResolvers<unknown>();
  const server = await serve(async (request) => {
    begun.resolve();
    await request.arrayBuffer().catch(broke.resolve);
    return new Response();
  });
  using client = await connect(server);
  await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  await begun.promise;
  await server.drain(10);
  assert.ok(await broke.promise);
  assert.equal(await client.until(), "");
});

Deno.test("a client that tries TLS where there is none is answered at once, not after a wait", async () => {
  await using server = await serve(echo, { patience: { head: 3_600_000 } });
  using client = await connect(server);
  await client.send("\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03");
  assert.match(await client.until(), /^HTTP\/1\.1 400 [^]*This is not HTTP/);
});
