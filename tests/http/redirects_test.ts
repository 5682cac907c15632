import assert from "node:assert/strict";
import { AccessDeniedError, TransferError } from "../../src/core/errors.ts";
import { checkedLocation, perOrigin, redirecting } from "../../src/http/redirects.ts";
import { retrying } from "../../src/http/retrying.ts";
import type { Transport } from "../../src/http/transport_options.ts";

/** A network where each URL answers by a table, and what was asked of it. */
function network(table: Record<string, string | number>) {
  const seen: Request[] = [];
  const send = redirecting((request) => {
    seen.push(request);
    const answer = table[request.url] ?? 200;
    return Promise.resolve(
      typeof answer === "number"
        ? new Response("body", { status: answer })
        : new Response(null, { status: 307, headers: { Location: answer } }),
    );
  });
  return { send, seen };
}

const START = "https://registry.test/v2/a/blobs/x";
const withHeaders = (url = START, method = "GET") =>
  new Request(url, {
    method,
    headers: { Authorization: "Basic secret", "X-Custom": "1", Cookie: "c", Range: "bytes=1-2" },
  });

Deno.test("redirecting() keeps headers on the same origin", async () => {
  const { send, seen } = network({ [START]: "/elsewhere" });
  await send(withHeaders());
  assert.equal(seen[1]?.url, "https://registry.test/elsewhere");
  assert.equal(seen[1]?.headers.get("Authorization"), "Basic secret");
});

for (const target of ["https://cdn.test/x", "https://registry.test:8443/x"]) {
  Deno.test(`redirecting() sends nothing that identifies the user to ${target}`, async () => {
    const { send, seen } = network({ [START]: target });
    await send(withHeaders());
    assert.deepEqual([...seen[1]!.headers.keys()], ["range"]);
  });
}

Deno.test("redirecting() does not give credentials back on the way home", async () => {
  const home = "https://registry.test/back";
  const { send, seen } = network({ [START]: "https://cdn.test/x", "https://cdn.test/x": home });
  await send(withHeaders());
  assert.equal(seen[2]?.url, home);
  assert.equal(seen[2]?.headers.get("Authorization"), null);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["http://registry.test/x", /without TLS/],
  ["file:///etc/passwd", /scheme "file:"/],
  ["gopher://cdn.test/", /scheme "gopher:"/],
  ["https://user:secret@cdn.test/x", /user name/],
];

for (const [target, reason] of REFUSED) {
  Deno.test(`redirecting() refuses to go to ${target}`, async () => {
    const { send, seen } = network({ [START]: target });
    await assert.rejects(send(withHeaders()), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, reason);
      assert(!error.message.includes("secret"));
      return true;
    });
    assert.equal(seen.length, 1);
  });
}

Deno.test("redirecting() gives up on loops", async () => {
  const { send, seen } = network({ [START]: START });
  await assert.rejects(send(withHeaders()), /redirects more than 10 times/);
  assert.equal(seen.length, 11);
});

for (const headers of [[], [["Location", ""]], [["Location", " "]]] as [string, string][][]) {
  Deno.test(`redirecting() needs a Location, and ${JSON.stringify(headers)} is none`, async () => {
    const send = redirecting(() => Promise.resolve(new Response(null, { status: 302, headers })));
    await assert.rejects(send(withHeaders()), /does not say where/);
  });
}

Deno.test("redirecting() refuses a URL that no request can have, and does not repeat it", async () => {
  const { send } = network({ [START]: `https://cdn.test/${"x".repeat(100_000)}` });
  await assert.rejects(
    send(withHeaders()),
    /"registry\.test": it points to a URL of 100017 letters$/,
  );
});

const FAULTS: Readonly<Record<string, readonly [reason: RegExp, there: Transport]>> = {
  "a refusal": [/the connection was refused/, async () => {
    throw new TypeError("connection refused");
  }],
  "silence": [/it did not answer in time/, () => new Promise(() => {})],
  "silence in the body": [/it did not answer in time/, async () => {
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new Uint8Array(1));
    return new Response(new ReadableStream({ start }));
  }],
};

for (const [what, [reason, there]] of Object.entries(FAULTS)) {
  Deno.test(`${what} behind a redirect is told of the server that it is at`, async () => {
    const network: Transport = async (request) =>
      request.url === START ? Response.redirect("https://cdn.test:444/x") : await there(request);
    const send = retrying(redirecting(network), { attempts: 1, stallTime: 20 });
    await assert.rejects(send(withHeaders(), { bodyLimit: 10 }), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, /^Cannot reach "cdn\.test:444": /);
      assert.match(error.message, reason);
      assert.equal(error.facts.registry, "cdn.test:444");
      // The server that was asked has answered.
      assert.equal(error.facts.unanswered, undefined);
      return true;
    });
  });
}

for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
  Deno.test(`redirecting() leaves the redirect of a ${method} to the caller`, async () => {
    const { send, seen } = network({ [START]: "https://cdn.test/x" });
    assert.equal((await send(withHeaders(START, method))).status, 307);
    assert.equal(seen.length, 1);
  });
}

for (const status of [401, 403]) {
  Deno.test(`redirecting() does not pass another origin's ${status} off as the registry's`, async () => {
    const { send } = network({
      [START]: "https://cdn.test/x?sig=secret",
      "https://cdn.test/x?sig=secret": status,
    });
    await assert.rejects(send(withHeaders()), (error) => {
      assert(error instanceof AccessDeniedError);
      assert.match(error.message, /"cdn.test": it answered/);
      assert(!error.message.includes("secret"));
      return true;
    });
  });
}

Deno.test("perOrigin() shows the client certificate to one origin only", async () => {
  const send = perOrigin(
    "https://registry.test",
    () => Promise.resolve(new Response("home")),
    () => Promise.resolve(new Response("away")),
  );
  const ask = async (url: string) => await (await send(new Request(url))).text();
  assert.equal(await ask("https://registry.test:443/v2/"), "home");
  assert.equal(await ask("https://registry.test:444/v2/"), "away");
  assert.equal(await ask("http://registry.test/v2/"), "away");
  assert.equal(await ask("https://registry.test.evil.test/v2/"), "away");
});

Deno.test("checkedLocation() keeps the query as the server wrote it", () => {
  const base = new URL("https://registry.test/v2/");
  const { href } = checkedLocation("/v2/u?_state=a%2Fb%20c#f", base, base);
  assert.equal(href, "https://registry.test/v2/u?_state=a%2Fb%20c");
});
