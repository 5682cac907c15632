import assert from "node:assert/strict";
import * as http from "node:http";
import * as http2 from "node:http2";
import { TransferError } from "../../src/core/errors.ts";
import { guarded, type PrivateAccess } from "../../src/http/private_guard.ts";
import { createTransport } from "../../src/http/transport.ts";
import type { AnswerHints } from "../../src/http/transport_options.ts";
import { bodyToFile, offloaded } from "../../src/work/remote_body.ts";
import { explainFault } from "../../src/http/faults.ts";
import { makeCertificates } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

/** Sends a request for `target`, which the server at `from` named; gives the hints that arrived. */
async function follow(from: string, target: string, access: PrivateAccess = {}) {
  const seen: (AnswerHints | undefined)[] = [];
  const send = guarded(
    (_, hints) => {
      seen.push(hints);
      return Promise.resolve(new Response());
    },
    new URL(from),
    access,
  );
  await send(new Request(target), { bytesToFile: 7 });
  return seen[0];
}

const INSIDE = [
  "https://127.0.0.1/x",
  "https://169.254.169.254/latest",
  "https://[::ffff:127.0.0.1]/x",
  "https://[64:ff9b::10.0.0.1]/x",
  "https://[2002:7f00:1::]/x",
  "https://0x7f000001/x",
  "https://0177.0.0.1/token",
  "https://0.0.0.0/token",
  "https://localhost/x",
  "https://10.0.0.1/x",
];

for (const target of INSIDE) {
  Deno.test(`a server on the internet may not point to ${target}, unless the user says so`, async () => {
    await assert.rejects(follow("https://registry.test/v2/", target), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, /"registry\.test".*an address of a private network/);
      assert.match(String(error.facts.remedy), /--allow-private-redirects/);
      return true;
    });
    await follow("https://registry.test/v2/", target, { allowPrivateRedirects: true });
  });
}

Deno.test("a server that is inside, or the very same host, may point inside", async () => {
  await follow("https://10.0.0.2/", "https://10.0.0.1/x");
  await follow("http://localhost:5000/", "http://127.0.0.1:5001/token");
  await follow("https://8.8.8.8/", "https://8.8.8.8:444/x");
  const isInside = ({ hostname }: URL) => Promise.resolve(hostname === "registry.corp.test");
  await follow("https://registry.corp.test/", "https://10.0.0.1/x", { isInside });
});

Deno.test("what a server on the internet names keeps its name until it is connected to", async () => {
  const hints = await follow("https://registry.test/", "https://cdn.test/x");
  assert.deepEqual(hints, { bytesToFile: 7, namedBy: "registry.test" });
  assert.deepEqual(await follow("https://10.0.0.2/", "https://cdn.test/x"), { bytesToFile: 7 });
});

async function startServer() {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end("inside");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    seen,
    port,
    url: `http://localhost:${port}/x`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A name that leads to this machine, named by a server elsewhere. */
const namedBy = { namedBy: "evil.test" };
const refusal = /"evil\.test": it points to localhost \(.*\), an address of a private network/;

Deno.test("a name that leads inside is refused when it is connected to, with and without a body", async () => {
  await using server = await startServer();
  using transport = createTransport();
  for (const init of [{}, { method: "PUT", body: "x", headers: { "Content-Length": "1" } }]) {
    // A connection that is open for others is not taken for this.
    assert.equal((await transport.send(new Request(server.url, init))).status, 200);
    await assert.rejects(transport.send(new Request(server.url, init), namedBy), refusal);
  }
  assert.deepEqual(server.seen, ["GET /x", "PUT /x"]);
});

Deno.test("a name that leads inside is refused in another thread too", async () => {
  await using server = await startServer();
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const notHere = () => Promise.reject(new Error("received in this thread"));
  const size = 5 * 1024 * 1024;
  const send = offloaded(notHere, {});
  const request = () => new Request(server.url);
  await assert.rejects(send(request(), { bytesToFile: size, ...namedBy }), refusal);
  const response = await send(request(), { bytesToFile: size });
  await bodyToFile(response, { path, at: 0, length: 6 });
  assert.equal(await Deno.readTextFile(path), "inside");
});

Deno.test("where a proxy looks names up, it decides what it connects to", async () => {
  await using proxy = await startServer();
  using transport = createTransport({ proxy: `127.0.0.1:${proxy.port}` });
  const response = await transport.send(new Request("http://cdn.test/x"), namedBy);
  assert.equal(await response.text(), "inside");
  assert.deepEqual(proxy.seen, ["GET http://cdn.test/x"]);
  assert(!await transport.isInside(new URL("http://localhost.proxied.test/")));
});

Deno.test("a name that decides that its server is inside may lead nowhere else", async () => {
  const isInside = () => Promise.resolve(true);
  const hints = await follow("https://registry.corp.test/", "https://registry.corp.test/v2/", {
    isInside,
  });
  assert.deepEqual(hints, { bytesToFile: 7, insideOnly: true });
  // An address, and this machine itself, lead nowhere else as they are.
  for (const literal of ["https://10.0.0.2/", "http://localhost:5000/", "http://[::1]:5000/"]) {
    assert.deepEqual(await follow(literal, `${literal}v2/`), { bytesToFile: 7 });
  }
});

Deno.test("another port of a server on the internet is only as good as another server", async () => {
  for (const target of ["https://registry.test:8443/x", "https://registry.test:6379/"]) {
    const hints = await follow("https://registry.test/", target);
    assert.deepEqual(hints, { bytesToFile: 7, namedBy: "registry.test" });
  }
});

for (
  const target of ["http://8.8.8.8:1/x", "https://[2001:4860:4860::8888]:1/x", "http://1.1.1.1:1/x"]
) {
  Deno.test(`a request that has to stay inside is not sent to ${target}`, async () => {
    const refusal = /its name led to a private network, and leads to .* now/;
    using transport = createTransport();
    for (const init of [{}, { method: "PUT", body: "x", headers: { "Content-Length": "1" } }]) {
      const sending = transport.send(new Request(target, init), { insideOnly: true });
      await assert.rejects(sending, refusal);
    }
  });
}

e2eTest("a server of HTTP/2 alone is asked by nobody who would look its name up again", {
  needs: ["openssl"],
}, async () => {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const secure = http2.createSecureServer({
    cert: await Deno.readTextFile(server.certFile),
    key: await Deno.readTextFile(server.keyFile),
    allowHTTP1: false,
  });
  secure.on("stream", (stream: http2.ServerHttp2Stream) => {
    stream.respond({ ":status": 200 });
    stream.end("HTTP/2");
  });
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const url = `https://localhost:${(secure.address() as { port: number }).port}/x`;
  using transport = createTransport({ caCerts: [await Deno.readTextFile(caFile)] });
  const free = await transport.send(new Request(url), { bytesToFile: 2 ** 21 });
  assert.equal(await free.text(), "HTTP/2");
  const bound = transport.send(new Request(url), { insideOnly: true });
  await assert.rejects(bound, (error) => {
    assert.equal(explainFault(error).reason, "it does not speak HTTP/1.1");
    return true;
  });
  await new Promise((resolve) => secure.close(resolve));
});

Deno.test("a request that has to stay inside reaches what is inside", async () => {
  await using server = await startServer();
  using transport = createTransport();
  const response = await transport.send(new Request(server.url), { insideOnly: true });
  assert.equal(await response.text(), "inside");
});
