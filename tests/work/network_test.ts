/** Authorities, client certificates and proxies hold for what another thread receives, too. */
import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { explainFault } from "../../src/http/faults.ts";
import type { Transport, TransportOptions } from "../../src/http/transport_options.ts";
import { bodyToFile, offloaded } from "../../src/work/remote_body.ts";
import { makeCertificates, makeSelfSigned } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const SIZE = 5 * 1024 * 1024 + 3;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 17 + (index >> 7));

const notHere: Transport = () => Promise.reject(new Error("received in this thread"));

/** Lets a server of node listen on a free port until it is disposed. */
async function listening(server: http.Server | https.Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function receive(url: string, network: TransportOptions): Promise<Uint8Array> {
  await using folder = await tempFolder();
  const path = await folder.write("file", "");
  const response = await offloaded(notHere, network)(new Request(url), { bytesToFile: SIZE });
  const received = await bodyToFile(response, { path, at: 0, length: SIZE });
  assert.deepEqual([received.bytes, received.fault], [SIZE, undefined]);
  return await Deno.readFile(path);
}

e2eTest(
  "another thread trusts a given authority, or everybody, and shows the client's certificate",
  {
    needs: ["openssl"],
  },
  async () => {
    await using folder = await tempFolder();
    const { caFile, server, client } = await makeCertificates(folder.path);
    const [ca, serverCert, serverKey, cert, key] = await Promise.all(
      [caFile, server.certFile, server.keyFile, client.certFile, client.keyFile]
        .map((path) => Deno.readTextFile(path)),
    );
    const identity = { cert: serverCert, key: serverKey };
    const answer = (_: unknown, response: http.ServerResponse) => void response.end(BYTES);
    {
      await using open = await listening(https.createServer(identity, answer));
      const url = `https://${open.host}/`;
      assert.deepEqual(await receive(url, { caCerts: [ca!] }), BYTES);
      assert.deepEqual(await receive(url, { insecure: true }), BYTES);
      await assert.rejects(receive(url, {}), (error) => {
        assert.equal(explainFault(error).reason, "its certificate is not trusted");
        return true;
      });
    }
    const strict = { ...identity, ca, requestCert: true, rejectUnauthorized: true };
    await using closed = await listening(https.createServer(strict, answer));
    const known = { caCerts: [ca!], cert, key };
    assert.deepEqual(await receive(`https://${closed.host}/`, known), BYTES);
  },
);

Deno.test("another thread goes through the proxy, and past it where that is said", async () => {
  const seen: string[] = [];
  const answer = (_: unknown, response: http.ServerResponse) => void response.end(BYTES);
  await using origin = await listening(http.createServer(answer));
  await using proxy = await listening(http.createServer((request, response) => {
    seen.push(request.url ?? "");
    response.end(BYTES);
  }));
  const url = `http://${origin.host}/`;
  const settings = { http: `http://${proxy.host}` };
  assert.deepEqual(await receive(url, { proxy: settings }), BYTES);
  assert.deepEqual(seen, [url]);
  assert.deepEqual(await receive(url, { proxy: { ...settings, noProxy: "127.0.0.1" } }), BYTES);
  assert.deepEqual(seen, [url]);
});

e2eTest("another thread trusts the machine's authorities, and a certificate that signs itself", {
  needs: ["openssl"],
}, async () => {
  await using folder = await tempFolder();
  const { caFile, server } = await makeCertificates(folder.path);
  const own = await makeSelfSigned(folder.path, "own");
  const answer = (_: unknown, response: http.ServerResponse) => void response.end(BYTES);
  const rows = [[server, caFile], [own, own.certFile]] as const;
  for (const [{ certFile, keyFile }, file] of rows) {
    const [cert, key] = await Promise.all(
      [certFile, keyFile].map((path) => Deno.readTextFile(path)),
    );
    await using open = await listening(https.createServer({ cert, key }, answer));
    const url = `https://${open.host.replace("127.0.0.1", "localhost")}/`;
    assert.deepEqual(await receive(url, { authorities: { file } }), BYTES);
    await assert.rejects(receive(url, {}), (error) => {
      assert.equal(explainFault(error).reason, "its certificate is not trusted");
      return true;
    });
  }
});

Deno.test("another thread takes a proxy without a scheme, and refuses one of another by name", async () => {
  const seen: string[] = [];
  await using proxy = await listening(http.createServer((request, response) => {
    seen.push(request.url ?? "");
    response.end(BYTES);
  }));
  assert.deepEqual(await receive("http://blobs.test/x", { proxy: { http: proxy.host } }), BYTES);
  assert.deepEqual(seen, ["http://blobs.test/x"]);
  await assert.rejects(
    receive("http://blobs.test/x", { proxy: { http: "socks5://proxy.test" } }),
    /"socks5:\/\/" are not supported/,
  );
});
