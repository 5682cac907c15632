import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { explainFault } from "../../src/http/faults.ts";
import { rateLimit, reserve } from "../../src/core/rate_limit.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { countWorkers } from "../../src/work/pool.ts";
import { bodyToFile, offloaded } from "../../src/work/remote_body.ts";
import { takePart } from "../../src/work/this_thread.ts";
import { tempFolder } from "../support/temp.ts";

/** Large enough for another thread to be worth it. */
const SIZE = 6 * 1024 * 1024 + 17;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 13 + (index >> 9));

/** Where everything that is received by another thread would go, were it received by this one. */
const notHere: Transport = () => Promise.reject(new Error("received in this thread"));

/** A server on a free port that is closed with the test. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function receive(url: string, init: RequestInit = {}) {
  return await offloaded(notHere, {})(new Request(url, init), { bytesToFile: SIZE });
}

Deno.test("a body goes into a file from another thread, hashed, at its position", async () => {
  await using server = serve(() => new Response(BYTES));
  await using folder = await tempFolder();
  const path = await folder.write("file", "before");
  const response = await receive(server.url);
  const place = { path, at: 3, length: SIZE, algorithm: "sha256" } as const;
  const told: number[] = [];
  const received = await bodyToFile(response, place, { onBytes: (bytes) => told.push(bytes) });
  const expected = new Uint8Array([...new TextEncoder().encode("bef"), ...BYTES]);
  assert.deepEqual(received, {
    bytes: SIZE,
    more: false,
    digest: digestBytes(expected),
    fault: undefined,
  });
  assert.deepEqual(await Deno.readFile(path), expected);
  assert.equal(told.at(-1), SIZE);
});

Deno.test("status and headers arrive before anybody wants the body, which can be read here too", async () => {
  await using server = serve((request) =>
    Response.json({ asked: request.headers.get("X-Asked") }, { status: 418 })
  );
  const response = await receive(server.url, { headers: { "X-Asked": "yes" } });
  assert.equal(response.status, 418);
  assert.deepEqual(await response.json(), { asked: "yes" });
});

Deno.test("a body that nobody wants frees its connection", async () => {
  await using server = serve(() => new Response(BYTES));
  const response = await receive(server.url);
  await response.body?.cancel();
});

Deno.test("what goes beyond the place is not taken", async () => {
  await using server = serve(() => new Response(BYTES));
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const { bytes, more } = await bodyToFile(await receive(server.url), { path, at: 0, length: 100 });
  assert.deepEqual({ bytes, more }, { bytes: 100, more: true });
  assert.deepEqual(await Deno.readFile(path), BYTES.subarray(0, 100));
});

Deno.test("of a body that breaks off, what came is told, and why", async () => {
  await using server = serve(() => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(BYTES.subarray(0, 1000)),
      pull: (controller) => controller.error(new Error("broken")),
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "Content-Length": `${SIZE}` } });
  });
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const received = await bodyToFile(await receive(server.url), { path, at: 0, length: SIZE });
  assert.equal(received.bytes <= 1000, true);
  assert.equal(received.fault instanceof Error, true);
});

Deno.test("a server that cannot be reached is the error of the request", async () => {
  const server = serve(() => new Response());
  await server[Symbol.asyncDispose]();
  await assert.rejects(receive(server.url), (error) => explainFault(error).kind === "unreachable");
});

Deno.test("a folder that is not there is an error that says so, whichever thread writes", async () => {
  await using server = serve(() => new Response(BYTES));
  await using folder = await tempFolder();
  const place = { path: folder.join("no", "file"), at: 0, length: SIZE };
  await assert.rejects(async () => await bodyToFile(await receive(server.url), place), {
    name: "TransferError",
  });
});

Deno.test("stopping ends an exchange at once, before and after its answer", async () => {
  const { promise: never, resolve: end } = Promise.withResolvers<Response>();
  await using server = serve((request) =>
    request.url.endsWith("silent") ? never : new Response(new ReadableStream({ start() {} }))
  );
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const reason = new Error("enough");
  for (const target of ["silent", "endless"]) {
    const stop = new AbortController();
    const work = receive(server.url + target, { signal: stop.signal })
      .then((response) => bodyToFile(response, { path, at: 0, length: SIZE }));
    queueMicrotask(() => stop.abort(reason));
    await assert.rejects(work, reason);
  }
  end(new Response());
});

Deno.test("a body that nobody wants frees its connection while its bytes are awaited", async () => {
  await using server = serve(() => new Response(new ReadableStream({ start() {} })));
  const response = await receive(server.url);
  const reader = response.body!.getReader();
  const read = reader.read();
  await reader.cancel();
  assert.equal((await read).done, true);
});

Deno.test("an answer that cannot have a body is an answer", async () => {
  await using server = serve(() => new Response(null, { status: 204 }));
  const response = await receive(server.url);
  assert.deepEqual([response.status, response.body], [204, null]);
});

Deno.test("nothing is sent for a request that was stopped before", async () => {
  let asked = 0;
  await using server = serve(() => {
    asked++;
    return new Response(BYTES);
  });
  const reason = new Error("enough");
  await assert.rejects(receive(server.url, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(asked, 0);
});

Deno.test("what is thrown by whoever is told of the bytes is the error, as on a full disk", async () => {
  await using server = serve(() => {
    const start = (controller: ReadableStreamDefaultController) => controller.enqueue(BYTES);
    return new Response(new ReadableStream({ start }));
  });
  await using folder = await tempFolder();
  const place = { path: await folder.write("file", ""), at: 0, length: 2 * SIZE, stallTime: 500 };
  const full = new Error("no space left");
  const onBytes = () => {
    throw full;
  };
  await assert.rejects(bodyToFile(await receive(server.url), place, { onBytes }), full);
});

Deno.test("another thread keeps to the limit that this one has", async () => {
  await using server = serve(() => new Response(BYTES));
  await using folder = await tempFolder();
  const maxRate = rateLimit(16 * 1024 * 1024);
  const path = await folder.write("file", "");
  const response = await offloaded(notHere, { maxRate })(new Request(server.url), {
    bytesToFile: SIZE,
  });
  const before = Date.now();
  await bodyToFile(response, { path, at: 0, length: SIZE });
  // What was given away there is booked here; a limit of its own would have left this one alone.
  const waiting = reserve(maxRate, 0, before) + 100;
  assert.ok(waiting * maxRate.bytesPerSecond / 1000 > SIZE / 2, `${waiting}`);
});

Deno.test("a thread that takes part receives one of two bodies itself, and a worker the other", async () => {
  using _part = takePart();
  await using server = serve(() => new Response(BYTES));
  await using folder = await tempFolder();
  const here: string[] = [];
  const transport: Transport = (request) => {
    here.push(request.url);
    return fetch(request);
  };
  const before = countWorkers().started;
  await Promise.all(["one", "two"].map(async (name) => {
    const request = new Request(server.url + name);
    const response = await offloaded(transport, {})(request, { bytesToFile: SIZE });
    const path = await folder.write(name, "");
    const place = { path, at: 0, length: SIZE, algorithm: "sha256" } as const;
    const { digest } = await bodyToFile(response, place);
    assert.equal(digest, digestBytes(BYTES));
  }));
  assert.deepEqual(here, [`${server.url}one`]);
  assert.equal(countWorkers().started - before, 1);
});

Deno.test("a body that this thread receives is told of now and then, and at its end", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const told: number[] = [];
  const place = { path, at: 0, length: SIZE };
  await bodyToFile(new Response(BYTES), place, { onBytes: (bytes) => told.push(bytes) });
  assert.equal(told.at(-1), SIZE);
  assert.deepEqual(told, told.toSorted((a, b) => a - b));
});
