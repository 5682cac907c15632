import assert from "node:assert/strict";
import { lutimesSync } from "node:fs";
import { delimiter } from "node:path";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { credentialsOf } from "../../../src/registry/auth/credentials.ts";
import {
  configFileCredentials,
  forgetLogin,
  keepLogin,
  loginFiles,
} from "../../../src/registry/auth/login_files.ts";
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
  [
    "gives a user name with a colon",
    answer('{"Username":"a:b","Secret":"s"}'),
    /it gave no credentials/,
  ],
  ["gives a list", answer('[{"Username":"a","Secret":"s"}]'), /it gave no credentials/],
  ["gives numbers", answer('{"Username":1,"Secret":2}'), /it gave no credentials/],
  ["floods standard error", "head -c 50000000 /dev/zero >&2; exit 1", /it failed/],
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

Deno.test("what a helper has started is not waited for, once the helper has ended", async () => {
  const script = `sleep 6 & ${answer('{"Username":"a","Secret":"b"}')}`;
  const { found, log } = await ask(script, { helperTime: 4000 });
  assert.deepEqual(found, { username: "a", password: "b" });
  assert(!log.some((line) => line.includes("fake for r.test")), log.join("\n"));
});

Deno.test("a helper that hung is not asked again", async () => {
  const script = `echo asked >> "$(dirname "$0")/log"; exec sleep 60`;
  await using world = await helperWorld(script);
  const source = configFileCredentials(world.config, { helperTime: 100 });
  for (const registry of ["r.test", "docker.io", "r.test"]) await source.find(registry);
  assert.equal(await Deno.readTextFile(world.temp.join("bin/log")), "asked\n");
});

/** A configuration whose helper for every registry is a shell script. */
async function helperWorld(script: string) {
  const temp = await tempFolder();
  const helper = await temp.write("bin/docker-credential-fake", `#!/bin/sh\n${script}\n`);
  await Deno.chmod(helper, 0o755);
  const config = await temp.write("config.json", JSON.stringify({ credsStore: "fake", x: 1 }));
  const oldPath = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", temp.join("bin") + delimiter + oldPath);
  return {
    temp,
    config,
    async [Symbol.asyncDispose]() {
      Deno.env.set("PATH", oldPath);
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** A helper that keeps one login in a file. */
const KEEPER = `file="$(dirname "$0")/kept"
case $1 in
  store) cat > "$file" ;;
  get) [ -f "$file" ] && cat "$file" || { echo "credentials not found"; exit 1; } ;;
  erase) rm "$file" ;;
esac`;

const ANN = { username: "ann", password: 'p"w' };

Deno.test("a login is kept with the helper that the file names, and forgotten there", async () => {
  await using world = await helperWorld(KEEPER);
  const kept = await keepLogin(world.config, "docker.io", ANN);
  assert.deepEqual(kept, { path: world.config, helper: "docker-credential-fake" });
  assert.deepEqual(JSON.parse(await Deno.readTextFile(world.config)), {
    credsStore: "fake",
    x: 1,
    auths: { "https://index.docker.io/v1/": {} },
  });
  const stored = JSON.parse(await Deno.readTextFile(world.temp.join("bin/kept")));
  assert.deepEqual(stored, {
    ServerURL: "https://index.docker.io/v1/",
    Username: "ann",
    Secret: 'p"w',
  });
  assert.deepEqual(await configFileCredentials(world.config).find("docker.io"), ANN);
  assert.equal(await forgetLogin(world.config, "docker.io"), true);
  assert.equal(await configFileCredentials(world.config).find("docker.io"), undefined);
  assert.equal(await forgetLogin(world.config, "docker.io"), false);
});

for (const [what, script] of [["fails", "exit 1"], ["hangs", "exec sleep 60"]] as const) {
  Deno.test(`a login is not kept when the helper ${what}, nor said to be forgotten`, async () => {
    await using world = await helperWorld(script);
    const before = await Deno.readTextFile(world.config);
    const refused = (error: unknown) => {
      assert(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /config\.json" leaves it to docker-credential-fake, and it /);
      assert(!error.message.includes('p"w'));
      return true;
    };
    const options = { helperTime: 100 };
    await assert.rejects(keepLogin(world.config, "r.test", ANN, options), refused);
    await assert.rejects(forgetLogin(world.config, "r.test", options), refused);
    assert.equal(await Deno.readTextFile(world.config), before);
  });
}

/** Files with a login each, named after the file, the first changed last. */
async function files(...names: string[]) {
  const temp = await tempFolder();
  let time = 1_700_000_000;
  for (const name of names) {
    const auths = { "r.test": { auth: btoa(`${name}:pw`) } };
    const path = await temp.write(name, JSON.stringify({ auths }));
    await Deno.utime(path, time, time--);
    await Deno.chmod(path, 0o600);
  }
  return temp;
}

Deno.test("the login of the file that was changed last is first, and the others follow", async () => {
  await using temp = await files("new", "middle", "old");
  const paths = ["old", "none", "new", "middle"].map((name) => temp.join(name));
  const source = loginFiles(paths);
  const all = await Array.fromAsync(credentialsOf(source, "r.test"));
  assert.deepEqual(all.map((found) => "username" in found && found.username), [
    "new",
    "middle",
    "old",
  ]);
  assert.deepEqual(await source.find("r.test"), { username: "new", password: "pw" });
  await Deno.writeTextFile(temp.join("old"), "not JSON");
  await assert.rejects(source.find("r.test"), /Cannot read credentials/);
});

Deno.test("a login file that is a link was changed when what it leads to was", async () => {
  await using temp = await files("new", "old");
  await Deno.symlink(temp.join("new"), temp.join("link"));
  await Deno.symlink("link", temp.join("far"));
  await Deno.symlink("nowhere", temp.join("dangling"));
  // A link has a time of its own, which no login changes.
  for (
    const [paths, found] of [
      [["old", "link"], "new"],
      [["far", "old"], "new"],
      [["dangling", "old"], "old"],
    ] as const
  ) {
    for (const name of ["link", "far"]) lutimesSync(temp.join(name), 1, 1);
    const source = loginFiles(paths.map((name) => temp.join(name)));
    assert.deepEqual(await source.find("r.test"), { username: found, password: "pw" });
  }
});

Deno.test("a login that others can read is warned of, once; one of its owner is not", async () => {
  await using temp = await files("a");
  const log: string[] = [];
  const source = configFileCredentials(temp.join("a"), { log: (_, message) => log.push(message) });
  await source.find("r.test");
  assert.deepEqual(log, []);
  for (const mode of [0o644, 0o640, 0o604]) {
    await Deno.chmod(temp.join("a"), mode);
    await source.find("r.test");
    await source.find("other.test");
  }
  assert.equal(log.length, 1);
  assert.match(log[0]!, /can be read by others: run `chmod 600 /);
});
