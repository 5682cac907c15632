/** `bundle list`: what `list` shows, of bundles alone. */
import assert from "node:assert/strict";
import { Home } from "./support.ts";

const SPEC = `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
roles: { default: [code] }
`;

/** A home with a model and a bundle, both here and in a registry. */
async function mixedHome(): Promise<Home> {
  const home = await Home.open();
  await home.folder.write("bundle/modelops.yaml", SPEC);
  await home.folder.write("bundle/src/main.py", "print(1)\n");
  await home.build("-t", "registry.test/things:v1");
  await home.done("push", "registry.test/things:v1");
  for (const repository of ["registry.test", "things"]) {
    const env = { REGISTRY_REPO: repository };
    const { code, stderr } = await home.run(["bundle", "push", home.at("bundle")], { env });
    assert.equal(code, 0, stderr);
  }
  return home;
}

Deno.test("bundle list has the bundles of the local store, and list has everything", async () => {
  await using home = await mixedHome();
  const { bundles, warnings } = JSON.parse(await home.done("bundle", "list", "--json"));
  assert.deepEqual(
    bundles.map(({ repository, tag, kind }: Record<string, string>) => [repository, tag, kind]),
    [["localhost/things/demo", "1.0.0", "bundle"]],
  );
  assert.deepEqual(warnings, []);
  const { models } = JSON.parse(await home.done("list", "--json"));
  assert.deepEqual(models.map(({ kind }: { kind: string }) => kind).sort(), ["bundle", "model"]);
  const text = await home.done("bundle", "ls");
  assert.match(text, /^REPOSITORY +TAG +DIGEST +SIZE +CREATED +REFERENCE +KIND\nlocalhost\/things/);
  assert.equal(text.trimEnd().split("\n").length, 2);
  assert.equal(await home.done("bundle", "list", "--limit", "1"), text);
});

Deno.test("bundle list of a registry and of a repository", async () => {
  await using home = await mixedHome();
  const repositories = JSON.parse(await home.done("bundle", "list", "registry.test", "--json"));
  // A repository of models alone is none of bundles.
  assert.deepEqual([repositories.repositories, repositories.total], [["registry.test/demo"], 1]);
  assert.equal(await home.done("bundle", "list", "registry.test"), "registry.test/demo\n");
  const all = JSON.parse(await home.done("list", "registry.test", "--json"));
  assert.deepEqual(all.repositories, ["registry.test/demo", "registry.test/things"]);
  const listed = JSON.parse(await home.done("bundle", "list", "registry.test/demo", "--json"));
  assert.deepEqual([listed.total, listed.tags.length, listed.tags[0].kind], [1, 1, "bundle"]);
  const none = await home.run(["bundle", "list", "registry.test/things", "--json"]);
  assert.deepEqual([none.code, JSON.parse(none.stdout).tags, none.stderr], [0, [], ""]);
  const missing = await home.run(["bundle", "list", "registry.test/nothing"]);
  assert.deepEqual([missing.code, missing.stdout], [1, ""]);
  assert.match(
    missing.stderr,
    /hint: run `modelops bundle list registry\.test` to see what is there/,
  );
  const one = await home.run(["bundle", "list", "registry.test/demo:1.0.0"]);
  assert.equal(one.code, 2);
  const commands = [...one.stderr.matchAll(/`modelops (.+?)`/g)].map(([, words]) => words);
  assert.equal(commands.length, 2);
  for (const words of commands) await home.done(...words!.split(" "));
});

Deno.test("bundle list asks a registry as the settings of bundles say", async () => {
  await using home = await Home.open((request, { url }) => {
    assert.equal(url.protocol, "http:");
    const login = request.headers.get("Authorization");
    if (login === `Basic ${btoa("ann:secret")}`) return undefined;
    return new Response(null, { status: 401, headers: { "WWW-Authenticate": "Basic" } });
  });
  await home.folder.write("bundle/modelops.yaml", SPEC);
  await home.folder.write("bundle/src/main.py", "print(1)\n");
  const env = {
    REGISTRY_URL: "http://registry.test",
    REGISTRY_REPO: "team",
    REGISTRY_USERNAME: "ann",
    REGISTRY_PASSWORD: "secret",
  };
  for (
    const row of [["push", home.at("bundle")], ["list", "registry.test"], [
      "list",
      "registry.test/team/demo",
    ]]
  ) {
    const { code, stdout, stderr } = await home.run(["bundle", ...row], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /registry\.test\/team\/demo/);
  }
});

Deno.test("modelops-bundles has list as its own command", async () => {
  await using home = await mixedHome();
  const { code, stdout } = await home.run(["list", "--json"], { programName: "modelops-bundles" });
  assert.deepEqual([code, JSON.parse(stdout).bundles.length], [0, 1]);
});

Deno.test("what other tools call a bundle command leads to ours", async () => {
  const words = { info: "resolve", inspect: "resolve", download: "materialize", ps: "list" };
  for (const [word, ours] of Object.entries({ ...words, publish: "push", pack: "export" })) {
    await using home = await Home.open();
    const { code, stderr } = await home.run(["bundle", word]);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`hint: did you mean "${ours}"\\?`), word);
  }
});
