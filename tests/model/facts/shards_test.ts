import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { build, fixture } from "../fixture.ts";

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
