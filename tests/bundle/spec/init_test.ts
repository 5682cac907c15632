import assert from "node:assert/strict";
import fc from "fast-check";
import { placedFiles, planStorage } from "../../../src/bundle/publish/plan.ts";
import { scanWorkdir } from "../../../src/bundle/publish/scan.ts";
import { firstSpec } from "../../../src/bundle/spec/first_spec.ts";
import { initSpec } from "../../../src/bundle/spec/init.ts";
import type { SpecLayer } from "../../../src/bundle/spec/description.ts";
import { parseFilter, parsePathPattern } from "../../../src/bundle/spec/path_pattern.ts";
import { parseSpec } from "../../../src/bundle/spec/parse.ts";
import { ConflictError, InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("initSpec() describes each file of a folder once, in the layer of its kind", async () => {
  await using folder = await tempFolder();
  const files: Record<string, string[]> = {
    code: ["src/a.py", "src/deep/b.txt", "requirements.txt", "mixed/run.sh", "Makefile"],
    config: ["config.json", "mixed/x.yaml", "config/prod.env"],
    models: ["mixed/deep/m.onnx", "weights/w.bin"],
    data: ["notes.txt", "data/x.csv", "data/README.md", "no-ending", "b[1]{2}.csv"],
    docs: ["README.md", "LICENSE", "mixed/LICENSE.txt"],
  };
  const left = [".env", ".git/config", "src/__pycache__/a.pyc", "node_modules/x/index.js"];
  for (const path of [...Object.values(files).flat(), ...left]) await folder.write(path, path);
  const { path, layers } = await initSpec(folder.path, { name: "demo" });
  assert.equal(path, folder.join("modelops.yaml"));
  const scanned = await scanWorkdir(folder.path);
  assert.deepEqual(scanned.warnings, []);
  const found = Object.fromEntries(
    scanned.layers.map(({ name, files }) => [name, files.map(({ path }) => path)]),
  );
  for (const kind of Object.keys(files)) assert.deepEqual(found[kind], files[kind]!.sort(), kind);
  assert.deepEqual(
    layers.map(({ name, files }) => [name, files]),
    scanned.layers.map(({ name, files }) => [name, files.length]),
  );
});

Deno.test("initSpec() refuses links to nothing and what is no file, all of them, except what it passes over", async () => {
  await using folder = await tempFolder();
  await folder.write("src/a.py", "");
  await Deno.symlink("src", folder.join("also"));
  await Deno.symlink("gone", folder.join(".hidden"));
  await Deno.symlink("../../blobs/gone", folder.join("model.safetensors"));
  await Deno.symlink("round", folder.join("round"));
  await new Deno.Command("mkfifo", { args: [folder.join("pipe.bin")] }).output();
  await assert.rejects(initSpec(folder.path, { name: "demo" }), (error) => {
    assert.ok(error instanceof InvalidInputError, String(error));
    assert.deepEqual(error.facts.problems?.map(({ message }) => message).sort(), [
      '"model.safetensors": it is a link to nothing, or it is gone',
      '"pipe.bin": it is not a regular file',
      '"round": links go in a circle',
    ]);
    return true;
  });
  for (const name of ["model.safetensors", "pipe.bin", "round"]) {
    await Deno.remove(folder.join(name));
  }
  assert.equal((await initSpec(folder.path, { name: "demo" })).layers.length, 1);
});

Deno.test("initSpec() proposes an object store for what is large", async () => {
  await using folder = await tempFolder();
  await folder.write("data/small.csv", "");
  await folder.write("data/large[1].bin", "");
  await Deno.truncate(folder.join("data", "large[1].bin"), 50 * 1024 * 1024);
  await initSpec(folder.path);
  const plan = planStorage(await scanWorkdir(folder.path));
  assert.deepEqual(
    placedFiles(plan).map(({ path, decision }) => [path, decision.kind]),
    [["data/large[1].bin", "external"], ["data/small.csv", "registry"]],
  );
});

Deno.test("initSpec() leaves a spec that is there, unless it is told to replace it", async () => {
  await using folder = await tempFolder();
  await folder.write("a.py", "");
  await folder.write("modelops.yml", "mine");
  await assert.rejects(initSpec(folder.path), ConflictError);
  assert.equal(await Deno.readTextFile(folder.join("modelops.yml")), "mine");
  const { path } = await initSpec(folder.path, { force: true });
  assert.equal(path, folder.join("modelops.yml"));
  assert.equal((await scanWorkdir(folder.path)).layers.length, 1);
});

Deno.test("initSpec() refuses what it cannot describe", async () => {
  await using folder = await tempFolder();
  await assert.rejects(initSpec(folder.path), InvalidInputError);
  await assert.rejects(initSpec(folder.join("none")), NotFoundError);
  await folder.write("a.py", "");
  await assert.rejects(initSpec(folder.join("a.py")), InvalidInputError);
  for (const name of ["", "Up Per", "../x", "a_b"]) {
    await assert.rejects(initSpec(folder.path, { name }), InvalidInputError, name);
  }
});

const segment = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9*?[\]{}!é-]{1,6}(\.[a-z]{1,4})?$/),
  fc.constantFrom("requirements.txt", "notes.txt", "LICENSE", "a.py", "b.csv", "data", "src", "x"),
);
const paths = fc.uniqueArray(
  fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  { minLength: 1, maxLength: 12 },
);

function isIn({ files, ignore }: SpecLayer, path: string): boolean {
  const matches = files.map((text) => parsePathPattern(text)).some((pattern) =>
    pattern.accepts(
      path.split("/").reduce((state, name) => pattern.step(state, name), pattern.start),
    )
  );
  return matches && !ignore.some((text) => parseFilter(text)(path));
}

Deno.test("firstSpec() puts each file into one layer, whatever the names are", () => {
  fc.assert(fc.property(paths, (paths) => {
    const files = paths.map((path) => ({ path, size: 1 }));
    const { layers, text } = firstSpec("/some/Folder of mine", files);
    const spec = parseSpec(text, "modelops.yaml");
    assert.equal(spec.name, "folder-of-mine");
    assert.equal(layers.reduce((sum, { files }) => sum + files, 0), paths.length);
    assert.deepEqual(spec.roles["training"], spec.layers.map(({ name }) => name));
    for (const path of paths) {
      assert.equal(spec.layers.filter((layer) => isIn(layer, path)).length, 1, `${path}\n${text}`);
    }
  }));
});
