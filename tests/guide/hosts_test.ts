import assert from "node:assert/strict";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";
import { GuideHosts } from "./hosts.ts";

const needs = ["docker-registry", "openssl"] as const;

/** Asks through the proxy, and gives the status. */
async function status(hosts: GuideHosts, url: string): Promise<number> {
  using client = Deno.createHttpClient({
    proxy: { url: hosts.proxyUrl },
    caCerts: [await Deno.readTextFile(hosts.caFile)],
  });
  const response = await fetch(url, { client });
  await response.body?.cancel();
  return response.status;
}

e2eTest("every host of the guide is a registry of its own", { needs }, async () => {
  await using folder = await tempFolder();
  await using hosts = await GuideHosts.open(folder.path);
  await hosts.start("dev-registry.com", { htpasswd: { username: "ann", password: "sesame" } });
  assert.equal(await status(hosts, "https://dev-registry.com/v2/"), 401);
  assert.equal(await status(hosts, "https://myregistry.com/v2/"), 200);
  assert.equal(await status(hosts, "http://localhost:5000/v2/"), 200);
  await hosts.stop("dev-registry.com");
  assert.equal(await status(hosts, "https://dev-registry.com/v2/"), 200);
});

e2eTest("a host that no guide names is not reached", { needs }, async () => {
  await using folder = await tempFolder();
  await using hosts = await GuideHosts.open(folder.path);
  assert.equal(await status(hosts, "http://registry.test/v2/"), 502);
  await assert.rejects(status(hosts, "https://registry.test/v2/"), TypeError);
});
