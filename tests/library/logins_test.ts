import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { openLogins } from "../../src/library/logins.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("a password that a helper keeps stands in no file, ours included", async () => {
  await using temp = await tempFolder();
  const script = '#!/bin/sh\ncat > "$(dirname "$0")/kept-$1"\n';
  await Deno.chmod(await temp.write("bin/docker-credential-fake", script), 0o755);
  const [own, docker] = [temp.join("own.json"), temp.join("docker.json")];
  await Deno.writeTextFile(docker, '{"credsStore": "fake"}');
  const oldPath = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", temp.join("bin") + delimiter + oldPath);
  try {
    const logins = await openLogins({
      credentialFiles: { own, docker, others: [] },
      transport: createRegistryHandler(memoryCatalog()),
    });
    const login = { username: "me", password: "secret" };
    assert.deepEqual(await logins.login("registry.test", login), {
      registry: "registry.test",
      username: "me",
      storedIn: docker,
      helper: "docker-credential-fake",
    });
  } finally {
    Deno.env.set("PATH", oldPath);
  }
  assert.match(await Deno.readTextFile(temp.join("bin/kept-store")), /"Secret":"secret"/);
  for (const file of [own, docker]) {
    assert.deepEqual(JSON.parse(await Deno.readTextFile(file)).auths, { "registry.test": {} });
  }
});
