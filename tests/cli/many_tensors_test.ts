/** `inspect` and `diff` of tensors that are more than anybody keeps, or that nobody reads. */
import assert from "node:assert/strict";
import { safetensors } from "../model/facts/support.ts";
import { Home } from "./support.ts";

const NAME = "registry.test/models/many";

/** Builds a model of these files. */
async function build(
  home: Home,
  tag: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await home.folder.write(`${tag}/${path}`, content);
  }
  await home.done("build", home.at(tag), "-t", `${NAME}:${tag}`);
  return `${NAME}:${tag}`;
}

/** A file of so many tensors without elements. */
function weights(count: number, prefix: string): Uint8Array {
  return safetensors(Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${prefix}.${index}`,
      { dtype: "U8", shape: [0], width: 1 },
    ]),
  ));
}

Deno.test("tensors beyond 200,000 are counted, and a list or comparison without them fails", async (context) => {
  await using home = await Home.open();
  const name = await build(home, "v1", {
    "m-00001-of-00003.safetensors": weights(110_000, "a"),
    "m-00002-of-00003.safetensors": weights(90_001, "b"),
    "m-00003-of-00003.safetensors": weights(3, "c"),
  });
  const left = [{ file: "m-00002-of-00003.safetensors", tensorCount: 90_001 }];
  const said = /The tensors of 1 file are not listed, 90001 tensors or more: m-00002-of-00003/;
  await context.step("inspect --tensors", async () => {
    const { code, stderr } = await home.run(["inspect", name, "--tensors"]);
    assert.deepEqual([code, said.test(stderr)], [10, true], stderr);
  });
  await context.step("inspect --tensors --json", async () => {
    const { code, stdout } = await home.run(["inspect", name, "--tensors", "--json"]);
    const { tensors, unlisted } = JSON.parse(stdout);
    assert.deepEqual([code, tensors.length, unlisted], [10, 110_003, left]);
    assert.deepEqual(tensors.at(-1).file, "m-00003-of-00003.safetensors");
  });
  await context.step("inspect --card", async () => {
    const { code, stdout } = await home.run(["inspect", name, "--card"]);
    assert.equal(code, 0);
    assert.match(stdout.replaceAll("\n", " "), said);
    assert.match(stdout, /^200004 tensors/m);
  });
  await context.step("diff --tensors", async () => {
    const other = await build(home, "v2", { "m.safetensors": weights(1, "a") });
    const { code, stdout } = await home.run(["diff", name, other, "--tensors", "--json"]);
    const { tensors } = JSON.parse(stdout);
    assert.deepEqual([code, tensors.changes.length, tensors.unlisted], [10, 110_002, left]);
    const text = await home.run(["diff", other, name, "--tensors", "--exit-code"]);
    assert.deepEqual([text.code, said.test(text.stdout)], [10, true]);
  });
});

const UNREAD: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>> = {
  "an archive of PyTorch": { "model.pt": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]) },
  "a pickle": { "pytorch_model.bin": new Uint8Array([0x80, 2, 0x2e, 0, 0, 0, 0, 0]) },
  "a file of Keras": {
    "m.h5": new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]),
  },
};

for (const [what, files] of Object.entries(UNREAD)) {
  Deno.test(`of ${what} no tensors are listed, and that is said`, async () => {
    await using home = await Home.open();
    const name = await build(home, "v1", files);
    const [file] = Object.keys(files);
    const { code, stderr } = await home.run(["inspect", name, "--tensors"]);
    assert.equal(code, 10);
    assert.match(stderr, new RegExp(`The tensors of 1 file are not listed: ${file}`));
    const json = await home.run(["inspect", name, "--tensors", "--json"]);
    assert.deepEqual(JSON.parse(json.stdout).unlisted, [{ file }]);
    // Two models have it, under one name.
    const other = await build(home, "v2", { ...files, "README.md": "# Two\n" });
    const two = await home.run(["diff", name, other, "--tensors"]);
    assert.ok(two.stderr.includes(`The tensors of 1 file are not listed: ${file}\n`), two.stderr);
    assert.equal((await home.run(["inspect", name, "--card"])).code, 0);
  });
}

Deno.test("tensors that have one name in several files are compared file by file", async () => {
  await using home = await Home.open();
  const shape = (rows: number) => ({ dtype: "F32", shape: [rows], width: 4 });
  const files = (rows: number) => ({
    "a.safetensors": safetensors({ w: shape(2), x: shape(1) }),
    "b.safetensors": safetensors({ w: shape(rows) }),
  });
  const [old, young] = [await build(home, "v1", files(2)), await build(home, "v2", files(3))];
  const { tensors } = JSON.parse(await home.done("diff", old, young, "--tensors", "--json"));
  assert.equal(tensors.same, 2);
  assert.deepEqual(tensors.changes, [
    { name: "b.safetensors: w", verdict: "new shape", from: "float32 2", to: "float32 3" },
  ]);
});
