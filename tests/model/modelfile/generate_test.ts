import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import {
  GENERATE_LIMITS,
  generateModelfile,
  type GenerateOptions,
} from "../../../src/model/modelfile/generate.ts";
import { formatModelfile } from "../../../src/model/modelfile/format.ts";
import { parseModelfile } from "../../../src/model/modelfile/parser.ts";
import { resolveModelfileFiles } from "../../../src/model/workspace.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

async function workspace(...names: string[]): Promise<TempFolder> {
  const folder = await tempFolder();
  for (const name of names) await folder.write(name, name);
  return folder;
}

/** The patterns that are generated, as `kind pattern`. */
async function patternsOf(folder: TempFolder, options?: GenerateOptions): Promise<string[]> {
  const { modelfile } = await generateModelfile(folder.path, options);
  return modelfile.entries.map(({ kind, pattern }) => `${kind} ${pattern}`).sort();
}

const LLAMA = '{"model_type":"llama","torch_dtype":"bfloat16","transformers_version":"4.51.0"}\n';

Deno.test("the sample workspace gives the bytes of the shared vector", async () => {
  await using folder = await tempFolder();
  await folder.write("config.json", LLAMA);
  await folder.write("model.safetensors", "\b\0\0\0\0\0\0\0{}      ");
  await folder.write("tokenizer.py", 'print("tokenizer")\n');
  await folder.write("README.md", "# demo\n");
  const { modelfile, warnings } = await generateModelfile(folder.path, {
    name: "demo",
    format: "safetensors",
  });
  assert.equal(
    formatModelfile(modelfile, { generatedAt: "2025-01-01T00:00:00Z" }),
    await Deno.readTextFile(new URL("../testdata/Modelfile.generated", import.meta.url)),
  );
  assert.deepEqual(warnings, []);
});

Deno.test("values given win over values found; empty ones do not", async () => {
  await using folder = await tempFolder();
  await folder.write("llm/config.json", LLAMA);
  await folder.write("llm/a.gguf", "GGUF");
  const { modelfile: found } = await generateModelfile(folder.join("llm"), { name: "", arch: "" });
  const { entries: _, ...values } = found;
  assert.deepEqual(values, {
    name: "llm",
    arch: "transformer",
    family: "llama",
    format: "gguf",
    precision: "bfloat16",
  });
  const given = {
    name: "n",
    arch: "a",
    family: "f",
    format: "x",
    paramSize: "7b",
    precision: "p",
    quantization: "q",
  };
  const { modelfile } = await generateModelfile(folder.join("llm"), given);
  assert.deepEqual({ ...modelfile, ...given }, modelfile);
});

Deno.test("hidden files, Modelfiles and Python's leftovers are passed over", async () => {
  await using folder = await workspace(
    "a.bin",
    "x/b.py",
    ".env",
    ".cache/c.bin",
    ".git/config",
    "Modelfile",
    "Modelfile.dev",
    "__pycache__/m.py",
    "x/d.pyc",
  );
  assert.deepEqual(await patternsOf(folder), ["code x/b.py", "model a.bin"]);
});

Deno.test("a workspace whose own name is passed over elsewhere is taken", async () => {
  await using folder = await workspace(".models/a.bin", "modelfile/a.bin");
  for (const name of [".models", "modelfile"]) {
    const { modelfile } = await generateModelfile(folder.join(name));
    assert.equal(modelfile.name, name);
    assert.equal(modelfile.entries.length, 1);
  }
});

Deno.test("a workspace may be a link, and is called by the name of the link", async () => {
  await using folder = await workspace("real/a.bin");
  await Deno.symlink("real", folder.join("mymodel"));
  const { modelfile } = await generateModelfile(folder.join("mymodel"));
  assert.equal(modelfile.name, "mymodel");
  assert.deepEqual(modelfile.entries, [{ kind: "model", pattern: "a.bin" }]);
});

Deno.test("include patterns rescue what is passed over, exclude patterns win over them", async () => {
  await using folder = await workspace(
    "a.bin",
    ".hidden/b.bin",
    ".hidden/.c.bin",
    ".d.py",
    ".git/config",
    "tmp/e.bin",
  );
  const all = [
    "code .d.py",
    "model .hidden/.c.bin",
    "model .hidden/b.bin",
    "model a.bin",
    "model tmp/e.bin",
  ];
  assert.deepEqual(await patternsOf(folder, { include: ["**/.*"] }), all);
  assert.deepEqual(
    await patternsOf(folder, { include: ["**/.*"], exclude: [".hidden/**", "tmp/"] }),
    ["code .d.py", "model a.bin"],
  );
  assert.deepEqual(await patternsOf(folder, { include: [".hidden/.c.bin"] }), [
    "model .hidden/.c.bin",
    "model .hidden/b.bin",
    "model a.bin",
    "model tmp/e.bin",
  ]);
  assert.deepEqual(await patternsOf(folder, { exclude: ["*.bin"] }), ["model tmp/e.bin"]);
});

Deno.test(".modignore and ignore patterns leave files out", async () => {
  await using folder = await workspace("a.bin", "b.bin", "x/c.bin");
  await folder.write(".modignore", "b.bin\n");
  assert.deepEqual(await patternsOf(folder, { ignore: ["x/"] }), ["model a.bin"]);
});

Deno.test("malformed patterns are named, all of them", async () => {
  await using folder = await workspace("a.bin");
  const options = { include: ["a[", "ok"], exclude: ["{b"] };
  await assert.rejects(generateModelfile(folder.path, options), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.deepEqual(error.facts.problems, [
      { message: 'malformed include pattern "a[": "[" is not closed' },
      { message: 'malformed exclude pattern "{b": "{" is not closed' },
    ]);
    return true;
  });
});

Deno.test("an empty workspace gets a Modelfile of the facts given, with a warning", async () => {
  await using folder = await tempFolder();
  const { modelfile, warnings } = await generateModelfile(folder.path, { name: "my-llm" });
  assert.deepEqual(modelfile, { name: "my-llm", entries: [] });
  assert.match(warnings.join(), /no files yet/);
});

Deno.test("a workspace without weights and code, an empty and a missing one are errors", async () => {
  await using folder = await workspace("docs/README.md", "docs/config.json", "file");
  await Deno.mkdir(folder.join("empty"));
  await assert.rejects(generateModelfile(folder.join("docs")), {
    name: "InvalidInputError",
    message: /^Cannot generate a Modelfile for ".*docs": no model and no code was found$/,
  });
  await assert.rejects(generateModelfile(folder.join("empty")), /the workspace is empty$/);
  await assert.rejects(generateModelfile(folder.join("file")), /the workspace is not a folder$/);
  await assert.rejects(generateModelfile(folder.join("none")), NotFoundError);
});

Deno.test("a workspace beyond the limits is refused", async () => {
  await using folder = await workspace("a.bin");
  await Deno.truncate(folder.join("a.bin"), GENERATE_LIMITS.fileSize);
  assert.equal((await generateModelfile(folder.path)).modelfile.entries.length, 1);
  await Deno.truncate(folder.join("a.bin"), GENERATE_LIMITS.fileSize + 1);
  await assert.rejects(
    generateModelfile(folder.path),
    /"a\.bin" has 128000000001 bytes, more than 128000000000$/,
  );
  await using many = await tempFolder();
  for (let index = 0; index < GENERATE_LIMITS.files; index++) {
    Deno.writeTextFileSync(many.join(`${index}.py`), "");
  }
  assert.equal((await generateModelfile(many.path)).modelfile.entries.length, 2048);
  await many.write("one-more.py", "");
  await assert.rejects(generateModelfile(many.path), /more than 2048 files$/);
  assert.equal((await patternsOf(many, { exclude: ["one-more.py"] })).length, 2048);
});

Deno.test("pointers of Git LFS are refused by name, all of them, unless they are left out", async () => {
  await using folder = await workspace("a.py", "notes.md");
  const pointer = (host: string) => `version https://${host}/spec/v1\noid sha256:00\nsize 9\n`;
  await folder.write("w.safetensors", pointer("git-lfs.github.com"));
  await folder.write("sub/tokenizer.json", pointer("hawser.github.com"));
  const oldest = pointer("git-lfs.github.com").replace(/https.*/, "http://git-media.io/v/2");
  await folder.write("old.bin", oldest);
  await folder.write("sub/é.onnx", pointer("git-lfs.github.com").replaceAll("\n", "\r\n"));
  await assert.rejects(generateModelfile(folder.path), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.deepEqual(
      error.facts.problems?.map(({ message }) => message.split(":")[0]).sort(),
      ["old.bin", "sub/tokenizer.json", "sub/é.onnx", "w.safetensors"]
        .map((path) => `"${path}" is a Git LFS pointer, not the file`),
    );
    return true;
  });
  assert.deepEqual(await patternsOf(folder, { exclude: ["sub", "*.safetensors", "*.bin"] }), [
    "code a.py",
    "doc notes.md",
  ]);
});

Deno.test("links are taken by their own names", async () => {
  await using folder = await workspace("ws/a.py", "blobs/1", "other/x.bin");
  await Deno.truncate(folder.join("blobs/1"), 200_000_000);
  await Deno.symlink("../blobs/1", folder.join("ws/big"));
  await Deno.symlink("../other", folder.join("ws/other"));
  await Deno.symlink("a.py", folder.join("ws/same.py"));
  const exclude = ["other"];
  const { modelfile, warnings } = await generateModelfile(folder.join("ws"), { exclude });
  assert.deepEqual(warnings, [
    '"big" is a link that leaves the workspace: building needs --follow-links',
  ]);
  assert.deepEqual(modelfile.entries, [
    { kind: "code", pattern: "a.py" },
    { kind: "model", pattern: "big" },
    { kind: "code", pattern: "same.py" },
  ]);
  const followed = await generateModelfile(folder.join("ws"), { followLinks: true });
  assert.ok(followed.modelfile.entries.some(({ pattern }) => pattern === "other/x.bin"));
});

Deno.test("links to nothing, folders elsewhere and what is no file are refused, all of them, unless they are left out", async () => {
  await using folder = await workspace("ws/a.py", "elsewhere/x.bin");
  await Deno.symlink("../../blobs/gone", folder.join("ws/model.safetensors"));
  await Deno.symlink("../elsewhere", folder.join("ws/other"));
  await Deno.symlink("gone", folder.join("ws/.hidden"));
  new Deno.Command("mkfifo", { args: [folder.join("ws/pipe.bin")] }).outputSync();
  await assert.rejects(generateModelfile(folder.join("ws")), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.deepEqual(error.facts.problems?.map(({ message }) => message), [
      '"model.safetensors": it is a link to nothing',
      '"other": it is a link that leaves the workspace',
      '"pipe.bin": it is not a regular file',
    ]);
    assert.equal(
      error.facts.remedy,
      "mend or remove them, or leave out what is no part of the model: " +
        "--exclude 'model.safetensors', or enter folders elsewhere with --follow-links",
    );
    return true;
  });
  await folder.write("ws/.modignore", "*.safetensors\nother\n");
  const { modelfile } = await generateModelfile(folder.join("ws"), { exclude: ["pipe.bin"] });
  assert.deepEqual(modelfile.entries, [{ kind: "code", pattern: "a.py" }]);
});

Deno.test("names that no reader could extract are refused, all of them", async () => {
  await using folder = await workspace("a.bin", "b\nc.bin", "e\\..\\f.bin");
  await assert.rejects(generateModelfile(folder.path), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.facts.problems?.length, 2);
    return true;
  });
});

Deno.test("what is generated names every file again, whatever its name", async () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 20,
    unit: fc.constantFrom(..."ab[]{}*?, \"'!()é"),
  })
    .map((text) => `m${text}.bin`);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (names) => {
      await using folder = await workspace(...names);
      const { modelfile } = await generateModelfile(folder.path);
      const read = parseModelfile(formatModelfile(modelfile));
      const { files, warnings } = await resolveModelfileFiles(read, folder.path);
      assert.deepEqual(files.map(({ path }) => path).sort(), names.toSorted());
      assert.deepEqual(warnings, []);
    }),
    { numRuns: 50 },
  );
});
