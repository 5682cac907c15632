import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { ConflictError, InvalidInputError } from "../../src/core/errors.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import type { ListenAddress } from "../../src/server/address.ts";
import { listen } from "../../src/server/listen.ts";
import { header, RegistryClient, utf8 } from "../conformance/distribution_client.ts";
import { tempFolder } from "../support/temp.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** A client of a server on a port, in the place of one of a function. */
function clientOf(url: string): RegistryClient {
  return new RegistryClient((request) => {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(new URL(pathname + search, url), request));
  });
}

Deno.test("listen() serves pushes and pulls on the port the system chose", async () => {
  await using registry = await listen(createRegistryHandler(memoryCatalog()), {
    address: LOOPBACK,
  });
  assert.notEqual(registry.address.port, 0);
  assert.equal(registry.url, `http://127.0.0.1:${registry.address.port}`);
  const client = clientOf(registry.url);
  const digest = await client.push("demo", "v1");
  const answer = await client.send("GET", "/v2/demo/manifests/v1");
  assert.equal(digestBytes(answer.bytes), digest);
});

Deno.test("listen() keeps Content-Length on HEAD and on streams", async () => {
  await using folder = await tempFolder();
  const handler = createRegistryHandler(diskCatalog(folder.path));
  await using registry = await listen(handler, { address: LOOPBACK });
  const client = clientOf(registry.url);
  const digest = await client.pushBlob("demo", utf8("0123456789"));
  for (const method of ["GET", "HEAD"]) {
    const answer = await client.send(method, `/v2/demo/blobs/${digest}`);
    assert.equal(header(answer, "content-length"), "10");
  }
  const refused = await client.send("GET", "/v2/demo/manifests/v1");
  assert.equal(header(refused, "content-length"), `${refused.bytes.byteLength}`);
});

Deno.test("listen() takes IPv6 and writes it in brackets", async () => {
  const address = { hostname: "::1", port: 0 };
  await using registry = await listen(createRegistryHandler(memoryCatalog()), { address });
  assert.match(registry.url, /^http:\/\/\[::1\]:\d+$/);
  assert.equal((await clientOf(registry.url).send("GET", "/v2/")).status, 200);
});

Deno.test("listen() says when the port is in use", async () => {
  const handler = createRegistryHandler(memoryCatalog());
  await using registry = await listen(handler, { address: LOOPBACK });
  await assert.rejects(listen(handler, { address: registry.address }), (error) => {
    assert.ok(error instanceof ConflictError);
    assert.match(error.message, /^Cannot listen on "127\.0\.0\.1:\d+": the port is in use$/);
    return true;
  });
});

Deno.test("listen() ends when its signal is aborted, and does not begin after that", async () => {
  const controller = new AbortController();
  const handler = createRegistryHandler(memoryCatalog());
  const registry = await listen(handler, { address: LOOPBACK, signal: controller.signal });
  controller.abort(new Error("enough"));
  await registry.finished;
  const again = listen(handler, { address: LOOPBACK, signal: controller.signal });
  await assert.rejects(again, /enough/);
});

Deno.test("an upload cut off by the client goes on where it stopped", async () => {
  await using folder = await tempFolder();
  const handler = createRegistryHandler(diskCatalog(folder.path));
  const arrived = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<number>();
  // The server sees the first half, and then its own answer to the request that broke off.
  await using registry = await listen(async (request) => {
    if (request.method !== "PATCH" || request.headers.has("content-range")) {
      return await handler(request);
    }
    const seen = request.body?.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          controller.enqueue(chunk);
          arrived.resolve();
        },
      }),
    );
    const { url, method, headers } = request;
    const response = await handler(new Request(url, { method, headers, body: seen ?? null }));
    answered.resolve(response.status);
    return response;
  }, { address: LOOPBACK });
  const client = clientOf(registry.url);
  const location = await client.startUpload("demo");

  const controller = new AbortController();
  const body = new ReadableStream({
    start: (stream) => stream.enqueue(utf8("01234")),
  });
  const { signal } = controller;
  const cut = fetch(new URL(location, registry.url), { method: "PATCH", body, signal });
  await arrived.promise;
  controller.abort();
  await assert.rejects(cut);
  assert.equal(await answered.promise, 400);

  assert.equal(header(await client.send("GET", location), "range"), "0-4");
  const rest = { headers: { "content-range": "5-9" }, body: utf8("56789") };
  assert.equal((await client.send("PATCH", location, rest)).status, 202);
  const digest = digestBytes(utf8("0123456789"));
  assert.equal((await client.send("PUT", `${location}?digest=${digest}`)).status, 201);
});

Deno.test("listen() refuses an address that is none", async () => {
  const handler = createRegistryHandler(memoryCatalog());
  const wrongs: unknown[] = [
    undefined,
    { port: 0 },
    { hostname: "", port: 0 },
    { hostname: "127.0.0.1" },
    { hostname: "127.0.0.1", port: 70_000 },
    { hostname: "127.0.0.1", port: -1 },
    { hostname: "127.0.0.1", port: "0" },
    { hostname: "a b", port: 0 },
  ];
  for (const address of wrongs) {
    const opened = listen(handler, { address: address as ListenAddress });
    await assert.rejects(opened, InvalidInputError, JSON.stringify(address));
  }
});
