import assert from "node:assert/strict";
import { parseSpec } from "../../../src/bundle/spec/parse.ts";
import { scanWorkdir } from "../../../src/bundle/publish/scan.ts";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { tempFolder } from "../../support/temp.ts";
import { goldenFolder } from "./support.ts";

/** A spec of layers by name, with one role for each and one for all. */
function specOf(layers: Record<string, readonly string[]>, ignore: readonly string[] = []) {
  const names = Object.keys(layers);
  return parseSpec(
    JSON.stringify({
      name: "x",
      version: "1.0.0",
      layers: names.map((name) => ({ name, type: "code", files: layers[name], ignore })),
      roles: Object.fromEntries(names.map((name) => [name, [name]])),
    }),
    "modelops.yaml",
  );
}

Deno.test("scanWorkdir() takes files of all names, in the order of code points, with their modes", async () => {
  await using folder = await tempFolder();
  const names = ["～", "😀", "данные.csv", "数据", "a b", "cafe\u0301.txt", "empty", "run.sh"];
  for (const name of names) await folder.write(`src/${name}`, name === "empty" ? "" : name);
  await Deno.chmod(folder.join("src/run.sh"), 0o700);
  await Deno.chmod(folder.join("src/a b"), 0o666);
  const { layers } = await scanWorkdir(folder.path, { spec: specOf({ code: ["src/*"] }) });
  assert.deepEqual(layers[0]?.files.map(({ path, mode }) => [path, mode]), [
    ["src/a b", 0o644],
    ["src/cafe\u0301.txt", 0o644],
    ["src/empty", 0o644],
    ["src/run.sh", 0o755],
    ["src/данные.csv", 0o644],
    ["src/数据", 0o644],
    ["src/～", 0o644],
    ["src/😀", 0o644],
  ]);
});

Deno.test("scanWorkdir() leaves out what is ignored, hidden or no file, and warns of idle patterns", async () => {
  await using folder = await tempFolder();
  for (const path of ["a.py", "a.pyc", ".env", ".git/config", "__pycache__/x", "sub/b.py"]) {
    await folder.write(path, path);
  }
  const spec = specOf({ code: ["**", "nothing/*", "sub"] }, ["*.pyc", "**/__pycache__/**"]);
  const { layers, warnings } = await scanWorkdir(folder.path, { spec });
  assert.deepEqual(layers[0]?.files.map(({ path }) => path), ["a.py", "sub/b.py"]);
  assert.deepEqual(warnings, [
    'Layer "code": "nothing/*" matches no file',
    'Layer "code": "sub" matches no file',
  ]);
});

Deno.test("scanWorkdir() follows links that stay and refuses all others, reporting each", async () => {
  await using outside = await tempFolder();
  await outside.write("secret", "secret");
  await using folder = await tempFolder();
  await folder.write("src/real.py", "real");
  await Deno.symlink("real.py", folder.join("src/link.py"));
  const spec = specOf({ code: ["src/**"] });
  const { layers } = await scanWorkdir(folder.path, { spec });
  assert.deepEqual(layers[0]?.files.map(({ path, size }) => [path, size]), [
    ["src/link.py", 4],
    ["src/real.py", 4],
  ]);
  await Deno.symlink(outside.join("secret"), folder.join("src/out"));
  await Deno.symlink(outside.path, folder.join("src/outdir"));
  await Deno.symlink("nowhere", folder.join("src/dangling"));
  await Deno.symlink("..", folder.join("src/loop"));
  await assert.rejects(scanWorkdir(folder.path, { spec }), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.deepEqual(error.facts.problems?.map(({ message }) => message), [
      'Cannot publish "src/dangling": it is a link to nothing, or it is gone',
      'Cannot publish "src/loop": it is a link that leads back to a folder above it',
      'Cannot publish "src/out": it is a link that leaves the working directory',
      'Cannot publish "src/outdir": it is a link that leaves the working directory',
    ]);
    return true;
  });
  const ignoring = specOf({ code: ["src/**"] }, ["src/out*", "src/dangling", "src/loop"]);
  assert.equal((await scanWorkdir(folder.path, { spec: ignoring })).layers[0]?.files.length, 2);
});

Deno.test("scanWorkdir() refuses names that no workspace may have", async () => {
  for (const path of [".mops/x", ".mops./x", ".mops\\x", "src/a\\..\\b", "src/\u202ex"]) {
    await using folder = await tempFolder();
    await folder.write(path, "");
    const spec = specOf({ code: [".mops/*", ".mops*", ".mops./*", "src/*"] });
    await assert.rejects(scanWorkdir(folder.path, { spec }), InvalidInputError, path);
  }
});

Deno.test("scanWorkdir() refuses paths that meet within a role, and allows them in different ones", async () => {
  await using folder = await tempFolder();
  await folder.write("a/x", "1");
  const layers = [
    { name: "one", type: "t", files: ["a/*"] },
    { name: "two", type: "t", files: ["a/x"] },
  ];
  const spec = (roles: unknown) =>
    parseSpec(JSON.stringify({ name: "x", version: "1", layers, roles }), "modelops.yaml");
  await scanWorkdir(folder.path, { spec: spec({ a: ["one"], b: ["two"] }) });
  await assert.rejects(
    scanWorkdir(folder.path, { spec: spec({ all: ["one", "two"] }) }),
    (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.equal(
        error.message,
        'Cannot publish "a/x" in role "all": several of its layers have it',
      );
      return true;
    },
  );
  await folder.write("a/X", "2");
  for (const options of [{ portable: true }, { platform: "darwin" }] as const) {
    const scanning = scanWorkdir(folder.path, { spec: spec({ a: ["one"] }), ...options });
    await assert.rejects(scanning, {
      name: "InvalidInputError",
      message: 'Cannot publish "a/x" in role "a": ' +
        'it meets "a/X", only case or Unicode form tells them apart',
    });
  }
});

Deno.test("scanWorkdir() reports hashing and stops when it is told to", async () => {
  await using folder = await goldenFolder();
  const done: string[] = [];
  await scanWorkdir(folder.path, {
    progress: (event) => {
      if (event.state === "done") done.push(`${event.phase} ${event.name}`);
    },
  });
  assert.deepEqual(done.sort(), ["hash data/nine.bin", "hash data/ten.bin", "hash src/a.py"]);
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(scanWorkdir(folder.path, { signal }), (error) => error === reason);
  await assert.rejects(scanWorkdir(folder.join("nowhere")), NotFoundError);
});
