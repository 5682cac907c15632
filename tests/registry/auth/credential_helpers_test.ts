import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { configFileCredentials } from "../../../src/registry/auth/credential_helpers.ts";
import { tempFolder } from "../../support/temp.ts";

/** A configuration that names a helper written as a shell script, and what is found and logged. */
async function ask(script: string | undefined, options: { helperTime?: number } = {}) {
  await using temp = await tempFolder();
  if (script !== undefined) {
    const path = await temp.write("bin/docker-credential-fake", `#!/bin/sh\n${script}\n`);
    await Deno.chmod(path, 0o755);
  }
  const config = await temp.write(
    "config.json",
    JSON.stringify({
      credHelpers: { "r.test": "fake", "odd.test": "../../evil", "docker.io": "fake" },
      auths: { "r.test": { auth: btoa("file:pw") } },
    }),
  );
  const oldPath = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", temp.join("bin") + delimiter + oldPath);
  try {
    const log: string[] = [];
    const source = configFileCredentials(config, {
      ...options,
      log: (_level, message) => log.push(message),
    });
    return {
      found: await source.find("r.test"),
      hub: await source.find("docker.io"),
      odd: await source.find("odd.test"),
      log,
    };
  } finally {
    Deno.env.set("PATH", oldPath);
  }
}

const FROM_FILE = { username: "file", password: "pw" };
const answer = (json: string) => `cat > /dev/null; printf '%s' '${json}'`;

Deno.test("a helper is asked by name, on standard input, for the registry", async () => {
  const echo = `read server; printf '{"Username":"%s","Secret":"%s"}' "$1" "$server"`;
  const { found, hub } = await ask(echo);
  assert.deepEqual(found, { username: "get", password: "r.test" });
  assert.deepEqual(hub, { username: "get", password: "https://index.docker.io/v1/" });
});

Deno.test("a helper's identity token is one", async () => {
  const { found } = await ask(answer('{"Username":"<token>","Secret":"refresh"}'));
  assert.deepEqual(found, { identityToken: "refresh" });
});

Deno.test("a helper that knows nothing is no problem", async () => {
  const { found, hub, log } = await ask(
    "echo credentials not found in native keychain; exit 1",
  );
  assert.deepEqual(found, FROM_FILE);
  assert.equal(hub, undefined);
  assert.deepEqual(log.filter((line) => line.includes("r.test")), []);
});

const BROKEN: readonly (readonly [string, string | undefined, RegExp])[] = [
  ["is missing", undefined, /fake for r\.test: it is not installed/],
  ["fails", "echo secret; exit 3", /it failed/],
  ["talks nonsense", "echo secret", /it gave no credentials/],
  ["gives an empty secret", answer('{"Username":"a","Secret":""}'), /it gave no credentials/],
  ["talks without end", "exec yes secret", /larger than 1048576 bytes/],
];

for (const [what, script, reason] of BROKEN) {
  Deno.test(`a helper that ${what} is reported, and the file is asked`, async () => {
    const { found, log } = await ask(script);
    assert.deepEqual(found, FROM_FILE);
    assert(log.some((line) => reason.test(line)), log.join("\n"));
    assert(!log.some((line) => line.includes("secret")));
  });
}

Deno.test("a helper that takes too long is stopped", async () => {
  const { found, log } = await ask("exec sleep 60", { helperTime: 50 });
  assert.deepEqual(found, FROM_FILE);
  assert(log.some((line) => /took more than 50 ms/.test(line)));
});

Deno.test("a helper's name cannot be a path", async () => {
  const { odd, log } = await ask(undefined);
  assert.equal(odd, undefined);
  assert(log.some((line) => /its name is not one of a helper/.test(line)));
});
