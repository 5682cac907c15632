import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { dirname } from "../../../src/core/runtime/path.ts";
import { concatBytes } from "../../../src/core/streams.ts";
import { build, fixture } from "../fixture.ts";
import { field, onnx } from "./support.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A safetensors file of one tensor of four bytes. */
function safetensors(): Uint8Array {
  const header = new TextEncoder().encode('{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}');
  const bytes = new Uint8Array(8 + header.byteLength + 4);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, 8);
  return bytes;
}

const INDEX = JSON.stringify({
  weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" },
});

const MODELFILE = "NAME m\nCONFIG *.json\nMODEL *.safetensors\n";

/** The problems of a build with these parts. */
async function problems(parts: Readonly<Record<string, Uint8Array>>): Promise<string[]> {
  await using fx = await fixture();
  const workspace = await fx.workspace("workspace", {
    Modelfile: MODELFILE,
    "model.safetensors.index.json": INDEX,
  });
  await Deno.remove(`${workspace}/model.safetensors`).catch(() => undefined);
  for (const [name, bytes] of Object.entries(parts)) {
    await Deno.mkdir(dirname(`${workspace}/${name}`), { recursive: true });
    await Deno.writeFile(`${workspace}/${name}`, bytes);
  }
  const error = await fx.backend.build(workspace, build()).then(() => undefined, (error) => error);
  if (error === undefined) return [];
  assert.ok(error instanceof InvalidInputError, String(error));
  return (error.facts.problems ?? []).map(({ message }) => message);
}

const [FIRST, SECOND] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

Deno.test("a model with all the parts that its index names is built", async () => {
  assert.deepEqual(await problems({ [FIRST]: safetensors(), [SECOND]: safetensors() }), []);
});

Deno.test("a part that an index names and that is missing is an error", async () => {
  assert.deepEqual(await problems({ [FIRST]: safetensors() }), [
    `"${SECOND}", which "model.safetensors.index.json" names, is not among the files of the model`,
  ]);
});

Deno.test("a part that is cut, in its header or its data, is an error", async () => {
  for (const cut of [0, 5, 20, safetensors().byteLength - 1]) {
    const [message = ""] = await problems({
      [FIRST]: safetensors(),
      [SECOND]: safetensors().subarray(0, cut),
    });
    assert.match(message, /names, is not whole: Cannot read /, `cut at ${cut}`);
  }
});

/** A ZIP archive of nothing, as PyTorch begins and ends its files. */
function zip(comment = 0): Uint8Array {
  const bytes = new Uint8Array(30 + 22 + comment);
  bytes.set([0x50, 0x4b, 3, 4]);
  bytes.set([0x50, 0x4b, 5, 6], 30);
  new DataView(bytes.buffer).setUint16(50, comment, true);
  return bytes;
}

/** The beginning of an HDF5 file of so many bytes, as each version of its superblock has it. */
function hdf5(version: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, version]);
  bytes[version > 1 ? 9 : 13] = 8;
  const at = [40, 44, 28, 28][version]!;
  new DataView(bytes.buffer).setBigUint64(at, BigInt(size), true);
  return bytes;
}

/** Parts of each kind that an index names, whole, by the name of the index. */
const WHOLE: readonly (readonly [index: string, part: string, bytes: Uint8Array])[] = [
  ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin", zip()],
  ["pytorch_model.bin.index.fp16.json", "pytorch_model.fp16-00001-of-00001.bin", zip(60_000)],
  ["unet/diffusion_pytorch_model.bin.index.json", "unet/diffusion-00001-of-00001.bin", zip(3)],
  ["tf_model.h5.index.json", "tf_model-00001-of-00001.h5", hdf5(0, 96)],
  ["tf_model.h5.index.json", "tf_model-00001-of-00001.h5", hdf5(1, 4000)],
  ["tf_model.h5.index.json", "tf_model-00001-of-00001.h5", hdf5(2, 64)],
  ["tf_model.h5.index.json", "tf_model-00001-of-00001.h5", hdf5(3, 100)],
  ["flax_model.msgpack.index.json", "flax_model-00001-of-00001.msgpack", Uint8Array.of(0x80)],
];

for (const [index, part, bytes] of WHOLE) {
  const what = `${part} of ${bytes.byteLength} bytes`;
  Deno.test(`${what}, which ${index} names, is built whole, and not cut, empty or missing`, async () => {
    const name = part.slice(part.lastIndexOf("/") + 1);
    const document = utf8(JSON.stringify({ weight_map: { a: name, b: name } }));
    const found = async (content?: Uint8Array) =>
      await problems({
        [FIRST]: safetensors(),
        [SECOND]: safetensors(),
        Modelfile: utf8("NAME m\nCONFIG **.json\nCONFIG **/*.json\nMODEL **/*-of-*\n"),
        [index]: document,
        ...(content && { [part]: content }),
      });
    assert.deepEqual(await found(bytes), []);
    const says = (fault: string) => [`"${part}", which "${index}" names, ${fault}`];
    assert.deepEqual(await found(), says("is not among the files of the model"));
    assert.deepEqual(await found(new Uint8Array()), says("is empty"));
    for (const cut of [bytes.byteLength - 1, 31, 9]) {
      // Of a format that nobody reads here, the bytes do not tell.
      if (cut >= bytes.byteLength || part.endsWith(".msgpack")) continue;
      const isZip = part.endsWith(".bin");
      // The comment of an archive may be cut: nobody reads it.
      const ends = isZip && cut > 34;
      const fault = ends ? [] : says("is cut: its end is missing");
      assert.deepEqual(await found(bytes.subarray(0, cut)), fault, `cut at ${cut}`);
    }
  });
}

/** A tensor of so many numbers whose bytes are in another file, behind those of `offset`. */
function outside(location: string, numbers: number, offset?: number): Uint8Array {
  const pairs = { location, ...(offset === undefined ? {} : { offset: `${offset}` }) };
  const places = Object.entries(pairs)
    .map(([key, value]) => field(13, concatBytes([field(1, key), field(2, value)])));
  const tensor = [field(1, numbers), field(2, 1), field(8, "w"), ...places, field(14, 1)];
  return field(5, concatBytes(tensor));
}

Deno.test("what an ONNX model refers to has to be there, as far as its tensors go", async () => {
  const rows: readonly (readonly [model: string, tensors: Uint8Array[], wants: object])[] = [
    ["model.onnx", [outside("model.onnx_data", 16)], { "model.onnx_data": 64 }],
    ["onnx/M.ONNX", [outside("./w.data", 4), outside("w.data", 2, 4096)], { "onnx/w.data": 4104 }],
    ["a/m.onnx", [outside("x.bin", 1), outside("y.bin", 2)], { "a/x.bin": 4, "a/y.bin": 8 }],
  ];
  for (const [model, tensors, wants] of rows) {
    const Modelfile = utf8("NAME m\nMODEL **\n");
    const others = { Modelfile, [FIRST]: safetensors(), [SECOND]: safetensors() };
    const found = async (parts: Readonly<Record<string, Uint8Array>>) =>
      await problems({ ...others, [model]: onnx(...tensors), ...parts });
    const whole = Object.entries(wants).map(([path, size]) =>
      [path, new Uint8Array(size as number)] as const
    );
    assert.deepEqual(await found(Object.fromEntries(whole)), []);
    assert.deepEqual(
      await found({}),
      whole.map(([path]) =>
        `"${path}", which "${model}" names, is not among the files of the model`
      ),
    );
    const cut = whole.map(([path, bytes]) => [path, bytes.subarray(1)] as const);
    assert.deepEqual(
      await found(Object.fromEntries(cut)),
      cut.map(([path, { byteLength: size }]) =>
        `"${path}", which "${model}" names, is cut: it has ${size} bytes, want at least ${size + 1}`
      ),
    );
  }
});
