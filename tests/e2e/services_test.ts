import assert from "node:assert/strict";
import { makeCertificates } from "../support/certificates.ts";
import { e2eTest, skopeo, startAzurite, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const needs = ["docker-registry"] as const;

async function status(url: string, init: RequestInit & { client?: Deno.HttpClient } = {}) {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return response.status;
}

function basic(username: string, password: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`${username}:${password}`)}` };
}

e2eTest("startRegistry() lets everybody in and leaves nothing behind", { needs }, async () => {
  let root: string;
  {
    await using registry = await startRegistry();
    root = registry.root;
    assert.equal(await status(`http://${registry.address}/v2/`), 200);
    assert.match(registry.logs(), /listening on/);
  }
  await assert.rejects(Deno.stat(root), Deno.errors.NotFound);
});

e2eTest("startRegistry() with htpasswd lets only its user in", { needs }, async () => {
  await using registry = await startRegistry({
    htpasswd: { username: "ann", password: "pässword" },
  });
  const url = `http://${registry.address}/v2/`;
  const utf8 = String.fromCharCode(...new TextEncoder().encode("pässword"));
  assert.equal(await status(url), 401);
  assert.equal(await status(url, { headers: basic("ann", "wrong") }), 401);
  assert.equal(await status(url, { headers: basic("ann", utf8) }), 200);
});

e2eTest(
  "startRegistry() with TLS lets in clients that trust its authority",
  { needs: ["docker-registry", "openssl"] },
  async () => {
    await using folder = await tempFolder();
    const { caFile, server, client } = await makeCertificates(folder.path);
    await using registry = await startRegistry({ tls: { ...server, clientCaFile: caFile } });
    const caCerts = [await Deno.readTextFile(caFile)];
    const cert = await Deno.readTextFile(client.certFile);
    const key = await Deno.readTextFile(client.keyFile);
    const url = `https://${registry.address}/v2/`;
    using known = Deno.createHttpClient({ caCerts, cert, key });
    assert.equal(await status(url, { client: known }), 200);
    using unknown = Deno.createHttpClient({ caCerts });
    await assert.rejects(status(url, { client: unknown }), TypeError);
    await assert.rejects(status(url), TypeError);
  },
);

e2eTest("startRegistry() keeps a folder that the caller named", { needs }, async () => {
  await using folder = await tempFolder();
  {
    await using _registry = await startRegistry({ rootDirectory: folder.path });
  }
  assert.equal((await Deno.stat(folder.path)).isDirectory, true);
});

e2eTest("skopeo() says what the program printed when it fails", {
  needs: ["skopeo", "docker-registry"],
}, async () => {
  await using registry = await startRegistry();
  const missing = `docker://${registry.address}/nothing:v1`;
  await assert.rejects(skopeo("inspect", "--tls-verify=false", missing), /manifest unknown/);
});

e2eTest("startAzurite() keeps its data in a folder that goes with it", {
  needs: ["azurite-blob"],
}, async () => {
  let root: string;
  {
    await using azurite = await startAzurite();
    root = azurite.root;
    await azurite.createContainer("data");
    assert.equal(await status(`${azurite.endpoint}/data?restype=container`), 403);
    await assert.rejects(azurite.createContainer("data"), /ContainerAlreadyExists/);
  }
  await assert.rejects(Deno.stat(root), Deno.errors.NotFound);
});
