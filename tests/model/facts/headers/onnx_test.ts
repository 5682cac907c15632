import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { InvalidInputError } from "../../../../src/core/errors.ts";
import { bytesSource } from "../../../../src/core/content/source.ts";
import { fileSource } from "../../../../src/core/content/file_source.ts";
import { concatBytes } from "../../../../src/core/streams.ts";
import { readOnnx } from "../../../../src/model/facts/headers/onnx.ts";
import { OCR_MODELS_FOLDER } from "../../../support/models.ts";
import { field, onnx, onnxTensor, toleratesBytes, watchedSource } from "../support.ts";

const FLOAT = 1;
const INT64 = 7;
const FLOAT16 = 10;

function read(bytes: Uint8Array) {
  return readOnnx(bytesSource(bytes), { name: "model.onnx" });
}

Deno.test("initializers tell the precision and the count", async () => {
  const facts = await read(onnx(
    field(5, onnxTensor(FLOAT16, [10, 3], 60)),
    field(5, onnxTensor(INT64, [2], 16)),
  ));
  assert.deepEqual([facts.format, facts.precision, facts.paramCount], ["onnx", "float16", 32]);
});

Deno.test("dimensions may be packed", async () => {
  const tensor = concatBytes([field(1, Uint8Array.of(3, 5)), field(2, FLOAT)]);
  assert.equal((await read(onnx(field(5, tensor)))).paramCount, 15);
});

Deno.test("constants among the nodes are weights too", async () => {
  const attribute = concatBytes([field(1, "value"), field(5, onnxTensor(FLOAT, [7], 28))]);
  const node = concatBytes([field(2, "w"), field(4, "Constant"), field(5, attribute)]);
  assert.equal((await read(onnx(field(1, node)))).paramCount, 7);
});

Deno.test("weights outside the file are counted, however large they are", async () => {
  const facts = await read(onnx(field(5, onnxTensor(FLOAT, [32_000, 4096]))));
  assert.equal(facts.paramCount, 131_072_000);
});

Deno.test("weights that are several to an element have no count", async () => {
  const node = field(4, "MatMulNBits");
  const facts = await read(onnx(field(1, node), field(5, onnxTensor(2, [64], 64))));
  assert.deepEqual([facts.paramCount, facts.precision, facts.packed], [undefined, undefined, true]);
});

Deno.test("the bytes of weights are skipped", async () => {
  const source = watchedSource(onnx(field(5, onnxTensor(FLOAT, [1_000_000], 4_000_000))));
  assert.equal((await readOnnx(source)).paramCount, 1_000_000);
  assert.ok(source.bytesRead() <= 64 * 1024, `${source.bytesRead()} bytes were read`);
});

Deno.test("real models tell what they hold", async () => {
  const counts: Record<string, number> = {
    "ch_PP-OCRv4_det_infer.onnx": 1_171_841,
    "ch_PP-OCRv4_rec_infer.onnx": 2_690_312,
    "ch_ppocr_mobile_v2.0_cls_infer.onnx": 133_665,
  };
  for (const [name, count] of Object.entries(counts)) {
    const facts = await readOnnx(await fileSource(join(OCR_MODELS_FOLDER, name)));
    assert.deepEqual([facts.precision, facts.paramCount], ["float32", count]);
  }
});

const BROKEN: Readonly<Record<string, Uint8Array>> = {
  "an empty file": new Uint8Array(0),
  "a text": new TextEncoder().encode("<!DOCTYPE html><html></html>"),
  "a message without a graph": field(1, 8),
  "a graph that is a number": concatBytes([field(1, 8), field(7, 3)]),
  "a file that was cut": onnx(field(5, onnxTensor(FLOAT, [10], 40))).slice(0, -20),
  "a length beyond the end": concatBytes([field(1, 8), Uint8Array.of(0x3a, 0xff, 0xff, 0x03)]),
  "a length that overflows": concatBytes([
    Uint8Array.of(0x3a),
    new Uint8Array(9).fill(255),
    Uint8Array.of(1),
  ]),
  "a number without end": concatBytes([Uint8Array.of(0x08), new Uint8Array(20).fill(255)]),
  "a shape without bounds": onnx(field(5, onnxTensor(FLOAT, [2 ** 40, 2 ** 40]))),
};

for (const [what, bytes] of Object.entries(BROKEN)) {
  Deno.test(`${what} is invalid input`, async () => {
    await assert.rejects(read(bytes), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /^Cannot read "model\.onnx": /);
      return true;
    });
  });
}

Deno.test("random bytes give facts or invalid input", async () => {
  const good = onnx(field(5, onnxTensor(FLOAT, [10], 40)), field(1, field(4, "Conv")));
  const flipped = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) =>
    good.with(at, value)
  );
  const cut = fc.nat(good.length).map((size) => good.slice(0, size));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), flipped, cut), async (bytes) => {
      await toleratesBytes(readOnnx, bytes);
    }),
    { numRuns: 300 },
  );
});
