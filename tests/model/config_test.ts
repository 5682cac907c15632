import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { encodeConfig, type ModelConfig, parseConfig } from "../../src/model/config.ts";

const DIGEST = digestBytes(new Uint8Array());

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

function textOf(config: ModelConfig): string {
  return new TextDecoder().decode(encodeConfig(config));
}

function testdata(name: string): Promise<Uint8Array> {
  return Deno.readFile(new URL(`./testdata/${name}`, import.meta.url));
}

Deno.test("encodeConfig() gives the bytes of the shared vectors", async () => {
  const vectors = [
    ["config.raw.json", "sha256:4ace318a9b84a9d9b9d996e965cb3d5dcfb4cc8aa37914378c7838bb4b029d63"],
    ["config.tar.json", "sha256:c22b1d7dcac4c8e4d113539c85ec5ba731b7fa64480c15786c2f97d611ea723f"],
  ] as const;
  for (const [name, digest] of vectors) {
    const { modelfs } = parseConfig(await testdata(name));
    const encoded = encodeConfig({
      // Not in the order of the document.
      config: { precision: "bfloat16", format: "safetensors", architecture: "transformer" },
      modelfs,
      descriptor: { name: "demo", family: "llama", createdAt: undefined, licenses: [], title: "" },
    });
    assert.equal(digestBytes(encoded), digest);
    assert.deepEqual(encoded, new Uint8Array(await testdata(name)));
  }
});

Deno.test("encodeConfig() writes every field of the specification in its order", () => {
  const text = '{"descriptor":{"createdAt":"2025-01-01T00:00:00Z","authors":["a"],"family":"f",' +
    '"name":"n","docURL":"d","sourceURL":"s","datasetsURL":["u"],"version":"1","revision":"r",' +
    '"vendor":"v","licenses":["MIT"],"title":"t","description":"d"},' +
    `"modelfs":{"type":"layers","diffIds":["${DIGEST}"]},` +
    '"config":{"architecture":"transformer","format":"gguf","paramSize":"7b","precision":"int8",' +
    '"quantization":"awq","capabilities":{"inputTypes":["text"],"outputTypes":["image"],' +
    '"knowledgeCutoff":"2025-01-01T00:00:00Z","reasoning":true,"toolUsage":false,"reward":false,' +
    '"languages":["en"]}}}';
  assert.equal(textOf(parseConfig(bytesOf(text))), text);
});

Deno.test("encodeConfig() escapes as other tools do", () => {
  const config = parseConfig(bytesOf({ descriptor: { name: "a<b>&c" } }));
  assert.match(textOf(config), /"name":"a\\u003cb\\u003e\\u0026c"/);
});

Deno.test("encodeConfig() leaves empty capabilities out and keeps a false one", () => {
  const base: ModelConfig = {
    descriptor: {},
    modelfs: { type: "layers", diffIds: [] },
    config: { capabilities: {} },
  };
  const empty = '{"descriptor":{},"modelfs":{"type":"layers","diffIds":[]},"config":{}}';
  assert.equal(textOf(base), empty);
  assert.match(
    textOf({ ...base, config: { capabilities: { reasoning: false } } }),
    /"capabilities":\{"reasoning":false\}/,
  );
});

Deno.test("parseConfig() reads earlier spellings", () => {
  const { modelfs, config } = parseConfig(bytesOf({
    descriptor: { name: "old" },
    modelfs: { type: "layers", diff_ids: [DIGEST] },
    config: {
      puantization: "awq",
      capabilities: {
        input_types: ["text"],
        output_types: ["text"],
        knowledge_cutoff: "2024-01-01T00:00:00Z",
        tool_usage: true,
      },
    },
  }));
  assert.deepEqual(modelfs.diffIds, [DIGEST]);
  assert.equal(config.quantization, "awq");
  assert.deepEqual(config.capabilities?.inputTypes, ["text"]);
  assert.deepEqual(config.capabilities?.outputTypes, ["text"]);
  assert.equal(config.capabilities?.knowledgeCutoff, "2024-01-01T00:00:00Z");
  assert.equal(config.capabilities?.toolUsage, true);
});

Deno.test("parseConfig() prefers today's spelling where a document has both", () => {
  const { config } = parseConfig(
    bytesOf({ config: { quantization: "new", puantization: "old" } }),
  );
  assert.equal(config.quantization, "new");
});

Deno.test("parseConfig() accepts absent sections and nulls, and drops unknown keys", () => {
  const config = parseConfig(bytesOf({ modelfs: { diffIds: null }, config: null, extra: 1 }));
  assert.equal(
    textOf(config),
    '{"descriptor":{},"modelfs":{"type":"layers","diffIds":[]},"config":{}}',
  );
});

Deno.test("parseConfig() names every value of the wrong type", () => {
  assert.throws(
    () => parseConfig(bytesOf({ descriptor: { name: 7 }, modelfs: { diffIds: ["sha256:x"] } })),
    (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(
        error.message,
        /^Cannot read model configuration: 2 problems, the first: descriptor\.name: /,
      );
      assert.equal(error.facts.problems?.length, 2);
      return true;
    },
  );
});

Deno.test("parseConfig() throws nothing but InvalidInputError", () => {
  const documents = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => ({
      descriptor: value,
      modelfs: value,
      config: { capabilities: value },
    })),
  );
  fc.assert(fc.property(documents, (document) => {
    try {
      parseConfig(bytesOf(document));
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});

Deno.test("parseConfig() reads back what encodeConfig() wrote", () => {
  const word = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
  fc.assert(fc.property(word, word, word, fc.boolean(), (name, family, precision, reasoning) => {
    const config: ModelConfig = {
      descriptor: { name, family },
      modelfs: { type: "layers", diffIds: [DIGEST] },
      config: { precision, capabilities: { reasoning } },
    };
    const encoded = encodeConfig(config);
    assert.deepEqual(encodeConfig(parseConfig(encoded)), encoded);
    assert.equal(parseConfig(encoded).descriptor.name, name);
  }));
});
