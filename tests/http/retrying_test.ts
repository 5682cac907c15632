import assert from "node:assert/strict";
import { AccessDeniedError, TransferError } from "../../src/core/errors.ts";
import { backoff } from "../../src/core/retry.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { retryAfter, retrying } from "../../src/http/retrying.ts";

type Step = Response | Error;

/** A transport that gives one step after the other, a retrying one around it, and what they did. */
function scripted(steps: Step[], options: RetryPolicy = {}) {
  const waits: number[] = [];
  const bodies: string[] = [];
  const send = retrying(async (request) => {
    bodies.push(await request.text());
    const step = steps[bodies.length - 1] ?? new Response("done");
    if (step instanceof Error) throw step;
    return step;
  }, {
    random: () => 1,
    sleep: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
    ...options,
  });
  return { send, waits, bodies };
}

const get = () => new Request("https://registry.test/v2/");
const status = (code: number, headers: HeadersInit = {}) =>
  new Response(null, { status: code, headers });

for (const code of [408, 429, 500, 502, 503, 504]) {
  Deno.test(`retrying() tries again after ${code}`, async () => {
    const { send, bodies } = scripted([status(code), status(code)]);
    assert.equal((await send(get())).status, 200);
    assert.equal(bodies.length, 3);
  });
}

for (const path of ["%zz%", "uploads/%ff%fe", "%", "a%2", "%E0%A4"]) {
  Deno.test(`retrying() sends what a server named /${path}`, async () => {
    const { send, bodies } = scripted([status(503)]);
    assert.equal((await send(new Request(`https://registry.test/${path}`))).status, 200);
    assert.equal(bodies.length, 2);
  });
}

for (const code of [400, 401, 403, 404, 405, 416, 501]) {
  Deno.test(`retrying() takes ${code} for an answer`, async () => {
    const { send, bodies, waits } = scripted([status(code)]);
    assert.equal((await send(get())).status, code);
    assert.equal(bodies.length, 1);
    assert.deepEqual(waits, []);
  });
}

Deno.test("retrying() waits longer each time, up to a bound, and gives the last answer", async () => {
  const steps = Array.from({ length: 9 }, () => status(503));
  const { send, waits } = scripted(steps, { attempts: 6, firstWait: 100, longestWait: 500 });
  assert.equal((await send(get())).status, 503);
  assert.deepEqual(waits, [100, 200, 400, 500, 500]);
});

Deno.test("retrying() tries again after a lost connection and throws the last one", async () => {
  const lost = () => new TypeError("fetch failed", { cause: new Error("connection reset") });
  assert.equal((await scripted([lost(), lost()]).send(get())).status, 200);
  const { send, bodies } = scripted([lost(), lost(), lost(), lost(), lost()]);
  await assert.rejects(send(get()), (error) => {
    assert(error instanceof TransferError);
    assert.equal(error.message, 'Cannot reach "registry.test": the connection was cut');
    return true;
  });
  assert.equal(bodies.length, 5);
});

Deno.test("retrying() fails at once where nobody is, unless somebody was there before", async () => {
  const nobody = () => new TypeError("connection refused");
  const first = scripted([nobody()]);
  await assert.rejects(first.send(get()), /connection was refused/);
  assert.equal(first.bodies.length, 1);
  const later = scripted([status(200), nobody()]);
  await later.send(get());
  assert.equal((await later.send(get())).status, 200);
});

Deno.test("only where nothing answered nobody may be there", async () => {
  const nobody = () => new TypeError("connection refused");
  const unanswered = async (answers: Parameters<typeof scripted>[0], ...urls: string[]) => {
    const { send } = scripted(answers);
    for (const url of urls) {
      const error = await send(new Request(url)).then(() => undefined, (error) => error);
      if (error instanceof TransferError) return error.facts.unanswered;
    }
    return "answered";
  };
  assert.equal(await unanswered([nobody()], "https://registry.test/v2/"), true);
  // A token server, or where an upload goes on.
  const named = ["https://registry.test/v2/", "https://auth.test/token"];
  assert.equal(await unanswered([status(401), nobody()], ...named), undefined);
});

Deno.test("retrying() does not repeat what trust or our own errors decided", async () => {
  const untrusted = scripted([new TypeError("invalid peer certificate: UnknownIssuer")]);
  await assert.rejects(untrusted.send(get()), /certificate is not trusted/);
  const denied = scripted([new AccessDeniedError("Cannot x: no")]);
  await assert.rejects(denied.send(get()), AccessDeniedError);
  assert.equal(untrusted.bodies.length + denied.bodies.length, 2);
});

Deno.test("retrying() sends small bodies again and large ones once", async () => {
  const put = (length: number, text: string) =>
    new Request("https://registry.test/", {
      method: "PUT",
      headers: { "Content-Length": String(length) },
      body: text,
    });
  const small = scripted([status(503)]);
  await small.send(put(5, "small"));
  assert.deepEqual(small.bodies, ["small", "small"]);
  const large = scripted([status(503)]);
  assert.equal((await large.send(put(5e6, "large"))).status, 503);
  assert.deepEqual(large.bodies, ["large"]);
});

Deno.test("retrying() waits as long as the server asks", async () => {
  const { send, waits } = scripted([status(429, { "Retry-After": "7" })]);
  await send(get());
  assert.deepEqual(waits, [7000]);
});

Deno.test("retrying() does not wait an hour, and says so", async () => {
  const { send, waits } = scripted([status(429, { "Retry-After": "3600" })]);
  await assert.rejects(send(get()), (error) => {
    assert(error instanceof TransferError);
    assert.match(error.message, /wants no request for 3600 s/);
    assert.equal(error.facts.status, 429);
    return true;
  });
  assert.deepEqual(waits, []);
});

for (const asked of ["9".repeat(40), "Fri, 31 Dec 9999 23:59:59 GMT", "100000"]) {
  Deno.test(`retrying() tells nobody to wait for ${asked.slice(0, 16)}`, async () => {
    const { send, waits } = scripted([status(503, { "Retry-After": asked })]);
    await assert.rejects(send(get()), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, /wants no request for more than a day \(status 503\)$/);
      assert.equal(error.facts.remedy, undefined);
      return true;
    });
    assert.deepEqual(waits, []);
  });
}

Deno.test("retrying() stops with the signal's reason, also while it waits", async () => {
  const reason = new Error("stop");
  const controller = new AbortController();
  const { send, bodies } = scripted([status(503)], {
    sleep: () => {
      controller.abort(reason);
      return Promise.resolve();
    },
  });
  const request = new Request("https://registry.test/", { signal: controller.signal });
  await assert.rejects(send(request), (error) => error === reason);
  assert.equal(bodies.length, 1);
});

Deno.test("retrying() takes a server that says nothing for lost", async () => {
  let tries = 0;
  const send = retrying((request) => {
    if (++tries > 1) return Promise.resolve(new Response("late"));
    return new Promise((_, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
    });
  }, { stallTime: 1, sleep: () => Promise.resolve() });
  assert.equal(await (await send(get())).text(), "late");
});

Deno.test("retryAfter() reads seconds, dates and an exhausted RateLimit", () => {
  const now = Date.UTC(2030, 0, 1);
  const read = (headers: HeadersInit) => retryAfter(new Headers(headers), now);
  assert.equal(read({ "Retry-After": "5" }), 5000);
  assert.equal(read({ "Retry-After": new Date(now + 9000).toUTCString() }), 9000);
  assert.equal(read({ "Retry-After": new Date(now - 9000).toUTCString() }), 0);
  assert.equal(read({ RateLimit: '"pulls";r=0;t=87' }), 87_000);
  assert.equal(read({ RateLimit: "r=3;t=87" }), undefined);
  for (const odd of ["soon", "-1", "1e3", "2;x", "NaN"]) {
    assert.equal(read({ "Retry-After": odd }), 0, "a wait, though nobody knows which");
  }
  assert.equal(read({ "Retry-After": "" }), undefined);
  assert.equal(read({}), undefined);
});

Deno.test("backoff() spreads waits from nothing to its bound", () => {
  assert.equal(backoff(3, { firstWait: 100, random: () => 0 }), 0);
  assert.equal(backoff(3, { firstWait: 100, random: () => 0.5 }), 200);
});

/** A body that breaks after its first bytes, or never goes on after them. */
function broken(bytes: string, end: "cut" | "stall"): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(bytes)),
    pull: (controller) =>
      end === "stall" ? new Promise(() => {}) : controller.error(new TypeError("connection reset")),
  }, { highWaterMark: 0 });
}

for (const end of ["cut", "stall"] as const) {
  Deno.test(`retrying() asks again for a document whose body ends with a ${end}`, async () => {
    const steps = [new Response(broken("hal", end)), new Response(broken("", end))];
    const { send, bodies } = scripted([...steps, new Response("whole")], { stallTime: 20 });
    const response = await send(get(), { bodyLimit: 100 });
    assert.equal(await response.text(), "whole");
    assert.equal(bodies.length, 3);
    const cut = () => new Response(broken("hal", end));
    const never = scripted([cut(), cut(), cut()], { stallTime: 20, attempts: 3 });
    await assert.rejects(never.send(get(), { bodyLimit: 100 }), TransferError);
    assert.equal(never.bodies.length, 3);
  });
}

Deno.test("retrying() leaves bodies alone that nobody wants in memory, and those of refusals", async () => {
  const steps = [
    new Response(broken("hal", "cut")),
    new Response(broken("no", "cut"), { status: 404 }),
  ];
  const { send, bodies } = scripted(steps);
  await assert.rejects((await send(get())).text(), TypeError);
  assert.equal((await send(get(), { bodyLimit: 100 })).status, 404);
  assert.equal(bodies.length, 2);
});

Deno.test("retrying() refuses a document that is larger than it may be, and asks once", async () => {
  const { send, bodies } = scripted([new Response("x".repeat(101))]);
  await assert.rejects(send(get(), { bodyLimit: 100 }), /larger than 100 bytes/);
  assert.equal(bodies.length, 1);
});
