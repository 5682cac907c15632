import assert from "node:assert/strict";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import type { TLSSocket } from "node:tls";
import { InvalidInputError, TransferError } from "../../src/core/errors.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { explainFault } from "../../src/http/faults.ts";
import { retrying } from "../../src/http/retrying.ts";
import { createTransport } from "../../src/http/transport.ts";
import type { TransportOptions } from "../../src/http/transport_options.ts";
import { requireTool } from "../../scripts/services.ts";
import { makeCertificates, makeSelfSigned } from "../support/certificates.ts";
import { runOk } from "../support/command.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

/** Certificates as PEM text. */
async function pems() {
  await using temp = await tempFolder();
  const files = await makeCertificates(temp.path);
  const read = (path: string) => Deno.readTextFile(path);
  return {
    ca: await read(files.caFile),
    cert: await read(files.server.certFile),
    key: await read(files.server.keyFile),
    clientCert: await read(files.client.certFile),
    clientKey: await read(files.client.keyFile),
  };
}

let made: ReturnType<typeof pems> | undefined;

/** The same certificates for all tests. */
const certificates = () => made ??= pems();

const NEEDS = { needs: ["openssl"] } as const;

interface Running extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
}

async function listen(server: net.Server, scheme: string): Promise<Running> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return {
    host,
    url: `${scheme}://${host}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Tells what it saw of a request. */
function echo(request: http.IncomingMessage, response: http.ServerResponse): void {
  let size = 0;
  request.on("data", (chunk: Uint8Array) => size += chunk.byteLength);
  request.on("end", () => {
    const peer = (request.socket as TLSSocket).getPeerCertificate?.();
    if (request.url === "/redirect") response.writeHead(307, { Location: "/" });
    response.end(JSON.stringify({
      method: request.method,
      length: request.headers["content-length"],
      chunked: request.headers["transfer-encoding"],
      agent: request.headers["user-agent"],
      encoding: request.headers["accept-encoding"],
      client: peer?.subject?.CN,
      size,
    }));
  });
}

const startHttp = () => listen(http.createServer(echo), "http");
const startHttps = async () => {
  const { ca, cert, key } = await certificates();
  const options = { ca, cert, key, requestCert: true, rejectUnauthorized: false };
  return await listen(https.createServer(options, echo), "https");
};

/** Sends with a new transport, a body where `size` says so, and reads what the server saw. */
async function ask(url: string, options: TransportOptions = {}, size?: number) {
  using transport = createTransport(options);
  const chunk = new Uint8Array(1000);
  const init = size === undefined ? {} : {
    method: "PUT",
    headers: { "Content-Length": String(size) },
    body: ReadableStream.from(Array.from({ length: size / 1000 }, () => chunk)),
  };
  const response = await transport.send(new Request(url, init));
  return { status: response.status, ...await response.json() };
}

e2eTest("a stream is sent with its length, without TLS and with it", NEEDS, async () => {
  const certs = await certificates();
  await using plain = await startHttp();
  await using secure = await startHttps();
  for (const url of [plain.url, secure.url]) {
    const seen = await ask(url, { caCerts: [certs.ca] }, 2_000_000);
    assert.equal(seen.length, "2000000");
    assert.equal(seen.size, 2_000_000);
    assert.equal(seen.chunked, undefined);
  }
});

Deno.test("requests name this program and want content as it is stored", async () => {
  await using server = await startHttp();
  for (const size of [undefined, 1000]) {
    const { agent, encoding } = await ask(server.url, { userAgent: "modelops/1" }, size);
    assert.deepEqual([agent, encoding], ["modelops/1", "identity"]);
  }
});

Deno.test("redirects are not followed", async () => {
  await using server = await startHttp();
  assert.equal((await ask(`${server.url}redirect`)).status, 307);
  assert.equal((await ask(`${server.url}redirect`, {}, 1000)).status, 307);
});

e2eTest(
  "a certificate of an unknown authority is not trusted, until the authority is given",
  NEEDS,
  async () => {
    const certs = await certificates();
    await using server = await startHttps();
    for (const size of [undefined, 1000]) {
      await assert.rejects(ask(server.url, {}, size), (error) => {
        assert.equal(explainFault(error).reason, "its certificate is not trusted");
        return true;
      });
      assert.equal((await ask(server.url, { caCerts: [certs.ca] }, size)).status, 200);
      assert.equal((await ask(server.url, { insecure: true }, size)).status, 200);
    }
  },
);

e2eTest("an authority may stand anywhere in a bundle", NEEDS, async () => {
  const certs = await certificates();
  await using server = await startHttps();
  const bundle = `# Authorities\n\n${certs.cert}\n# The right one\n${certs.ca}`;
  for (const size of [undefined, 1000]) {
    assert.equal((await ask(server.url, { caCerts: [bundle] }, size)).status, 200);
  }
});

e2eTest("a client certificate is shown to the registry", NEEDS, async () => {
  const certs = await certificates();
  await using server = await startHttps();
  const options = { caCerts: [certs.ca], cert: certs.clientCert, key: certs.clientKey };
  for (const size of [undefined, 1000]) {
    assert.match((await ask(server.url, options, size)).client, /client/);
    assert.equal((await ask(server.url, { caCerts: [certs.ca] }, size)).client, undefined);
  }
});

e2eTest("a client certificate is not shown where a registry redirects to", NEEDS, async () => {
  const certs = await certificates();
  const seen: unknown[] = [];
  const { ca, cert, key } = certs;
  const options = { ca, cert, key, requestCert: true, rejectUnauthorized: false };
  const note = (request: http.IncomingMessage) => {
    seen.push((request.socket as TLSSocket).getPeerCertificate()?.subject?.CN);
  };
  await using other = await listen(
    https.createServer(options, (request, response) => {
      note(request);
      response.end("{}");
    }),
    "https",
  );
  await using registry = await listen(
    https.createServer(options, (request, response) => {
      note(request);
      response.writeHead(307, { Location: other.url }).end();
    }),
    "https",
  );
  await using client = new RegistryClient({
    caCerts: [ca],
    cert: certs.clientCert,
    key: certs.clientKey,
  });
  await client.ping(registry.host);
  assert.match(String(seen[0]), /client/);
  assert.deepEqual(seen.slice(-1), [undefined]);
});

e2eTest(
  "what is no certificate, key or proxy is refused before anything is sent",
  NEEDS,
  async () => {
    const certs = await certificates();
    const { clientCert: cert, clientKey: key } = certs;
    const bad: TransportOptions[] = [
      { caCerts: ["garbage"] },
      { caCerts: [certs.ca, ""] },
      { cert },
      { key },
      { cert: "garbage", key },
      { cert, key: "garbage" },
      { proxy: "socks5://user:secret@proxy.test" },
      { proxy: "ftp://user:secret@proxy.test" },
    ];
    for (const options of bad) {
      assert.throws(() => createTransport(options), (error) => {
        assert(error instanceof InvalidInputError);
        assert(!error.message.includes("secret"));
        return true;
      }, JSON.stringify(options).slice(0, 60));
    }
  },
);

Deno.test("a server may answer before the body is sent", async () => {
  await using server = await listen(
    http.createServer((_, response) => response.writeHead(413).end('{"early":true}')),
    "http",
  );
  const seen = await ask(server.url, {}, 50_000_000);
  assert.deepEqual(seen, { status: 413, early: true });
});

Deno.test("a body that fails while it is sent fails the request with its own error", async () => {
  await using server = await startHttp();
  using transport = createTransport();
  const failure = new Error("disk");
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(failure);
    },
  });
  const headers = { "Content-Length": "100" };
  const sending = transport.send(new Request(server.url, { method: "PUT", headers, body }));
  await assert.rejects(sending, (error) => error === failure);
});

for (const insecure of [false, true]) {
  Deno.test(`an abort ends a request with the signal's reason (insecure: ${insecure})`, async () => {
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => arrived = resolve);
    await using server = await listen(http.createServer(() => arrived()), "http");
    using transport = createTransport({ insecure });
    const controller = new AbortController();
    const reason = new Error("stop");
    const sending = transport.send(new Request(server.url, { signal: controller.signal }));
    await Promise.all([
      arrival.then(() => controller.abort(reason)),
      assert.rejects(sending, (error) => error === reason),
    ]);
  });
}

Deno.test("an abort ends an upload that the server does not read", async () => {
  let cancelled = false;
  const controller = new AbortController();
  const reason = new Error("stop");
  await using server = await listen(http.createServer(() => controller.abort(reason)), "http");
  using transport = createTransport();
  const body = new ReadableStream({
    pull: (stream) => stream.enqueue(new Uint8Array(1024 * 1024)),
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  const headers = { "Content-Length": String(1e12) };
  const { signal } = controller;
  const sending = transport.send(new Request(server.url, { method: "PUT", headers, body, signal }));
  await assert.rejects(sending, (error) => error === reason);
  assert(cancelled);
});

/** A proxy that wants credentials and remembers what went through it. */
async function startProxy() {
  const seen: string[] = [];
  const allowed = (request: http.IncomingMessage) => {
    seen.push(`${request.method} ${request.url}`);
    return request.headers["proxy-authorization"] === `Basic ${btoa("ann:p@ss")}`;
  };
  const server = http.createServer((request, response) => {
    if (!allowed(request)) return void response.writeHead(407).end("{}");
    const { method, headers } = request;
    const onward = http.request(request.url!, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    if (!allowed(request)) {
      return void socket.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
      );
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = net.connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
    socket.on("close", () => onward.destroy());
  });
  const running = await listen(server, "http");
  return { seen, running, url: `http://ann:p%40ss@${running.host}` };
}

e2eTest("requests go through a proxy, with its credentials", NEEDS, async () => {
  const certs = await certificates();
  await using plain = await startHttp();
  await using secure = await startHttps();
  const proxy = await startProxy();
  await using _running = proxy.running;
  const options = { caCerts: [certs.ca], proxy: proxy.url };
  for (const size of [undefined, 1000]) {
    assert.equal((await ask(plain.url, options, size)).status, 200);
    assert.equal((await ask(secure.url, options, size)).status, 200);
  }
  assert.equal((await ask(secure.url, { ...options, insecure: true })).status, 200);
  assert.deepEqual(proxy.seen, [
    `GET ${plain.url}`,
    `CONNECT ${secure.host}`,
    `PUT ${plain.url}`,
    `CONNECT ${secure.host}`,
    `CONNECT ${secure.host}`,
  ]);
});

Deno.test("hosts of noProxy are reached directly", async () => {
  await using plain = await startHttp();
  const proxy = await startProxy();
  await using _running = proxy.running;
  const settings = { http: proxy.url, https: proxy.url, noProxy: "127.0.0.0/8" };
  for (const size of [undefined, 1000]) {
    assert.equal((await ask(plain.url, { proxy: settings }, size)).status, 200);
  }
  assert.deepEqual(proxy.seen, []);
});

e2eTest("a proxy that wants other credentials is an error that says so", NEEDS, async () => {
  await using secure = await startHttps();
  const proxy = await startProxy();
  await using running = proxy.running;
  const retry = { sleep: () => Promise.resolve() };
  await using client = new RegistryClient({ proxy: `http://${running.host}`, retry });
  await assert.rejects(client.ping(secure.host), (error) => {
    assert(error instanceof TransferError);
    assert.match(error.message, /the proxy wants credentials/);
    return true;
  });
});

/** What a proxy may say in place of connecting, and what is said of it. */
const REFUSALS: readonly (readonly [number, string, RegExp])[] = [
  [201, "Created", /the proxy does not connect to it/],
  [301, "Moved", /the proxy does not connect to it/],
  [401, "Unauthorized", /the proxy does not connect to it/],
  [403, "Forbidden", /the proxy does not connect to it/],
  [404, "Not Found", /the proxy does not connect to it/],
  [407, "Proxy Authentication Required", /the proxy wants credentials/],
  [502, "Bad Gateway", /the proxy does not connect to it/],
];

for (const [status, reason, told] of REFUSALS) {
  Deno.test(`${status} of a proxy that does not connect is never taken for the server's answer`, async () => {
    const proxy = http.createServer();
    proxy.on("connect", (_request, socket) => {
      socket.end(
        `HTTP/1.1 ${status} ${reason}\r\nLocation: https://evil.test/\r\n` +
          'WWW-Authenticate: Bearer realm="https://evil.test/"\r\nContent-Length: 2\r\n\r\n{}',
      );
    });
    await using running = await listen(proxy, "http");
    for (const insecure of [false, true]) {
      const secret = `http://ann:s3cret@${running.host}`;
      using transport = createTransport({ proxy: secret, insecure });
      const send = retrying(transport.send, { attempts: 2, firstWait: 1 });
      for (const init of [{}, { method: "PUT", body: "x", headers: { "Content-Length": "1" } }]) {
        await assert.rejects(send(new Request("https://registry.test/v2/", init)), (error) => {
          assert(error instanceof TransferError, String(error));
          assert.match(error.message, told);
          assert.doesNotMatch(Deno.inspect(error), /s3cret/);
          return true;
        });
      }
    }
  });
}

Deno.test("407 without a tunnel is a proxy that wants credentials too", async () => {
  const proxy = await startProxy();
  await using running = proxy.running;
  using transport = createTransport({ proxy: `http://ann:wr0ng@${running.host}` });
  const send = retrying(transport.send, { attempts: 2, firstWait: 1 });
  for (const init of [{}, { method: "PUT", body: "x", headers: { "Content-Length": "1" } }]) {
    await assert.rejects(
      send(new Request("http://registry.test/v2/", init)),
      /^TransferError: Cannot reach "registry\.test": the proxy wants credentials$/,
    );
  }
});

Deno.test("a server without TLS on this machine is found at the price of one connection", async () => {
  await using plain = await startHttp();
  await using client = new RegistryClient();
  await client.ping(plain.host);
  await using lenient = new RegistryClient({ insecure: true });
  await lenient.ping(plain.host);
});

e2eTest(
  "a registry with a certificate that is not trusted is an error that says what helps",
  NEEDS,
  async () => {
    await using secure = await startHttps();
    await using client = new RegistryClient();
    await assert.rejects(client.ping(secure.host), (error) => {
      assert(error instanceof TransferError);
      assert.match(error.message, /its certificate is not trusted/);
      assert.match(error.facts.remedy ?? "", /--ca-file/);
      return true;
    });
  },
);

Deno.test("a server that takes nothing of a body for the configured time is lost", async () => {
  // A body larger than what the sockets of both sides keep for a server that does not read.
  await using silent = await listen(net.createServer((socket) => socket.pause()), "http");
  await assert.rejects(ask(silent.url, { stallTime: 20 }, 50_000_000), (error) => {
    assert.deepEqual(explainFault(error).kind, "lost");
    return true;
  });
});

/** A server at `localhost` with a certificate that signs itself, and another such certificate. */
async function startSelfSigned(folder: string) {
  const [own, other] = await Promise.all(
    ["own", "other"].map((name) => makeSelfSigned(folder, name)),
  );
  const [cert, key] = [
    await Deno.readTextFile(own!.certFile),
    await Deno.readTextFile(own!.keyFile),
  ];
  const server = await listen(https.createServer({ cert, key }, echo), "https");
  return { server, cert, certFile: own!.certFile, other: await Deno.readTextFile(other!.certFile) };
}

const untrusted = (error: unknown) => {
  assert.match(explainFault(error).reason, /its certificate is (not trusted|for another name)/);
  return true;
};

e2eTest(
  "a certificate that signs itself is accepted when it is named, and no other",
  NEEDS,
  async () => {
    await using folder = await tempFolder();
    const { server, cert, certFile, other } = await startSelfSigned(folder.path);
    await using _server = server;
    const url = server.url.replace("127.0.0.1", "localhost");
    for (const size of [undefined, 1000]) {
      assert.equal((await ask(url, { caCerts: [cert] }, size)).status, 200);
      assert.equal((await ask(url, { caCerts: [other, cert] }, size)).status, 200);
      assert.equal((await ask(url, { authorities: { file: certFile } }, size)).status, 200);
      await assert.rejects(ask(url, { caCerts: [other] }, size), untrusted);
      await assert.rejects(ask(url, {}, size), untrusted);
      // It is for the name `localhost` only.
      await assert.rejects(ask(server.url, { caCerts: [cert] }, size), untrusted);
    }
  },
);

e2eTest(
  "a certificate that is not checked and cannot be used is not said to be trusted by nobody",
  NEEDS,
  async () => {
    await using folder = await tempFolder();
    const [certFile, keyFile] = [`${folder.path}/short.pem`, `${folder.path}/short.key`];
    await runOk(requireTool("openssl"), [
      ..."req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=localhost".split(" "),
      ...["-keyout", keyFile, "-out", certFile],
    ]);
    // The server of this runtime takes no such key.
    await using server = new Deno.Command(requireTool("openssl"), {
      args: [
        ..."s_server -accept 127.0.0.1:0 -www -cipher DEFAULT@SECLEVEL=0".split(" "),
        ...["-cert", certFile, "-key", keyFile],
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let said = "";
    for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (/ACCEPT .*\n/.test(said)) break;
    }
    const url = `https://${/ACCEPT (.*)\n/.exec(said)?.[1]}/`;
    for (const size of [undefined, 1000]) {
      await assert.rejects(ask(url, { insecure: true }, size), (error) => {
        assert.match(explainFault(error).reason, /short key|signed too weakly/);
        return true;
      });
    }
  },
);

/** What looks like certificates to whoever only looks at the first line. */
const DAMAGED = ["garbage", btoa("x".repeat(300)), ""].map((body) =>
  `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
);

e2eTest("a damaged certificate among good ones is an error where it is named", NEEDS, async () => {
  const { cert, ca } = await certificates();
  await using folder = await tempFolder();
  await using server = await startHttps();
  for (const damaged of DAMAGED) {
    const texts = [damaged + ca, ca + damaged + cert, ca + cert + damaged];
    for (const [index, text] of texts.entries()) {
      const count = index === 0 ? 2 : 3;
      const reason = new RegExp(`certificate ${index + 1} of ${count} in it is damaged$`);
      assert.throws(() => createTransport({ caCerts: [text] }), reason);
      const file = await folder.write("named.pem", text);
      await assert.rejects(ask(server.url, { authorities: { file } }), reason);
    }
  }
});

e2eTest("a certificate counts however its lines are written", NEEDS, async () => {
  const { ca } = await certificates();
  await using server = await startHttps();
  const body = ca.replace(/-----.*/g, "").replace(/\s/g, "");
  const block = (text: string) => `-----BEGIN CERTIFICATE-----${text}-----END CERTIFICATE-----`;
  const forms = [
    `\ufeff${ca.replaceAll("\n", "\r\n")}`,
    `notes\n${ca.replaceAll("\n", "\n  ")}`,
    block(`\n${body}\n`),
    block(`\r\n${body.replace(/.{76}/g, "$&\r\n")}\r\n`),
    `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${ca}`,
  ];
  for (const form of forms) {
    for (const size of [undefined, 1000]) {
      assert.equal((await ask(server.url, { caCerts: [form] }, size)).status, 200, form);
    }
  }
});

e2eTest("authorities of the machine's files and folders are trusted", NEEDS, async () => {
  await using folder = await tempFolder();
  const { ca } = await certificates();
  await using server = await startHttps();
  const file = await folder.write("ca.pem", `# comment\n${ca}`);
  await folder.write("certs/0a1b2c3d.0", ca);
  await folder.write("certs/README", "no certificate");
  await folder.write("certs/folder/x", "nor this");
  await folder.write("certs/damaged.pem", DAMAGED[0]!);
  await folder.write("certs/both.pem", DAMAGED.join(""));
  await Deno.symlink("nowhere", `${folder.path}/certs/broken.0`);
  const folders = [`${folder.path}/missing`, `${folder.path}/certs`];
  for (const size of [undefined, 1000]) {
    assert.equal((await ask(server.url, { authorities: { file } }, size)).status, 200);
    assert.equal((await ask(server.url, { authorities: { folders } }, size)).status, 200);
  }
});

e2eTest(
  "a file of authorities that is missing or is none matters when TLS needs it",
  NEEDS,
  async () => {
    await using folder = await tempFolder();
    const garbage = await folder.write("garbage.pem", "garbage");
    await using plain = await startHttp();
    await using secure = await startHttps();
    const bad: readonly (readonly [string, RegExp])[] = [
      [`${folder.path}/missing.pem`, /missing\.pem": no such file/],
      [garbage, /garbage\.pem".*holds no PEM certificate/],
      [folder.path, /it is a directory/],
    ];
    for (const size of [undefined, 1000]) {
      for (const [file, reason] of bad) {
        assert.equal((await ask(plain.url, { authorities: { file } }, size)).status, 200);
        await assert.rejects(ask(secure.url, { authorities: { file } }, size), reason);
      }
      assert.equal(
        (await ask(secure.url, { authorities: { file: garbage }, insecure: true }, size)).status,
        200,
      );
    }
  },
);

Deno.test("a port that browsers block is a port like others", async () => {
  for (const port of [6000, 6665, 6666, 6668, 10080]) {
    const server = http.createServer(echo);
    const bound = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!bound) continue;
    try {
      for (const size of [undefined, 1000]) {
        assert.equal((await ask(`http://127.0.0.1:${port}/`, {}, size)).status, 200);
      }
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
});
