import assert from "node:assert/strict";
import { TransferError } from "../../src/core/errors.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { findEndpoint } from "../../src/registry/endpoint.ts";
import { makeCertificates } from "../support/certificates.ts";
import { withinDeadline } from "../support/deadline.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const NOT_TLS = "received corrupt message of type InvalidContentType";

/** The base URL that is found when the probe gives `outcome`, and what was probed. */
async function find(
  registry: string,
  outcome: Response | string = new Response(null, { status: 401 }),
  options: { plainHttp?: boolean; insecure?: boolean } = {},
) {
  const probed: Request[] = [];
  const base = await findEndpoint(registry, {
    ...options,
    probe: (request) => {
      probed.push(request);
      return outcome instanceof Response
        ? Promise.resolve(outcome)
        : Promise.reject(new TypeError("fetch failed", { cause: new Error(outcome) }));
    },
  });
  return { url: base.href, probed };
}

Deno.test("findEndpoint() uses HTTPS without a probe", async () => {
  const { url, probed } = await find("registry.test:5000", NOT_TLS);
  assert.equal(url, "https://registry.test:5000/");
  assert.equal(probed.length, 0);
});

Deno.test("findEndpoint() refuses names that a URL cannot have, or takes for another", async () => {
  for (const host of ["1.2.3.256", "99999999999999999999", "[:::]:5000", "xn--a.com", "[1:2]"]) {
    for (const plainHttp of [true, false]) {
      await assert.rejects(find(host, undefined, { plainHttp }), {
        name: "InvalidInputError",
        message: `Cannot use registry "${host}": it is not a host`,
      });
    }
  }
  const rows = [["0x10", "0.0.0.16"], ["127.1:5000", "127.0.0.1"], ["0x7f000001", "127.0.0.1"], [
    "1",
    "0.0.0.1",
  ]];
  for (const [host, address] of rows) {
    await assert.rejects(find(host!), {
      message: `Cannot use registry "${host}": it is the address ${address}`,
    });
  }
  for (const host of ["Registry.Test", "10.0.0.1:80", "[2001:DB8::1]:443", "a-b.c1", "1a"]) {
    assert.equal((await find(host)).url, new URL(`https://${host}/`).href);
  }
});

Deno.test("findEndpoint() knows where Docker Hub is", async () => {
  assert.equal((await find("docker.io")).url, "https://registry-1.docker.io/");
});

Deno.test("findEndpoint() uses HTTP without a probe where the user says so", async () => {
  const { url, probed } = await find("registry.test", NOT_TLS, { plainHttp: true });
  assert.equal(url, "http://registry.test/");
  assert.equal(probed.length, 0);
});

for (const host of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]) {
  Deno.test(`findEndpoint() falls back to HTTP on ${host}`, async () => {
    const { url, probed } = await find(host, NOT_TLS);
    assert.equal(url, `http://${host}/`);
    assert.deepEqual(probed.map((request) => request.url), [`https://${host}/v2/`]);
    assert.equal((await find(host)).url, `https://${host}/`);
  });
}

Deno.test("findEndpoint() falls back to HTTP anywhere under insecure", async () => {
  const options = { insecure: true };
  assert.equal((await find("registry.test", NOT_TLS, options)).url, "http://registry.test/");
  assert.equal((await find("registry.test", undefined, options)).url, "https://registry.test/");
});

Deno.test("findEndpoint() does not give up TLS over a certificate", async () => {
  const { url } = await find("localhost:5000", "invalid peer certificate: UnknownIssuer");
  assert.equal(url, "https://localhost:5000/");
});

Deno.test("findEndpoint() sends no credentials with the probe", async () => {
  const { probed } = await find("localhost:5000");
  assert.deepEqual([...probed[0]!.headers.keys()], []);
});

Deno.test("findEndpoint() says so when nobody is there", async () => {
  await assert.rejects(find("localhost:5000", "connection refused"), (error) => {
    assert(error instanceof TransferError);
    assert.equal(error.message, 'Cannot reach "localhost:5000": the connection was refused');
    return true;
  });
});

Deno.test("findEndpoint() stops with the signal's reason", async () => {
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  const probe = () => Promise.reject(reason);
  await assert.rejects(findEndpoint("localhost", { probe, signal }), (error) => error === reason);
});

Deno.test("findEndpoint() waits no longer for a greeting than for an answer", async () => {
  const probe = ({ signal }: Request) =>
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  const retry = { stallTime: 10, firstWait: 1 };
  const error = await withinDeadline(async (signal) =>
    await findEndpoint("localhost:5000", { probe, retry, signal }).catch((error) => error)
  );
  assert(error instanceof TransferError);
  assert.match(error.message, /"localhost:5000": it did not answer in time$/);
});

Deno.test("a connection that is cut never leads from TLS to clear text on another machine", async () => {
  const cut = () =>
    Promise.reject(new TypeError("fetch failed", { cause: new Error("connection reset") }));
  const remote = await findEndpoint("registry.test", { insecure: true, probe: cut });
  assert.equal(remote.href, "https://registry.test/");
});

/** What a server says that hangs up on TLS, when it is asked without. */
const WITHOUT_TLS: readonly (readonly [string, string, () => Promise<Response>])[] = [
  ["http:", "an answer", () => Promise.resolve(new Response("{}"))],
  ["http:", "a refusal", () => Promise.resolve(new Response(null, { status: 401 }))],
  [
    "http:",
    "400 for reasons of its own",
    () => Promise.resolve(new Response("{}", { status: 400 })),
  ],
  [
    "https:",
    "the words of Go",
    () =>
      Promise.resolve(
        new Response("Client sent an HTTP request to an HTTPS server.\n", { status: 400 }),
      ),
  ],
  ["https:", "the words of nginx", () =>
    Promise.resolve(
      new Response("<h1>The plain HTTP request was sent to HTTPS port</h1>", { status: 400 }),
    )],
  ["https:", "the words of Apache", () =>
    Promise.resolve(
      new Response("You're speaking plain HTTP to an SSL-enabled server port.", { status: 400 }),
    )],
  [
    "https:",
    "a redirect to TLS",
    () =>
      Promise.resolve(
        new Response(null, { status: 301, headers: { Location: "https://localhost:5000/v2/" } }),
      ),
  ],
];

for (const [protocol, what, answer] of WITHOUT_TLS) {
  Deno.test(`a server of this machine that hangs up on TLS, and gives ${what}, speaks ${protocol}`, async () => {
    const probe = ({ url }: Request) =>
      url.startsWith("https:")
        ? Promise.reject(new TypeError("fetch failed", { cause: new Error("tls handshake eof") }))
        : answer();
    for (const host of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]) {
      assert.equal((await findEndpoint(host, { probe })).protocol, protocol);
    }
  });
}

Deno.test("findEndpoint() greets servers of this machine, and sends a request to no other", async () => {
  const greeted: string[] = [];
  const find = async (registry: string, answer: boolean | undefined) => {
    const probe = () => Promise.resolve(new Response());
    const speaksTls = ({ host }: URL) => {
      greeted.push(host);
      return Promise.resolve(answer);
    };
    return (await findEndpoint(registry, { insecure: true, probe, speaksTls })).href;
  };
  assert.equal(await find("localhost:5000", false), "http://localhost:5000/");
  assert.equal(await find("127.0.0.1:5000", true), "https://127.0.0.1:5000/");
  assert.equal(await find("[::1]:5000", undefined), "https://[::1]:5000/");
  assert.equal(await find("registry.test", false), "https://registry.test/");
  assert.deepEqual(greeted, ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]);
});

/** How a first greeting is lost. */
const LOSSES = ["connection reset by peer", "tls handshake eof", "operation timed out"];

/** A policy that does not wait. */
const AT_ONCE = { sleep: () => Promise.resolve() };

for (const loss of LOSSES) {
  Deno.test(`findEndpoint() asks again after "${loss}", and goes by what is said then`, async () => {
    for (const speaks of ["https:", "http:"]) {
      for (const lost of [1, 3]) {
        let greetings = 0;
        const base = await findEndpoint("localhost:5000", {
          retry: AT_ONCE,
          probe: () => Promise.reject(new TypeError("x", { cause: new Error(loss) })),
          speaksTls: () =>
            ++greetings <= lost
              ? Promise.reject(new Error(loss))
              : Promise.resolve(speaks === "https:"),
        });
        assert.equal(base.protocol, speaks);
        assert.equal(greetings, lost + 1);
      }
    }
  });

  Deno.test(`findEndpoint() fails when all that it hears is "${loss}"`, async () => {
    let asked = 0;
    const lose = () => Promise.reject(new Error(`${loss} ${++asked}`));
    const finding = findEndpoint("localhost:5000", {
      retry: { ...AT_ONCE, attempts: 3 },
      probe: lose,
      speaksTls: lose,
    });
    await assert.rejects(finding, /^TransferError: Cannot reach "localhost:5000": /);
    assert.equal(asked, 6);
  });
}

/** A server of TLS that resets its first connections, as one of a busy machine may. */
function resetting(count: number, tls: { readonly cert: string; readonly key: string }) {
  const inner = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls },
    () => Response.json({}),
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let seen = 0;
  const serve = async (conn: Deno.TcpConn) => {
    if (++seen <= count) {
      // What is not read when it is closed becomes a reset.
      await conn.read(new Uint8Array(1));
      return conn.close();
    }
    const onward = await Deno.connect({ hostname: "127.0.0.1", port: inner.addr.port });
    await Promise.allSettled([
      conn.readable.pipeTo(onward.writable),
      onward.readable.pipeTo(conn.writable),
    ]);
  };
  const running: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) running.push(serve(conn));
  })();
  return {
    host: `localhost:${listener.addr.port}`,
    connections: () => seen,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await inner.shutdown();
      await Promise.all(running);
    },
  };
}

e2eTest("a registry of this machine that resets the first greeting is one of TLS still", {
  needs: ["openssl"],
}, async () => {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const [ca, cert, key] = await Promise.all(
    [caFile, server.certFile, server.keyFile].map((file) => Deno.readTextFile(file)),
  );
  for (const count of [1, 2, 5]) {
    await using registry = resetting(count, { cert: cert!, key: key! });
    await using client = new RegistryClient({ caCerts: [ca!], retry: { firstWait: 1 } });
    await client.ping(registry.host);
    assert(registry.connections() > count);
  }
});
