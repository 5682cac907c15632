import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { digestBytes } from "../../src/core/digest.ts";
import { InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import type { Log } from "../../src/core/operation.ts";
import { type ServeOptions, serveStore } from "../../src/library/serve.ts";
import { runOk } from "../support/command.ts";
import { certificateShownBy, makeCertificates, makeSelfSigned } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { concatBytes } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";

/** The bcrypt hash of "correct horse", at the lowest cost. */
const HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const ADA = { authorization: `Basic ${btoa("ada:correct horse")}` };

/** A server that is stopped when it is disposed. */
async function serve(storageDir: string, options: Partial<ServeOptions> = {}) {
  const stop = new AbortController();
  const { signal } = stop;
  const server = await serveStore({ storageDir }, { address: "127.0.0.1:0", signal, ...options });
  const ask = async (method: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(new URL(path, server.url), { method, ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    ...server,
    ask,
    stop: () => stop.abort(new DOMException("Interrupted", "AbortError")),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

Deno.test("serveStore() tells that it lives, that it is ready, and what it counts", async () => {
  await using folder = await tempFolder();
  await using server = await serve(folder.path);
  for (const path of ["/livez", "/readyz"]) {
    const { status, text } = await server.ask("GET", path);
    assert.deepEqual([status, text], [200, "ok\n"]);
    assert.equal((await server.ask("POST", path)).status, 405);
  }
  const blob = new TextEncoder().encode("0123456789");
  const path = `/v2/a/b/blobs/uploads/?digest=${digestBytes(blob)}`;
  assert.equal((await server.ask("POST", path, { body: blob })).status, 201);
  await server.ask("POST", "/v2/a/b/blobs/uploads/");
  const { text, headers } = await server.ask("GET", "/metrics");
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^modelops_http_requests_total\{method="POST",status="201"\} 1$/m);
  assert.match(text, /^modelops_http_received_bytes_total 10$/m);
  assert.match(text, /^modelops_store_bytes 10$/m);
  assert.match(text, /^modelops_uploads_open 1$/m);
});

Deno.test("serveStore() counts its store again as soon as it can be read again", async () => {
  await using folder = await tempFolder();
  await using server = await serve(folder.path);
  const blobs = folder.join("content.v1/docker/registry/v2/blobs");
  await Deno.mkdir(dirname(blobs), { recursive: true });
  await Deno.symlink(blobs, blobs);
  assert.equal((await server.ask("GET", "/metrics")).status, 500);
  await Deno.remove(blobs);
  assert.equal((await server.ask("GET", "/metrics")).status, 200);
});

Deno.test("serveStore() opens reading to everybody, and writing to who has a password", async () => {
  await using folder = await tempFolder();
  const htpasswd = await folder.write("users", `ada:${HASH}\n`);
  await using server = await serve(folder.join("store"), { htpasswd, anonymous: "pull" });
  assert.equal((await server.ask("GET", "/v2/a/b/tags/list")).status, 404);
  assert.equal((await server.ask("GET", "/metrics")).status, 200);
  assert.equal((await server.ask("GET", "/v2/")).status, 401);
  const post = ["POST", "/v2/a/b/blobs/uploads/"] as const;
  assert.equal((await server.ask(...post)).status, 401);
  assert.equal((await server.ask(...post, { headers: ADA })).status, 202);
  const wrong = { headers: { authorization: `Basic ${btoa("ada:wrong")}` } };
  assert.equal((await server.ask("GET", "/v2/a/b/tags/list", wrong)).status, 401);
});

Deno.test("an Ollama client reads a model without a login, in ranges, and may not write", async () => {
  await using folder = await tempFolder();
  const htpasswd = await folder.write("users", `ada:${HASH}\n`);
  await using server = await serve(folder.join("store"), { htpasswd, anonymous: "pull" });
  const put = async (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => {
    const digest = digestBytes(bytes);
    const path = `/v2/library/tiny/blobs/uploads/?digest=${digest}`;
    const { status } = await server.ask("POST", path, { headers: ADA, body: bytes });
    assert.equal(status, 201);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const weights = crypto.getRandomValues(new Uint8Array(60_000));
  const text = (value: string) => new TextEncoder().encode(value);
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: await put("application/vnd.docker.container.image.v1+json", text("{}")),
    layers: [
      await put("application/vnd.ollama.image.model", weights),
      await put("application/vnd.ollama.image.template", text("{{ .Prompt }}")),
    ],
  };
  const path = "/v2/library/tiny/manifests/latest";
  const headers = { ...ADA, "content-type": mediaType };
  const body = JSON.stringify(manifest);
  assert.equal((await server.ask("PUT", path, { headers, body })).status, 201);

  const client = { "user-agent": "ollama/0.9.0 (amd64 linux) Go/go1.24" };
  const found = await server.ask("GET", path, { headers: { ...client, accept: mediaType } });
  assert.equal(found.headers.get("content-type"), mediaType);
  assert.deepEqual(JSON.parse(found.text), manifest);
  const [model] = manifest.layers;
  const blob = `${server.url}/v2/library/tiny/blobs/${model!.digest}`;
  const head = await fetch(blob, { method: "HEAD", headers: client });
  assert.equal(head.headers.get("content-length"), "60000");
  const parts = await Promise.all([0, 25_000, 50_000].map(async (start) => {
    const range = `bytes=${start}-${Math.min(start + 25_000, 60_000) - 1}`;
    const part = await fetch(blob, { headers: { ...client, range } });
    assert.equal(part.status, 206);
    return await part.bytes();
  }));
  assert.deepEqual(concatBytes(parts), weights);
  const upload = await server.ask("POST", "/v2/library/tiny/blobs/uploads/", { headers: client });
  assert.equal(upload.status, 401);
});

Deno.test("serveStore() keeps its counters from those who have no password", async () => {
  await using folder = await tempFolder();
  const htpasswd = await folder.write("users", `ada:${HASH}\n`);
  await using server = await serve(folder.join("store"), { htpasswd });
  assert.equal((await server.ask("GET", "/metrics")).status, 401);
  assert.equal((await server.ask("GET", "/livez")).status, 200);
  assert.equal((await server.ask("GET", "/metrics", { headers: ADA })).status, 200);
});

Deno.test("serveStore() logs who asked for what, and what came of it", async () => {
  await using folder = await tempFolder();
  const htpasswd = await folder.write("users", `ada:${HASH}\n`);
  const records: Record<string, unknown>[] = [];
  const log: Log = (level, message, properties) => {
    if (level === "info" && message === "Request answered") records.push({ ...properties, ms: 0 });
  };
  {
    await using server = await serve(folder.join("store"), { htpasswd, log });
    await server.ask("GET", "/v2/?x=1", { headers: ADA });
  }
  assert.deepEqual(records, [{
    remote: "127.0.0.1",
    user: "ada",
    method: "GET",
    path: "/v2/?x=1",
    status: 200,
    received: 0,
    bytes: 2,
    ms: 0,
  }]);
});

Deno.test("an upload that the end of the server cut off goes on at the next one", async () => {
  await using folder = await tempFolder();
  const first = await serve(folder.path, { drainTimeout: 10 });
  const location = (await first.ask("POST", "/v2/a/b/blobs/uploads/")).headers.get("location");
  assert.ok(location);
  const part = new TextEncoder().encode("01234");
  await first.ask("PATCH", location, { body: part });
  const body = new ReadableStream({ start: (stream) => stream.enqueue(part) });
  const cut = first.ask("PATCH", location, { body });
  // Its bytes are there when the upload has grown.
  for (let range = ""; range !== "0-9";) {
    range = (await first.ask("GET", location)).headers.get("range") ?? "";
  }
  first.stop();
  await assert.rejects(cut);
  await first.finished;
  await using second = await serve(folder.path);
  assert.equal((await second.ask("GET", location)).headers.get("range"), "0-9");
  const digest = digestBytes(new TextEncoder().encode("012340123456789"));
  const put = { body: "56789" };
  assert.equal((await second.ask("PUT", `${location}?digest=${digest}`, put)).status, 201);
});

Deno.test("serveStore() removes uploads that nobody goes on with, however far they came", async () => {
  await using folder = await tempFolder();
  const locations: string[] = [];
  {
    await using server = await serve(folder.path, { drainTimeout: 10 });
    for (const body of [undefined, "", "01234", "x".repeat(100_000)]) {
      const started = await server.ask("POST", "/v2/a/b/blobs/uploads/");
      const location = started.headers.get("location") ?? "";
      if (body !== undefined) await server.ask("PATCH", location, { body });
      assert.equal((await server.ask("GET", location)).status, 204);
      locations.push(location);
    }
  }
  let left = locations.length;
  const reaped = Promise.withResolvers<void>();
  const log: Log = (_level, message) => {
    if (message === "Abandoned upload removed" && --left === 0) reaped.resolve();
  };
  await using server = await serve(folder.path, { uploadAge: 1, log });
  await reaped.promise;
  for (const location of locations) {
    assert.equal((await server.ask("GET", location)).status, 404);
  }
});

e2eTest("serveStore() speaks TLS", { needs: [] }, async () => {
  await using folder = await tempFolder();
  const { caFile, server: { certFile, keyFile } } = await makeCertificates(folder.path);
  await using server = await serve(folder.join("store"), { tlsCert: certFile, tlsKey: keyFile });
  assert.match(server.url, /^https:/);
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile)] });
  const response = await fetch(`${server.url}/v2/`, { client });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "{}");
  // Clear HTTP is no TLS.
  await assert.rejects(fetch(`http://${server.address}/v2/`));
});

e2eTest(
  "serveStore() follows its certificate, and keeps it while the files are broken",
  {
    needs: ["openssl"],
  },
  async () => {
    await using folder = await tempFolder();
    const { caFile, server: first } = await makeCertificates(folder.path);
    const second = await makeSelfSigned(folder.path, "second");
    // A folder behind a link, as Kubernetes mounts secrets: the files of the names stay what they
    // are.
    for (const [name, { certFile, keyFile }] of Object.entries({ first, second })) {
      await folder.write(`${name}/tls.crt`, await Deno.readTextFile(certFile));
      await folder.write(`${name}/tls.key`, await Deno.readTextFile(keyFile));
    }
    await folder.write("mixed/tls.crt", await Deno.readTextFile(first.certFile));
    await folder.write("mixed/tls.key", await Deno.readTextFile(second.keyFile));
    await folder.write("broken/tls.crt", "nonsense");
    await folder.write("broken/tls.key", "nonsense");
    const turnTo = async (name: string) => {
      await Deno.symlink(folder.join(name), folder.join("next"));
      await Deno.rename(folder.join("next"), folder.join("now"));
    };
    await turnTo("first");
    await Deno.symlink("now/tls.crt", folder.join("tls.crt"));
    await Deno.symlink("now/tls.key", folder.join("tls.key"));
    const told: string[] = [];
    let tell: () => void = () => {};
    const log: Log = (level, message) => {
      if (!message.startsWith("Certificate")) return;
      told.push(`${level}: ${message}`);
      tell();
    };
    await using server = await serve(folder.join("store"), {
      tlsCert: folder.join("tls.crt"),
      tlsKey: folder.join("tls.key"),
      log,
    });
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(caFile)],
    });
    const url = server.url.replace("127.0.0.1", "localhost");
    const open = await fetch(`${url}/v2/`, { client });
    assert.match(await certificateShownBy(server.address), /test server$/);
    const turned = async (name: string) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      tell = resolve;
      await turnTo(name);
      await promise;
      return [told.pop(), (await certificateShownBy(server.address)).split(" ").at(-1)];
    };
    const kept = "warning: Certificate cannot be used; the earlier one stays";
    assert.deepEqual(await turned("broken"), [kept, "server"]);
    assert.deepEqual(await turned("second"), ["info: Certificate read again", "second"]);
    assert.deepEqual(await turned("nowhere"), [kept, "second"]);
    assert.deepEqual(await turned("mixed"), [kept, "second"]);
    assert.deepEqual(await turned("first"), ["info: Certificate read again", "server"]);
    // What was open before goes on.
    assert.equal(await open.text(), "{}");
    assert.deepEqual(told, []);
  },
);

e2eTest("serveStore() refuses certificates and keys that do not go together, or are not spoken", {
  needs: ["openssl"],
}, async () => {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const other = await makeSelfSigned(folder.path, "other");
  const rare = { certFile: folder.join("rare.pem"), keyFile: folder.join("rare.key") };
  await runOk("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -subj /CN=rare".split(" "),
    ...["-keyout", rare.keyFile, "-out", rare.certFile],
  ]);
  const chain = [caFile, server.certFile].map((file) => Deno.readTextFileSync(file)).join("");
  const not = /^Cannot listen on "127\.0\.0\.1:0": the key is not that of the first certificate$/;
  const rows: [certFile: string, keyFile: string, RegExp][] = [
    [server.certFile, other.keyFile, not],
    [await folder.write("wrong-order.pem", chain), server.keyFile, not],
    [rare.certFile, rare.keyFile, /^Cannot listen on .* private key/],
    [server.certFile, rare.keyFile, /^Cannot listen on .* private key/],
  ];
  for (const [tlsCert, tlsKey, message] of rows) {
    await assert.rejects(serve(folder.join("store"), { tlsCert, tlsKey }), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("serveStore() refuses what it cannot serve with", async () => {
  await using folder = await tempFolder();
  const rows: [Partial<ServeOptions>, RegExp, new (...args: never[]) => Error][] = [
    [{ tlsCert: "cert" }, /both a certificate and its key/, InvalidInputError],
    [{ tlsKey: "key" }, /both a certificate and its key/, InvalidInputError],
    [{ anonymous: "pull" }, /no passwords are set/, InvalidInputError],
    [
      { tlsCert: folder.join("none"), tlsKey: folder.join("none") },
      /no such file/i,
      NotFoundError,
    ],
    [
      {
        tlsCert: await folder.write("cert", "nonsense"),
        tlsKey: await folder.write("key", "nonsense"),
      },
      /^Cannot listen on/,
      InvalidInputError,
    ],
    [{ htpasswd: join(folder.path, "none") }, /none/, NotFoundError],
  ];
  for (const [options, message, type] of rows) {
    await assert.rejects(serve(folder.join("store"), options), (error) => {
      assert.ok(error instanceof type, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
