import assert from "node:assert/strict";
import { AccessDeniedError, TransferError } from "../../src/core/errors.ts";
import { createTransport } from "../../src/http/transport.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { HubClient } from "../../src/hubs/client.ts";
import { FAST, serve } from "./support.ts";

const HUB = "https://hub.test";

/** A client of a hub whose network is a function, and the requests that came. */
function clientOf(transport: Transport) {
  const seen: Request[] = [];
  const client = new HubClient({
    hubUrl: HUB,
    credentials: { Authorization: "Bearer secret" },
    retry: FAST,
    transport: (request) => {
      seen.push(request);
      return transport(request);
    },
    explain: ({ status }) => new TransferError(`status ${status}`),
    malformed: (found: string) => new TransferError(found),
  });
  return { client, seen };
}

const redirectTo = (target: string): Transport => ({ url }) =>
  Promise.resolve(
    url.startsWith(HUB)
      ? new Response(null, { status: 302, headers: { Location: target } })
      : new Response("content"),
  );

Deno.test("another origin is told nothing that says who asks, but which bytes are wanted", async () => {
  const { client, seen } = clientOf(redirectTo("https://cdn.test/x?signed"));
  const headers = { Range: "bytes=5-", "If-Range": '"one"', "X-Custom": "1" };
  assert.equal(await (await client.send(`${HUB}/x`, { headers })).text(), "content");
  assert.equal(seen[0]?.headers.get("Authorization"), "Bearer secret");
  assert.deepEqual([...seen[1]!.headers], [["if-range", '"one"'], ["range", "bytes=5-"]]);
});

for (
  const inside of ["https://169.254.169.254/latest", "https://localhost/x", "https://10.0.0.1/"]
) {
  Deno.test(`a hub on the internet cannot point to ${inside}`, async () => {
    const redirected = clientOf(redirectTo(inside));
    await assert.rejects(redirected.client.send(`${HUB}/x`), /address of a private network/);
    assert.deepEqual(redirected.seen.map(({ url }) => url), [`${HUB}/x`]);
    const named = clientOf(redirectTo(inside));
    await assert.rejects(named.client.send(inside), /address of a private network/);
    assert.equal(named.seen.length, 0);
  });
}

Deno.test("a redirect of a request that changes something is an answer", async () => {
  const { client, seen } = clientOf(redirectTo("https://cdn.test/x"));
  await assert.rejects(client.send(`${HUB}/x`, { post: { path: "x" } }), /status 302/);
  assert.equal(seen.length, 1);
});

Deno.test("what another origin refuses is not taken for the hub's refusal", async () => {
  const { client } = clientOf((request) =>
    request.url.startsWith(HUB)
      ? redirectTo("https://cdn.test/x")(request)
      : Promise.resolve(new Response(null, { status: 403 }))
  );
  await assert.rejects(
    client.send(`${HUB}/x`),
    (error) => error instanceof AccessDeniedError && error.message.includes('"cdn.test"'),
  );
});

Deno.test("a certificate that is not trusted is tried once", async () => {
  const untrusted = () => Promise.reject(new TypeError("invalid peer certificate: UnknownIssuer"));
  const { client, seen } = clientOf(untrusted);
  await assert.rejects(client.send(`${HUB}/x`), (error) => {
    assert(error instanceof TransferError);
    assert.match(error.message, /Cannot reach "hub.test": its certificate is not trusted/);
    assert.match(error.facts.remedy ?? "", /--ca-file/);
    return true;
  });
  assert.equal(seen.length, 1);
});

Deno.test("a small body is sent again with its length", async () => {
  const bodies: string[] = [];
  const { client } = clientOf(async (request) => {
    bodies.push(`${request.headers.get("Content-Length")} ${await request.text()}`);
    return bodies.length === 1
      ? new Response(null, { status: 503 })
      : Response.json({ done: true });
  });
  assert.deepEqual(await client.json(`${HUB}/x`, { post: { a: 1 } }), { done: true });
  assert.deepEqual(bodies, ['7 {"a":1}', '7 {"a":1}']);
});

Deno.test("a hub is reached through the proxy of its transport", async () => {
  await using proxy = await serve(({ url }) => Response.json({ url }));
  using transport = createTransport({ proxy: proxy.url });
  const client = new HubClient({
    hubUrl: "http://hub.test",
    transport: transport.send,
    explain: ({ status }) => new TransferError(`status ${status}`),
    malformed: (found: string) => new TransferError(found),
  });
  await client.json("http://hub.test/api");
  assert.equal(proxy.requests[0]?.headers.get("Host"), "hub.test");
  assert.match(proxy.requests[0]?.headers.get("User-Agent") ?? "", /^modelops/);
});
