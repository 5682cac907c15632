import assert from "node:assert/strict";
import { join } from "node:path";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { openProgram } from "../support/program.ts";
import { copyOcrModels } from "../support/models.ts";
import { e2eTest, skopeo, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const needs = ["docker-registry", "skopeo"] as const;

async function assertSameFiles(expected: string, actual: string, names: readonly string[]) {
  const found = (await readDirIfExists(actual)).map((entry) => entry.name).sort();
  assert.deepEqual(found, [...names].sort());
  for (const name of names) {
    const [want, got] = await Promise.all([
      Deno.readFile(join(expected, name)),
      Deno.readFile(join(actual, name)),
    ]);
    assert.ok(want.length === got.length && want.every((byte, at) => byte === got[at]), name);
  }
}

e2eTest("real models go through a real registry and skopeo, and come back byte for byte", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using user = await openProgram();
  await using folder = await tempFolder();
  const workspace = folder.join("ocr");
  const names = await copyOcrModels(workspace);
  const v1 = `${registry.address}/models/ocr:v1`;
  const v2 = `${registry.address}/models/ocr:v2`;

  await user.ok(["modelfile", "generate", workspace, "--output", workspace]);
  const built = await user.json(["build", "-t", v1, workspace]);
  await user.ok(["push", v1]);

  const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `docker://${v1}`);
  const manifest = JSON.parse(raw);
  assert.equal(manifest.artifactType, "application/vnd.cncf.model.manifest.v1+json");
  assert.equal(manifest.layers.length, names.length);

  const layout = `oci:${folder.join("layout")}:v1`;
  await skopeo("copy", "--src-tls-verify=false", `docker://${v1}`, layout);
  await skopeo("copy", "--dest-tls-verify=false", layout, `docker://${v2}`);

  const output = folder.join("out");
  await using other = await openProgram();
  await other.ok(["pull", v2]);
  await other.ok(["extract", v2, "--output", output]);
  await assertSameFiles(workspace, output, names);
  assert.equal((await other.json(["inspect", v2])).Digest, built.digest);

  const pinned = `${registry.address}/models/ocr@${built.digest}`;
  await using third = await openProgram();
  await third.ok(["pull", pinned, "--extract-dir", folder.join("pinned")]);
  await assertSameFiles(workspace, folder.join("pinned"), names);
});

e2eTest("a build straight to the registry is the build that is pushed", { needs }, async () => {
  await using registry = await startRegistry();
  await using user = await openProgram();
  await using folder = await tempFolder();
  await folder.write("ws/model.bin", crypto.getRandomValues(new Uint8Array(60_000)));
  await folder.write("ws/Modelfile", "NAME demo\nMODEL model.bin\n");
  const [a, b] = ["local", "remote"].map((tag) => `${registry.address}/demo:${tag}`);
  const local = await user.json(["build", "-t", a!, "--no-creation-time", folder.join("ws")]);
  await user.ok(["push", a!]);
  const remote = await user.json([
    "build",
    "-t",
    b!,
    "--no-creation-time",
    "--output-remote",
    folder.join("ws"),
  ]);
  assert.equal(remote.digest, local.digest);
  const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `docker://${b}`);
  assert.equal(digestBytes(new TextEncoder().encode(raw)), local.digest);
});

e2eTest("push moves a tag of a real registry, and pull after rm brings it back", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using user = await openProgram();
  await using folder = await tempFolder();
  await folder.write("ws/model.bin", "one");
  await folder.write("ws/Modelfile", "NAME demo\nMODEL model.bin\n");
  const name = `${registry.address}/demo:latest`;
  await user.ok(["build", "-t", name, folder.join("ws")]);
  await user.ok(["push", name]);
  await folder.write("ws/model.bin", "two");
  const second = await user.json(["build", "-t", name, folder.join("ws")]);
  await user.ok(["push", name]);
  await user.ok(["rm", name]);
  assert.equal((await user.run(["inspect", name])).code, 1);
  await user.ok(["pull", name]);
  assert.equal((await user.json(["inspect", name])).Digest, second.digest);
});

e2eTest("a registry with passwords lets in who logged in, and refuses others at once", {
  needs,
}, async () => {
  const account = { username: "ann", password: "sesame" };
  await using registry = await startRegistry({ htpasswd: account });
  await using user = await openProgram();
  await using folder = await tempFolder();
  await folder.write("ws/model.bin", "weights");
  const name = `${registry.address}/demo:v1`;
  await user.ok(["build", "-t", name, folder.join("ws")]);

  const anonymous = await user.run(["push", name]);
  assert.equal(anonymous.code, 4, anonymous.stderr);
  assert.match(anonymous.stderr, /hint: .*login/);

  const requestsBefore = registry.logs().length;
  const wrong = await user.run(["login", "-u", "ann", "-p", "wrong", registry.address]);
  assert.equal(wrong.code, 4, wrong.stderr);
  assert.ok(!wrong.stderr.includes('wrong"'), "the password is not repeated");
  const asked = registry.logs().slice(requestsBefore).match(/"?GET \/v2\/ /g) ?? [];
  assert.ok(asked.length <= 2, `asked ${asked.length} times`);
  const environment = { MODCTL_REGISTRY_USER: "ann", MODCTL_REGISTRY_PASS: "wrong" };
  assert.equal((await user.run(["push", name], { env: environment })).code, 4);

  await user.ok(["login", "-u", "ann", "--password-stdin", registry.address], {
    stdin: "sesame\n",
  });
  const config = user.home.join(".modctl/config.json");
  assert.equal((await Deno.stat(config)).mode! & 0o777, 0o600);
  await user.ok(["push", name]);
  await user.ok(["pull", name]);
  await user.ok(["logout", registry.address]);
  assert.equal((await user.run(["pull", name])).code, 4);
  const right = { MODCTL_REGISTRY_USER: "ann", MODCTL_REGISTRY_PASS: "sesame" };
  await user.ok(["pull", name], { env: right });
});

e2eTest("a stock registry serves a model from our store's folder", { needs }, async () => {
  await using user = await openProgram();
  await using folder = await tempFolder();
  const names = await copyOcrModels(folder.join("ws"));
  const built = await user.json(["build", "-t", "registry.test/demo:v1", folder.join("ws")]);
  await using registry = await startRegistry({
    rootDirectory: user.home.join(".modctl/content.v1"),
  });
  const served = `${registry.address}/registry.test/demo:v1`;
  await using other = await openProgram();
  await other.ok(["pull", served, "--extract-dir", folder.join("out")]);
  await assertSameFiles(folder.join("ws"), folder.join("out"), names);
  assert.equal((await other.json(["inspect", served])).Digest, built.digest);
});
