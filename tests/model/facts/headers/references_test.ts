/**
 * What our readers say of a file is what the readers say that others have written: the libraries of
 * Hugging Face for GGUF and safetensors, the one of safetensors itself, and that of ONNX.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { GGMLQuantizationType, gguf } from "@huggingface/gguf";
import { parseSafetensorsMetadata, type TensorInfo } from "@huggingface/hub";
import onnxProto from "onnx-proto";
import { InvalidInputError } from "../../../../src/core/errors.ts";
import { bytesSource } from "../../../../src/core/content/source.ts";
import { readGguf } from "../../../../src/model/facts/headers/gguf.ts";
import {
  GGUF_FILE_TYPES,
  GGUF_TENSOR_TYPES,
  ggufBytes,
} from "../../../../src/model/facts/headers/gguf_types.ts";
import { readOnnx } from "../../../../src/model/facts/headers/onnx.ts";
import { readSafetensors } from "../../../../src/model/facts/headers/safetensors.ts";
import { besideTests } from "../../../cli/support.ts";
import { runOk } from "../../../support/command.ts";
import { openPackage, PACKAGES } from "../../../support/packages.ts";
import { rangesOf } from "../../../support/ranges_of.ts";
import { tempFolder } from "../../../support/temp.ts";
import { ggufFile, safetensorsFile } from "./generated_files.ts";

/** So many models of each format are compared. */
const RUNS = { numRuns: 100 };

/** What people call a type of GGUF that has another name among the types of weights. */
const PLAIN: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
};

const byName = ([a]: readonly unknown[], [b]: readonly unknown[]) =>
  String(a) < String(b) ? -1 : Number(String(a) > String(b));

Deno.test("GGUF files tell what the library of Hugging Face finds in them", async () => {
  await fc.assert(
    fc.asyncProperty(ggufFile, async (bytes) => {
      const ours = await readGguf(bytesSource(bytes));
      const theirs = await gguf("https://models.test/a.gguf", {
        fetch: rangesOf(bytes),
        computeParametersCount: true,
      });
      const base = Number(theirs.tensorDataOffset);
      assert.deepEqual(
        Array.from(ours.tensors, ({ name, type, shape, start }) => [name, type, shape, start]),
        theirs.tensorInfos.map(({ name, dtype, shape, offset }) => {
          const type = GGMLQuantizationType[dtype] ?? "";
          return [name, PLAIN[type] ?? type, shape.map(Number).reverse(), base + Number(offset)];
        }),
      );
      if (theirs.tensorInfos.length > 0) assert.equal(ours.paramCount, theirs.parameterCount);
      const keys = new Map<string, unknown>(Object.entries(theirs.metadata));
      const value = (key: string) => {
        const found = keys.get(key);
        return typeof found === "bigint" ? Number(found) : found;
      };
      const family = value("general.architecture");
      const tokens = keys.get("tokenizer.ggml.tokens");
      assert.deepEqual(
        [
          ours.family,
          ours.name ?? "",
          ours.shape?.layers,
          ours.shape?.contextLength,
          ours.shape?.width,
          ours.shape?.vocabularySize ?? 0,
        ],
        [
          family,
          String(value("general.name")).trim(),
          value(`${family}.block_count`),
          value(`${family}.context_length`),
          value(`${family}.embedding_length`),
          Array.isArray(tokens) ? tokens.length : 0,
        ],
      );
    }),
    RUNS,
  );
});

Deno.test("safetensors files tell what the library of Hugging Face finds in them", async () => {
  await fc.assert(
    fc.asyncProperty(safetensorsFile, async (bytes) => {
      const ours = await readSafetensors(bytesSource(bytes));
      const theirs = await parseSafetensorsMetadata({
        repo: "someone/model",
        path: "model.safetensors",
        computeParametersCount: true,
        fetch: rangesOf(bytes),
      });
      assert.ok(!theirs.sharded);
      const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
      const { __metadata__: _, ...header } = theirs.header;
      const expected = Object.entries(header as Record<string, TensorInfo>)
        .map(([name, { shape, data_offsets: [start = 0, end = 0] }]) => [
          name,
          shape,
          dataStart + start,
          end - start,
        ]);
      assert.deepEqual(
        Array.from(ours.tensors, ({ name, shape, start, bytes }) => [name, shape, start, bytes]),
        expected,
      );
      // That library counts nothing for a tensor without dimensions, where others count one.
      const counted = new Map<string, number>();
      for (const { type, shape } of ours.tensors) {
        if (shape.length === 0) continue;
        counted.set(type, (counted.get(type) ?? 0) + shape.reduce((all, size) => all * size, 1));
      }
      assert.deepEqual(
        [...counted].sort(byName),
        Object.entries(theirs.parameterCount ?? {}).map(([type, count]) => [ourWord[type], count])
          .sort(byName),
      );
    }),
    RUNS,
  );
});

/** What the library of safetensors says of a file. */
type Verdict =
  | { readonly tensors: readonly (readonly [string, string, number[], string])[] }
  | { readonly refused: string };

/** What the library of safetensors says of files; `undefined` where it is not to be had. */
async function verdictsOf(
  files: readonly Uint8Array[],
  test: string,
): Promise<readonly Verdict[] | undefined> {
  const library = await openPackage(PACKAGES.safetensors, test);
  if (library === undefined) return undefined;
  await using folder = await tempFolder();
  const paths: string[] = [];
  for (const [index, bytes] of files.entries()) {
    paths.push(await folder.write(`${index}.safetensors`, bytes));
  }
  const script = besideTests("../model/facts/headers/read_safetensors.py");
  const { stdout } = await runOk("python3", [script], {
    stdin: `${paths.join("\n")}\n`,
    env: { PYTHONPATH: library, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Our words for the types of that library. */
const ourWord: Readonly<Record<string, string>> = {
  ...PLAIN,
  F8_E4M3: "float8_e4m3",
  F8_E5M2: "float8_e5m2",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

async function ownVerdict(bytes: Uint8Array) {
  const { tensors } = await readSafetensors(bytesSource(bytes));
  return Array.from(tensors, ({ name, type, shape, start = 0, bytes: size = 0 }) => [
    name,
    type,
    shape,
    createHash("sha256").update(bytes.subarray(start, start + size)).digest("hex"),
  ]).sort(byName);
}

const LIBRARY = "safetensors files tell what the library of the format finds, to the bytes";

Deno.test(LIBRARY, async () => {
  const files = fc.sample(safetensorsFile, RUNS);
  const verdicts = await verdictsOf(files, LIBRARY);
  for (const [index, verdict] of verdicts?.entries() ?? []) {
    assert.ok("tensors" in verdict, JSON.stringify(verdict));
    const theirs = verdict.tensors.map(([name, type, ...rest]) => [name, ourWord[type], ...rest]);
    assert.deepEqual(await ownVerdict(files[index]!), theirs.sort(byName));
  }
});

const DAMAGED =
  "damaged safetensors files are read as the library of the format reads them, or refused";

Deno.test(DAMAGED, async () => {
  const damaged = fc.tuple(safetensorsFile, fc.nat(400), fc.nat(255), fc.boolean())
    .map(([bytes, at, value, cut]) => {
      const place = at % bytes.length;
      return cut ? bytes.slice(0, place) : bytes.with(place, value);
    });
  const files = fc.sample(damaged, { numRuns: 600 });
  const verdicts = await verdictsOf(files, DAMAGED);
  let refused = 0;
  for (const [index, verdict] of verdicts?.entries() ?? []) {
    const file = files[index]!;
    if ("refused" in verdict) {
      // We show a type that the library of today does not know.
      if (verdict.refused.includes("unknown variant")) continue;
      refused++;
      await assert.rejects(readSafetensors(bytesSource(file)), (error) => {
        assert.ok(error instanceof InvalidInputError, `${verdict.refused}: ${error}`);
        return true;
      }, `${verdict.refused}: ${new TextDecoder().decode(file)}`);
      continue;
    }
    const theirs = verdict.tensors.map(([name, type, ...rest]) => [name, ourWord[type], ...rest]);
    assert.deepEqual(await ownVerdict(file), theirs.sort(byName));
  }
  if (verdicts !== undefined) assert.ok(refused > 100, `only ${refused} were refused`);
});

const CONSTANTS = "the types of GGUF have the numbers, names and sizes that llama.cpp gives them";

Deno.test(CONSTANTS, async () => {
  const library = await openPackage(PACKAGES.ggufConstants, CONSTANTS);
  if (library === undefined) return;
  const program = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("constants", sys.argv[1])
constants = importlib.util.module_from_spec(spec)
spec.loader.exec_module(constants)
print(json.dumps({
  "types": [[t.value, t.name, *s] for t, s in constants.GGML_QUANT_SIZES.items()],
  "files": [[t.value, t.name] for t in constants.LlamaFileType],
}))`;
  const { stdout } = await runOk("python3", ["-c", program, `${library}/gguf/constants.py`]);
  const { types, files }: {
    types: [number, string, number, number][];
    files: [number, string][];
  } = JSON.parse(stdout);
  for (const [value, name, elements, bytes] of types) {
    const type = GGUF_TENSOR_TYPES.get(value);
    assert.equal(type, PLAIN[name] ?? name);
    // A type of intermediate results, whose scales have become half as long since.
    if (name === "Q8_1") continue;
    assert.equal(ggufBytes(type ?? "", elements * 3), bytes * 3, name);
  }
  assert.equal(types.length, GGUF_TENSOR_TYPES.size);
  for (const [value, name] of files) {
    if (name === "GUESSED") continue;
    const type = name.replace(/^(ALL|MOSTLY)_/, "").replace(/_MOE$/, "");
    assert.equal(GGUF_FILE_TYPES.get(value), PLAIN[type] ?? type);
  }
});

const { onnx } = onnxProto;

/** Bits of an element by the types of ONNX, and our word for it. */
const ONNX_TYPES = [
  [1, 32, "float32"],
  [2, 8, "uint8"],
  [3, 8, "int8"],
  [5, 16, "int16"],
  [6, 32, "int32"],
  [7, 64, "int64"],
  [9, 8, "bool"],
  [10, 16, "float16"],
  [11, 64, "float64"],
  [16, 16, "bfloat16"],
] as const;

const onnxTensor = fc.record({
  name: fc.string({ unit: "grapheme", maxLength: 24 }),
  type: fc.constantFrom(...ONNX_TYPES),
  dims: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  place: fc.constantFrom("raw", "external", "constant"),
});

Deno.test("ONNX models tell what the library of the format has written into them", async () => {
  const models = fc.array(onnxTensor, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(models, fc.string({ maxLength: 200 }), async (tensors, doc) => {
      const written = tensors.map(({ name, type: [dataType, bits], dims, place }) => {
        const bytes = dims.reduce((all, size) => all * size, bits / 8);
        const external = { location: "model.onnx_data", offset: "0", length: String(bytes) };
        return {
          place,
          tensor: {
            name,
            dataType,
            dims,
            ...(place === "external"
              ? {
                dataLocation: 1,
                externalData: Object.entries(external).map(([key, value]) => ({ key, value })),
              }
              : { rawData: new Uint8Array(bytes) }),
          },
        };
      });
      const bytes = onnx.ModelProto.encode({
        irVersion: 8,
        producerName: doc,
        graph: {
          name: doc,
          docString: doc,
          initializer: written.filter(({ place }) => place !== "constant").map(({ tensor }) =>
            tensor
          ),
          node: written.filter(({ place }) => place === "constant").map(({ tensor }) => ({
            opType: "Constant",
            attribute: [{ name: "value", type: 4, t: tensor }],
          })),
        },
      }).finish();
      const read = onnx.ModelProto.decode(bytes);
      const theirs = [
        ...read.graph?.initializer ?? [],
        ...(read.graph?.node ?? []).flatMap(({ attribute }) =>
          attribute?.flatMap(({ t }) => t ?? []) ?? []
        ),
      ].map(({ name, dataType, dims }) => {
        const [, bits = 0, word] = ONNX_TYPES.find(([type]) => type === dataType) ?? [];
        const shape = (dims ?? []).map(Number);
        return [name ?? "", word, shape, shape.reduce((all, size) => all * size, bits / 8)];
      });
      const ours = await readOnnx(bytesSource(bytes));
      const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(
        sorted(
          Array.from(ours.tensors, ({ name, type, shape, bytes }) => [name, type, shape, bytes]),
        ),
        sorted(theirs),
      );
      assert.equal(
        ours.paramCount,
        tensors.reduce((sum, { dims }) => sum + dims.reduce((all, size) => all * size, 1), 0),
      );
      for (const { name, start, bytes: size = 0 } of ours.tensors) {
        if (start !== undefined) assert.ok(start + size <= bytes.length, name);
      }
    }),
    RUNS,
  );
});
