import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import {
  type DockerConfig,
  findAuth,
  helperFor,
  readDockerConfig,
  removeCredentials,
  saveCredentials,
} from "../../../src/registry/auth/docker_config.ts";
import { tempFolder } from "../../support/temp.ts";

const entry = (user: string) => ({ auth: btoa(`${user}:secret`) });
const auths = (...keys: string[]): DockerConfig => ({
  auths: Object.fromEntries(keys.map((key) => [key, entry(key)])),
});
const user = (config: DockerConfig, registry: string, repository?: string) => {
  const found = findAuth(config, registry, repository);
  return found && "username" in found ? found.username.split(":")[0] : found;
};

for (
  const key of [
    "registry.test:5000",
    "https://registry.test:5000",
    "http://registry.test:5000/",
    "https://registry.test:5000/v1/",
    "https://registry.test:5000/v2",
    "Registry.test:5000",
  ]
) {
  Deno.test(`findAuth() finds a registry under the key ${key}`, () => {
    const config = { auths: { [key]: entry("ann") } };
    assert.deepEqual(findAuth(config, "registry.test:5000"), {
      username: "ann",
      password: "secret",
    });
  });
}

Deno.test("findAuth() never gives one host's credentials to another", () => {
  const config = auths("registry.test", "https://registry.test.evil.test", "a.registry.test");
  const others = [
    "registry.test:5000",
    "registry.tes",
    "registry.test.evil",
    "b.registry.test",
    "test",
  ];
  for (const other of others) assert.equal(findAuth(config, other), undefined, other);
});

Deno.test("findAuth() knows Docker Hub under its several names", () => {
  const config = { auths: { "https://index.docker.io/v1/": entry("hub") } };
  assert.equal(user(config, "docker.io"), "hub");
  assert.equal(user(config, "registry-1.docker.io"), "hub");
  assert.equal(user({ auths: { "docker.io": entry("hub") } }, "docker.io"), "hub");
});

Deno.test("findAuth() takes the longest path that covers the repository", () => {
  const config = auths("r.test", "r.test/a", "r.test/a/b");
  assert.equal(user(config, "r.test", "a/b/c"), "r.test/a/b");
  assert.equal(user(config, "r.test", "a/bc"), "r.test/a");
  assert.equal(user(config, "r.test", "x"), "r.test");
  assert.equal(user(config, "r.test"), "r.test");
});

Deno.test("findAuth() prefers the plain key", () => {
  const config = { auths: { "https://r.test": entry("old"), "r.test": entry("new") } };
  assert.equal(user(config, "r.test"), "new");
});

Deno.test("findAuth() reads every form of an entry", () => {
  const find = (value: NonNullable<DockerConfig["auths"]>[string]) =>
    findAuth({ auths: { "r.test": value } }, "r.test");
  assert.deepEqual(find({ identitytoken: "i", auth: btoa("a:b") }), { identityToken: "i" });
  assert.deepEqual(find({ registrytoken: "r" }), { registryToken: "r" });
  assert.deepEqual(find({ registrytoken: " r\n" }), { registryToken: "r" });
  assert.deepEqual(find({ identitytoken: "i\n" }), { identityToken: "i" });
  const unfit = ["a\r\nX: y", "é", "a b", "\n", "a\0"];
  for (const registrytoken of unfit) assert.equal(find({ registrytoken }), undefined);
  assert.equal(find({ username: "a:b", password: "c" }), undefined);
  assert.deepEqual(find({ username: "a", password: "b" }), { username: "a", password: "b" });
  assert.deepEqual(find({ auth: btoa("a:b:c\0") }), { username: "a", password: "b:c" });
  for (const auth of ["", "%%%", btoa("no colon"), btoa(":x")]) {
    assert.equal(find({ auth }), undefined, auth);
  }
  assert.equal(find(undefined), undefined);
  assert.equal(find({}), undefined);
});

Deno.test("helperFor() prefers the registry's own helper", () => {
  const config = { credHelpers: { "r.test": "own" }, credsStore: "all" };
  assert.equal(helperFor(config, "r.test"), "own");
  assert.equal(helperFor(config, "other.test"), "all");
  assert.equal(helperFor({}, "r.test"), undefined);
  const plain = { credHelpers: { "r.test": "" }, credsStore: "all" };
  assert.equal(helperFor(plain, "r.test"), undefined);
});

Deno.test("saveCredentials() writes a private file and keeps what else is in it", async () => {
  await using temp = await tempFolder();
  const old = {
    auths: { "other.test": { auth: "eDp5", extra: 1 } },
    psFormat: "x",
    HttpHeaders: {},
  };
  const path = await temp.write("config.json", JSON.stringify(old));
  await Deno.chmod(path, 0o644);
  await saveCredentials(path, "r.test", { username: "ann", password: "pw" });
  await saveCredentials(path, "docker.io", { identityToken: "id" });
  const text = await Deno.readTextFile(path);
  assert.deepEqual(JSON.parse(text), {
    ...old,
    auths: {
      ...old.auths,
      "r.test": { auth: btoa("ann:pw") },
      "https://index.docker.io/v1/": { identitytoken: "id" },
    },
  });
  assert.match(text, /^\{\n\t"/);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("saveCredentials() makes the file and its folder", async () => {
  await using temp = await tempFolder();
  const path = temp.join("new", "config.json");
  await saveCredentials(path, "r.test", { registryToken: "t" });
  assert.deepEqual(findAuth(await readDockerConfig(path), "r.test"), { registryToken: "t" });
});

Deno.test("saveCredentials() leaves a file alone that it cannot understand", async () => {
  await using temp = await tempFolder();
  const path = await temp.write("config.json", '{"auths": "secret"');
  const user = { username: "a", password: "b" };
  await assert.rejects(saveCredentials(path, "r.test", user), (error) => {
    assert(error instanceof InvalidInputError);
    assert.equal(error.facts.path, path);
    assert(!error.message.includes("secret"));
    return true;
  });
  assert.equal(await Deno.readTextFile(path), '{"auths": "secret"');
  await temp.write("config.json", '{"auths": ["secret"]}');
  await assert.rejects(saveCredentials(path, "r.test", user), /auths has the wrong form/);
});

Deno.test("saveCredentials() refuses user names with a colon", async () => {
  await using temp = await tempFolder();
  const user = { username: "a:b", password: "c" };
  await assert.rejects(saveCredentials(temp.join("c.json"), "r.test", user), InvalidInputError);
  await assert.rejects(Deno.stat(temp.join("c.json")), Deno.errors.NotFound);
});

Deno.test("removeCredentials() removes every key of a registry and nothing else", async () => {
  await using temp = await tempFolder();
  const config = auths("r.test", "https://r.test/v1/", "r.test:5000", "r.test/a");
  const path = await temp.write("config.json", JSON.stringify(config));
  assert.equal(await removeCredentials(path, "r.test"), true);
  assert.deepEqual(Object.keys((await readDockerConfig(path)).auths ?? {}), [
    "r.test:5000",
    "r.test/a",
  ]);
  assert.equal(await removeCredentials(path, "r.test"), false);
  await temp.write("odd.json", '{"auths": {"r.test": 7, "odd.test": 8}}');
  assert.equal(await removeCredentials(temp.join("odd.json"), "r.test"), true);
  assert.equal(await removeCredentials(temp.join("none.json"), "r.test"), false);
});

Deno.test("readDockerConfig() reads nothing from a missing or empty file", async () => {
  await using temp = await tempFolder();
  assert.deepEqual(await readDockerConfig(temp.join("none.json")), {});
  assert.deepEqual(await readDockerConfig(await temp.write("empty.json", " \n")), {});
  await assert.rejects(readDockerConfig(temp.path), /^\w*Error: Cannot read /);
});

Deno.test("findAuth() gives back what was saved", async () => {
  await using temp = await tempFolder();
  const path = temp.join("config.json");
  const name = fc.string({ minLength: 1 }).filter((text) =>
    !text.includes(":") && !text.includes("\0")
  );
  const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  await fc.assert(
    fc.asyncProperty(name, word, async (username, password) => {
      await saveCredentials(path, "r.test", { username, password });
      assert.deepEqual(findAuth(await readDockerConfig(path), "r.test"), { username, password });
    }),
    { numRuns: 20 },
  );
});

const GOOD = { auth: btoa("ann:secret") };
const SPOILED: readonly (readonly [string, Record<string, unknown>])[] = [
  ["null in the entry", { auths: { "r.test": { ...GOOD, identitytoken: null, username: null } } }],
  ["null for helpers", { auths: { "r.test": GOOD }, credHelpers: null, credsStore: null }],
  ["null for another entry", { auths: { "r.test": GOOD, "a.test": null } }],
  ["a text for another entry", { auths: { "a.test": "x", "r.test": GOOD } }],
  ["a list for another entry", { auths: { "a.test": [], "r.test": GOOD } }],
  ["a number for a secret", { auths: { "a.test": { auth: 5 }, "r.test": GOOD } }],
  ["an auth that is none", { auths: { "a.test": { auth: "%%" }, "r.test": GOOD } }],
  ["a user name with a colon", {
    auths: { "r.test": { username: "a:b", password: "p" }, "https://r.test": GOOD },
  }],
  ["a token with a line in it", {
    auths: { "a.test": { registrytoken: "a\r\nb" }, "r.test": GOOD },
  }],
  ["a helper that is none", { auths: { "r.test": GOOD }, credHelpers: { "a.test": 7 } }],
];

for (const [what, document] of SPOILED) {
  Deno.test(`${what} spoils nothing else, and stays when the file is changed`, async () => {
    await using temp = await tempFolder();
    const path = await temp.write("config.json", `\ufeff${JSON.stringify(document)}`);
    const user = { username: "ann", password: "secret" };
    assert.deepEqual(findAuth(await readDockerConfig(path), "r.test"), user);
    await saveCredentials(path, "new.test", user);
    const auths = { ...document.auths as object, "new.test": GOOD };
    assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), { ...document, auths });
  });
}

Deno.test("a file of null, or with null for all entries, holds nothing and can be written", async () => {
  await using temp = await tempFolder();
  for (const text of ["null", '{"auths": null}']) {
    const path = await temp.write("config.json", text);
    assert.equal(findAuth(await readDockerConfig(path), "r.test"), undefined);
    await saveCredentials(path, "r.test", { registryToken: "t" });
    assert.deepEqual(findAuth(await readDockerConfig(path), "r.test"), { registryToken: "t" });
  }
});

Deno.test("readDockerConfig() gives a configuration or its own error for any JSON", async () => {
  await using temp = await tempFolder();
  const path = temp.join("config.json");
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.integer(),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(
        fc.constantFrom("auths", "auth", "credHelpers", "credsStore", "r.test", "__proto__"),
        tie("value"),
      ),
    ),
  })).value;
  await fc.assert(
    fc.asyncProperty(value, async (document) => {
      await Deno.writeTextFile(path, JSON.stringify(document));
      try {
        findAuth(await readDockerConfig(path), "r.test");
      } catch (error) {
        assert(error instanceof InvalidInputError, String(error));
      }
    }),
  );
});

Deno.test("saveCredentials() makes a folder for its owner alone, and keeps a link", async () => {
  await using temp = await tempFolder();
  const real = await temp.write("dotfiles/docker.json", "{}");
  await Deno.symlink(real, temp.join("config.json"));
  await saveCredentials(temp.join("config.json"), "r.test", { registryToken: "t" });
  assert((await Deno.lstat(temp.join("config.json"))).isSymlink);
  assert.match(await Deno.readTextFile(real), /"registrytoken": "t"/);
  await saveCredentials(temp.join("a", "b", "config.json"), "r.test", { registryToken: "t" });
  for (const folder of ["a", "a/b"]) {
    assert.equal((await Deno.stat(temp.join(folder))).mode! & 0o777, 0o700, folder);
  }
});
