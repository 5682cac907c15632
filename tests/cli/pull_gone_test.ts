/** What `pull` does about a name that the registry does not have, when a copy lies here. */
import assert from "node:assert/strict";
import type { Intercept } from "../support/fake_registry.ts";
import { Home } from "./support.ts";

const NAME = "localhost:5000/m:v1";

/** A registry that can lose everything, or go away. */
function fickle() {
  const state = { gone: false, down: false };
  const intercept: Intercept = ({ url }) => {
    if (state.down) throw new TypeError("connection refused");
    const asked = state.gone && /\/(manifests|blobs)\//.test(url);
    return asked ? new Response(null, { status: 404 }) : undefined;
  };
  return { state, intercept };
}

Deno.test("pull of a name that the registry has not is not found, whoever made the copy here", async () => {
  await using home = await Home.open(fickle().intercept);
  await home.build("-t", NAME);
  await home.done("tag", NAME, "localhost:5000/m:v2");
  for (const name of [NAME, "localhost:5000/m:v2"]) {
    const { code, stdout, stderr } = await home.run(["pull", name]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /hint: for the copy .* run `modelops extract localhost:\S+ --output \.\/m`\n/,
    );
  }
});

Deno.test("pull --extract-dir uses the local copy of a name that was made here, and says so", async () => {
  const { state, intercept } = fickle();
  await using home = await Home.open(intercept);
  await home.build("-t", NAME);
  await home.done("tag", NAME, "localhost:5000/m:v2");
  for (const down of [false, true]) {
    state.down = down;
    for (const name of [NAME, "localhost:5000/m:v2"]) {
      const args = ["pull", name, "--extract-dir", home.at("out"), "--json"];
      const { code, stdout, stderr } = await home.run(args);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).from, "local store");
      assert.match(stderr, /The registry .* using the local store's/);
    }
    assert.equal(await Deno.readTextFile(home.at("out", "model.bin")), "weights");
    assert.equal((await home.run(["pull", NAME])).code, down ? 3 : 1);
  }
});

Deno.test("pull --extract-dir does not use a copy that was pulled, until the name is made here", async () => {
  const { state, intercept } = fickle();
  await using home = await Home.open(intercept);
  await home.build("-t", NAME, "--output-remote");
  await home.done("pull", NAME);
  state.gone = true;
  const args = ["pull", NAME, "--extract-dir", home.at("out")];
  const { code, stderr } = await home.run(args);
  assert.equal(code, 1, stderr);
  await assert.rejects(Deno.stat(home.at("out")), Deno.errors.NotFound);
  await home.folder.write("model/model.bin", "other weights");
  await home.build("-t", NAME);
  await home.done(...args);
  assert.equal(await Deno.readTextFile(home.at("out", "model.bin")), "other weights");
});

Deno.test("a name that was removed and made here is not known as pulled any more", async () => {
  const { state, intercept } = fickle();
  await using home = await Home.open(intercept);
  await home.build("-t", NAME, "--output-remote", "--no-creation-time");
  await home.done("pull", NAME);
  state.gone = true;
  await home.done("rm", NAME);
  await home.build("-t", NAME, "--no-creation-time");
  await home.done("pull", NAME, "--extract-dir", home.at("out"));
});

Deno.test("what the registry has is pulled from it, and no word of the local store is said", async () => {
  await using home = await Home.open(fickle().intercept);
  await home.build("-t", NAME, "--output-remote");
  const found = JSON.parse(
    await home.done("pull", NAME, "--extract-dir", home.at("out"), "--json"),
  );
  assert.equal("from" in found, false);
});
