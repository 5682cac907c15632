/** The documents beside weights: each tells what it says, and nothing when it is malformed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { adapterFacts } from "../../../src/model/facts/adapter.ts";
import { configFacts } from "../../../src/model/facts/config_json.ts";
import { licenseOfText, licenseUse, spdxOf } from "../../../src/model/facts/license.ts";
import { isPickle, mayBePickle } from "../../../src/model/facts/pickle.ts";
import { readmeFacts } from "../../../src/model/facts/readme.ts";
import { modalitiesOf, taskOfClass } from "../../../src/model/facts/tasks.ts";
import { readTfjs } from "../../../src/model/facts/headers/tfjs.ts";
import { tokenizerConfigFacts } from "../../../src/model/facts/tokenizer.ts";

const front = (yaml: string) => readmeFacts(`---\n${yaml}\n---\n# Title\n`);

Deno.test("the front matter of a README tells license, task, languages and origin", () => {
  const yaml = `license: apache-2.0
language: [en, zh]
base_model: Qwen/Qwen2.5-0.5B
datasets:
- wikitext
- wikitext
pipeline_tag: text-generation
library_name: transformers
widget: [{ text: hello }]`;
  assert.deepEqual(front(yaml), {
    license: "Apache-2.0",
    task: "text-generation",
    library: "transformers",
    languages: ["en", "zh"],
    datasets: ["wikitext"],
    baseModels: ["Qwen/Qwen2.5-0.5B"],
  });
});

Deno.test("front matter may have Windows line ends, a byte order mark, and nothing behind it", () => {
  assert.equal(readmeFacts("\uFEFF---\r\nlicense: mit\r\n---\r\n")?.license, "MIT");
  assert.equal(readmeFacts("---\nlicense: mit\n---")?.license, "MIT");
});

Deno.test("several licenses are an expression, and one without an identifier a reference", () => {
  assert.equal(front("license: [mit, apache-2.0]")?.license, "MIT AND Apache-2.0");
  assert.equal(front("license: other\nlicense_name: My License")?.license, "LicenseRef-My-License");
  assert.equal(front("license: llama3.1")?.license, "LicenseRef-llama3.1");
  assert.equal(front("license: unknown"), undefined);
});

Deno.test("front matter that is no YAML, is none, or is hostile, tells nothing", () => {
  const bomb = [
    "a: &a [x,x,x,x]",
    ...[..."bcdefgh"].map((name, index) =>
      `${name}: &${name} [${Array(8).fill(`*${"abcdefgh"[index]}`).join(",")}]`
    ),
    "license: *h",
  ].join("\n");
  for (const yaml of ["license: [", "- mit", "license: mit\nlicense: gpl-3.0", bomb]) {
    assert.equal(front(yaml), undefined, yaml);
  }
  for (const text of ["# Title", "--- \nno end", "text\n---\nlicense: mit\n---\n"]) {
    assert.equal(readmeFacts(text), undefined, text);
  }
  assert.equal(front(`license: mit\nlanguage: "a\\tb"`)?.languages, undefined);
});

Deno.test("readmeFacts() throws nothing, whatever the text", () => {
  fc.assert(fc.property(fc.string(), (text) => void front(text)));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."-: []{}&*?!|>\n\"'a,#") }),
      (text) => void front(text),
    ),
  );
});

Deno.test("licenses are known by the names of hubs and by their identifiers", () => {
  const names = [
    "apache-2.0",
    "MIT",
    "gpl-3.0",
    "cc-by-nc-4.0",
    "openrail++",
    "LicenseRef-x",
    "other",
  ];
  assert.deepEqual(names.map(spdxOf), [
    "Apache-2.0",
    "MIT",
    "GPL-3.0-only",
    "CC-BY-NC-4.0",
    "LicenseRef-openrail",
    "LicenseRef-x",
    undefined,
  ]);
});

Deno.test("a card says in a word what a license allows", () => {
  const uses = ["Apache-2.0", "AGPL-3.0-only", "CC-BY-NC-4.0", "LicenseRef-llama3", "X-1.0"];
  assert.deepEqual(uses.map(licenseUse), [
    "permissive",
    "share alike",
    "not for commercial use",
    "with conditions of use",
    undefined,
  ]);
  assert.equal(
    licenseUse("LicenseRef-fair-noncommercial-research-license"),
    "not for commercial use",
  );
});

Deno.test("the text of a license tells which it is", () => {
  const texts: readonly [string, string | undefined][] = [
    ["Apache License\n   Version 2.0, January 2004", "Apache-2.0"],
    [
      "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy " +
      "… The above copyright notice and this permission notice shall be included in all copies",
      "MIT",
    ],
    [
      "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007",
      "GPL-3.0-only",
    ],
    [
      "Redistribution and use in source and binary forms, with or without … Neither the name of",
      "BSD-3-Clause",
    ],
    ["META LLAMA 3 COMMUNITY LICENSE AGREEMENT", "LicenseRef-llama3"],
    ["You may use it on Sundays.", undefined],
  ];
  for (const [text, license] of texts) assert.equal(licenseOfText(text), license, text);
});

Deno.test("adapter_config.json tells of what it is an adapter, and its size", () => {
  const config = {
    peft_type: "LORA",
    base_model_name_or_path: "meta-llama/Llama-3.1-8B",
    r: 16,
    lora_alpha: 32,
    target_modules: ["v_proj", "q_proj"],
  };
  assert.deepEqual(adapterFacts(config), {
    method: "lora",
    baseModel: "meta-llama/Llama-3.1-8B",
    rank: 16,
    alpha: 32,
    targets: ["q_proj", "v_proj"],
  });
  assert.deepEqual(adapterFacts({ peft_type: "LORA", r: "16", target_modules: "all-linear" }), {
    method: "lora",
    targets: ["all-linear"],
  });
  assert.equal(adapterFacts({ r: 16 }), undefined);
});

Deno.test("config.json tells the class and the sizes, also those of an inner configuration", () => {
  const inner = { num_hidden_layers: 28, hidden_size: 3584, num_attention_heads: 28 };
  const { shape, modelClass } = configFacts({
    architectures: ["Qwen2VLForConditionalGeneration"],
    text_config: { ...inner, num_key_value_heads: 4, max_position_embeddings: 32768 },
    vocab_size: 152064,
  });
  assert.equal(modelClass, "Qwen2VLForConditionalGeneration");
  assert.deepEqual(shape, {
    layers: 28,
    width: 3584,
    heads: 28,
    keyValueHeads: 4,
    contextLength: 32768,
    vocabularySize: 152064,
  });
  assert.deepEqual(configFacts({ n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024 }).shape, {
    layers: 12,
    width: 768,
    heads: 12,
    contextLength: 1024,
  });
  assert.equal(configFacts({ hidden_size: -1, num_hidden_layers: "12" }).shape, undefined);
});

Deno.test("tokenizer_config.json tells of the template, its tools, and a real length", () => {
  assert.deepEqual(
    tokenizerConfigFacts({ chat_template: "{% if tools %}", model_max_length: 4096 }),
    { chatTemplate: true, tools: true, contextLength: 4096 },
  );
  const named = [{ name: "default", template: "{{ x }}" }, { name: "rag", template: 7 }];
  assert.deepEqual(tokenizerConfigFacts({ chat_template: named, model_max_length: 1e30 }), {
    chatTemplate: true,
    tools: false,
  });
  assert.equal(tokenizerConfigFacts({ chat_template: 7 }), undefined);
});

const tfjs = (document: unknown) =>
  readTfjs(bytesSource(new TextEncoder().encode(JSON.stringify(document))), { name: "model.json" });

Deno.test("a manifest of TensorFlow.js tells its weights, quantized or not", async () => {
  const weights = [
    { name: "conv/kernel", shape: [3, 3, 8], dtype: "float32" },
    { name: "conv/bias", shape: [8], dtype: "float32" },
  ];
  const facts = await tfjs([{ paths: ["group1-shard1of1"], weights }]);
  assert.deepEqual([facts.format, facts.paramCount, facts.precision], ["tfjs", 80, "float32"]);
  assert.deepEqual(facts.tensors.at(1), {
    name: "conv/bias",
    type: "float32",
    shape: [8],
    bytes: 32,
  });
  const small = weights.map((one) => ({
    ...one,
    quantization: { dtype: "uint8", min: 0, scale: 1 },
  }));
  const quantized = await tfjs({ weightsManifest: [{ paths: ["a"], weights: small }] });
  assert.deepEqual([quantized.precision, quantized.quantization], [undefined, "uint8"]);
  assert.equal(quantized.tensors.at(0).bytes, 72);
});

Deno.test("readTfjs() throws nothing but InvalidInputError, whatever the document", async () => {
  for (const document of [{}, [], [{ paths: [], weights: [{ name: "a", shape: [1e300] }] }], 7]) {
    await assert.rejects(tfjs(document), InvalidInputError);
  }
  await fc.assert(fc.asyncProperty(fc.json(), async (json) => {
    const source = bytesSource(new TextEncoder().encode(`{"weightsManifest":${json}}`));
    await readTfjs(source).catch((error) => assert.ok(error instanceof InvalidInputError));
  }));
});

Deno.test("pickles are known by name, by their first opcode, and inside archives", () => {
  const archive = new TextEncoder().encode("PK\x03\x04" + "\0".repeat(26) + "archive/data.pkl");
  assert.ok(isPickle("model.joblib", new Uint8Array()));
  assert.ok(isPickle("model.pt", Uint8Array.of(0x80, 4, 0x95)));
  assert.ok(isPickle("pytorch_model.bin", archive));
  assert.ok(!isPickle("weights.bin", Uint8Array.of(0, 1, 2)));
  assert.ok(!isPickle("model.pt", new TextEncoder().encode("PK\x03\x04 something else")));
  assert.ok(!mayBePickle("model.safetensors"));
});

Deno.test("a task tells what goes in and out, and a class its task", () => {
  assert.deepEqual(modalitiesOf("sentence-similarity"), {
    inputTypes: ["text"],
    outputTypes: ["embedding"],
  });
  assert.equal(modalitiesOf("dancing"), undefined);
  assert.equal(taskOfClass("Qwen2ForCausalLM"), "text-generation");
  assert.equal(taskOfClass("BertModel"), undefined);
});
