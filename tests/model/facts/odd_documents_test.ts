/** Documents as other tools write them: numbers that JSON does not have, marks, other encodings. */
import assert from "node:assert/strict";
import { bytesSource } from "../../../src/core/content/source.ts";
import { readFacts } from "../../../src/model/facts/read_facts.ts";

/** A text in UTF-16 with its mark, in either order of bytes. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2);
  const view = new DataView(bytes.buffer);
  for (const [index, character] of [...`\uFEFF${text}`].entries()) {
    view.setUint16(2 * index, character.charCodeAt(0), littleEndian);
  }
  return bytes;
}

function factsOf(files: Readonly<Record<string, string | Uint8Array>>) {
  return readFacts(
    Object.entries(files).map(([path, content]) => ({
      path,
      source: bytesSource(
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      ),
    })),
  );
}

Deno.test("numbers that only Python writes leave the other facts", async () => {
  const configs = [
    '{"model_type":"llama","rope":NaN,"num_hidden_layers":2}',
    '{"model_type":"llama","limits":[Infinity,-Infinity],"num_hidden_layers":2}',
    '{"model_type":"llama","vocab_size":NaN,"text":"NaN, Infinity","num_hidden_layers":2}',
  ];
  for (const config of configs) {
    const { facts, warnings } = await factsOf({ "config.json": config });
    assert.deepEqual([facts.family, facts.shape, warnings], ["llama", { layers: 2 }, []], config);
  }
});

Deno.test("documents with a mark, and in UTF-16 of either order, are read", async () => {
  const config = '{"model_type":"llama","num_hidden_layers":2}';
  const readme = "---\nlicense: mit\n---\n";
  const adapter = '{"peft_type":"LORA","r":8}';
  const forms = [
    (text: string) => `\uFEFF${text}`,
    (text: string) => utf16(text, true),
    (text: string) => utf16(text, false),
  ];
  for (const form of forms) {
    const { facts, warnings } = await factsOf({
      "config.json": form(config),
      "README.md": form(readme),
      "adapter_config.json": form(adapter),
    });
    assert.deepEqual(
      [facts.family, facts.license, facts.adapter, warnings],
      ["llama", "MIT", { method: "lora", rank: 8 }, []],
    );
  }
});

Deno.test("a document that cannot be read is a warning that names it, and takes nothing else along", async () => {
  const documents: Readonly<Record<string, string | Uint8Array>> = {
    "cut": '{"model_type":"lla',
    "no object": "[1,2]",
    "no text": Uint8Array.of(0xc3, 0x28, 0xff),
    "nested without end": "[".repeat(100_000),
    "two values": "{} {}",
    "a number alone": "NaN",
  };
  for (const [what, content] of Object.entries(documents)) {
    for (const name of ["config.json", "adapter_config.json", "tokenizer_config.json"]) {
      const { facts, warnings } = await factsOf({
        [name]: content,
        "LICENSE": "MPL: Mozilla Public License, version 2.0",
      });
      assert.equal(facts.license, "MPL-2.0", `${what} in ${name}`);
      assert.equal(warnings.length, 1, `${what} in ${name}: ${warnings.join("; ")}`);
      assert.ok(warnings[0]?.startsWith(`${name} tells nothing: `), warnings[0]);
    }
  }
});

Deno.test("lists of components that lead elsewhere, or name nothing, leave the weights alone", async () => {
  const modules = [
    "{}",
    "[]",
    '[{"path":"../other","type":"sentence_transformers.models.Transformer"}]',
    '[{"path":"missing","type":"sentence_transformers.models.Transformer"}]',
    '[{"path":7,"type":null}]',
    '[{"idx":0,"type":"other.Program","path":""}]',
  ];
  const header = new TextEncoder().encode('{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}');
  const weights = new Uint8Array(8 + header.byteLength + 4);
  new DataView(weights.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  weights.set(header, 8);
  for (const text of modules) {
    const { facts, warnings } = await factsOf({
      "modules.json": text,
      "model.safetensors": weights,
    });
    assert.deepEqual([facts.paramCount, facts.tensorCount, warnings], [4, 1, []], text);
  }
});

Deno.test("configurations in UTF-16 need no mark", async () => {
  const configs = [
    '{"model_type":"llama"}',
    '\n{"model_type":"llama","a":NaN}',
    ' { "model_type": "llama"}',
  ];
  for (const config of configs) {
    for (const littleEndian of [true, false]) {
      const bytes = utf16(config, littleEndian).subarray(2);
      const { facts, warnings } = await factsOf({ "config.json": bytes });
      assert.deepEqual([facts.family, warnings], ["llama", []], config);
    }
  }
});
