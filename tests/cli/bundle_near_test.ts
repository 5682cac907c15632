/** Versions of bundles that are nearly right, and models that are taken for bundles. */
import assert from "node:assert/strict";
import { Home } from "./support.ts";

const ENV = { REGISTRY_REPO: "bundles" };

async function publish(home: Home, version: string): Promise<void> {
  await home.folder.write("bundle/src/predict.py", `print("${version}")\n`);
  const layers = '[{ name: code, type: code, files: ["src/**"] }]';
  await home.folder.write(
    "bundle/modelops.yaml",
    `name: demo\nversion: "${version}"\nlayers: ${layers}\nroles: { default: [code] }\n`,
  );
  const { code, stderr } = await home.run(["bundle", "push", home.at("bundle")], { env: ENV });
  assert.equal(code, 0, stderr);
}

Deno.test("the error of a wrong version of a bundle names near ones", async () => {
  await using home = await Home.open();
  await publish(home, "1.0.0");
  await publish(home, "1.1.0");
  for (const wrong of ["1.0.1", "1.1.1", "v1.0.0"]) {
    const { code, stderr } = await home.run(["bundle", "resolve", `demo:${wrong}`], { env: ENV });
    assert.equal(code, 1);
    assert.match(stderr, /hint: did you mean "demo:1\.[01]\.0"/, wrong);
  }
  const far = await home.run(["bundle", "resolve", "demo:nothing-like-it"], { env: ENV });
  assert.match(far.stderr, /Cannot find bundle "demo:nothing-like-it"/);
  assert.doesNotMatch(far.stderr, /did you mean/);
  assert.match(far.stderr, /\nhint: it has 1\.1\.0, 1\.0\.0\n/);
  const none = await home.run(["bundle", "resolve", "other:1.0.0"], { env: ENV });
  assert.match(none.stderr, /\nhint: check the name and the version, then look at REGISTRY_REPO\n/);
});

Deno.test("a bundle command on a model says that it is one, and which command is right", async () => {
  await using home = await Home.open();
  const name = "registry.test/models/demo:v1";
  await home.build("-t", name);
  await home.done("push", name);
  const { code, stderr } = await home.run(["bundle", "resolve", name], { env: ENV });
  assert.equal(code, 10);
  assert.match(
    stderr,
    /hint: it is a model: look at it with `modelops inspect --remote registry\.test\/models\/demo@sha/,
  );
  const [, command = ""] = /`modelops (.*)`/.exec(stderr) ?? [];
  await home.done(...command.split(" "));
});
