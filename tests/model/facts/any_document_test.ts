/**
 * Documents beside the weights with any content: what they tell has the form that it should have.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { adapterFacts, adapterTask } from "../../../src/model/facts/adapter.ts";
import { configFacts } from "../../../src/model/facts/config_json.ts";
import { licenseOfText, licenseUse, spdxOf } from "../../../src/model/facts/license.ts";
import { isPickle, mayBePickle, PICKLE_START } from "../../../src/model/facts/pickle.ts";
import { diffusersFacts, sentenceFacts } from "../../../src/model/facts/pipeline.ts";
import { modalitiesOf } from "../../../src/model/facts/tasks.ts";
import { tokenizerConfigFacts } from "../../../src/model/facts/tokenizer.ts";

/** What may be said of an adapter: what is right, what is wrong, and what nobody expects. */
const adapterConfig = fc.record({
  peft_type: fc.oneof(fc.constantFrom("LORA", "IA3", "ADALORA"), fc.jsonValue()),
  base_model_name_or_path: fc.oneof(fc.string(), fc.jsonValue()),
  r: fc.oneof(fc.integer(), fc.jsonValue()),
  lora_alpha: fc.oneof(fc.double(), fc.jsonValue()),
  target_modules: fc.oneof(
    fc.string(),
    fc.array(fc.string({ unit: "binary" }), { maxLength: 200 }),
    fc.jsonValue(),
  ),
  task_type: fc.oneof(fc.constantFrom("CAUSAL_LM", "SEQ_CLS"), fc.jsonValue()),
}, { requiredKeys: [] });

const CONTROL = /\p{Cc}/u;

Deno.test("any adapter_config.json tells words, counts and sorted names, or nothing", () => {
  fc.assert(fc.property(adapterConfig, (config) => {
    const task = adapterTask(config);
    assert.ok(task === undefined || modalitiesOf(task) !== undefined);
    const facts = adapterFacts(config);
    if (facts === undefined) return;
    assert.equal(facts.method, String(config.peft_type).toLowerCase());
    for (const word of [facts.method, facts.baseModel ?? "", ...facts.targets ?? []]) {
      assert.doesNotMatch(word, CONTROL);
    }
    assert.ok((facts.rank ?? 1) > 0 && (facts.alpha ?? 1) > 0);
    const targets = facts.targets ?? [];
    assert.ok(targets.length <= 100);
    assert.deepEqual(targets, targets.toSorted());
  }));
});

Deno.test("what peft writes is told to the letter", () => {
  const name = fc.stringMatching(/^[\w./-]{1,40}$/);
  fc.assert(
    fc.property(
      name,
      fc.integer({ min: 1, max: 512 }),
      fc.integer({ min: 1, max: 512 }),
      fc.uniqueArray(name, { minLength: 1, maxLength: 9 }),
      (baseModel, rank, alpha, targets) => {
        const facts = adapterFacts({
          peft_type: "LORA",
          base_model_name_or_path: baseModel,
          r: rank,
          lora_alpha: alpha,
          target_modules: targets,
        });
        const expected = { method: "lora", baseModel, rank, alpha, targets: targets.toSorted() };
        assert.deepEqual(facts, expected);
      },
    ),
  );
});

Deno.test("any tokenizer_config.json tells whether there is a template, and a sensible length", () => {
  const template = fc.oneof(
    fc.string(),
    fc.constant("{% for tool in tools %}{% endfor %}"),
    fc.array(fc.record({ name: fc.string(), template: fc.oneof(fc.string(), fc.jsonValue()) })),
    fc.jsonValue(),
  );
  const length = fc.oneof(fc.integer(), fc.double(), fc.jsonValue());
  fc.assert(fc.property(template, length, (chat_template, model_max_length) => {
    const facts = tokenizerConfigFacts({ chat_template, model_max_length });
    const texts: unknown[] = Array.isArray(chat_template)
      ? chat_template.map((one) => (one as { template?: unknown } | null)?.template)
      : [chat_template];
    const known = texts.filter((text) => typeof text === "string");
    assert.equal(facts?.chatTemplate, known.length > 0 ? true : undefined);
    assert.equal(
      facts?.tools ?? false,
      known.some((text) => /\btools?\b/.test(text)),
    );
    const context = facts?.contextLength;
    assert.ok(
      context === undefined || context > 0 && context < 1e9 && context === model_max_length,
    );
  }));
});

Deno.test("any name of a license becomes an SPDX expression, once and for all", () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("apache-2.0", "MIT", "llama3.1", "other", "cc-by-nc-4.0", "openrail++"),
  );
  fc.assert(fc.property(name, (text) => {
    const license = spdxOf(text);
    if (license === undefined) return;
    assert.match(license, /^(LicenseRef-)?[A-Za-z0-9.-]+$/);
    assert.ok(license.length <= 91);
    assert.equal(spdxOf(license), license);
    if (license.startsWith("LicenseRef-")) assert.notEqual(licenseUse(license), undefined);
  }));
});

/** Beginnings of licenses by which people know them. */
const TEXTS = {
  "Apache-2.0": "Apache License\nVersion 2.0, January 2004",
  "MIT":
    "Permission is hereby granted, free of charge, to any person obtaining a copy. The notice " +
    "shall be included in all copies",
  "GPL-3.0-only": "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007",
  "LicenseRef-llama3.1": "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT",
} as const;

Deno.test("the text of a license is known in any layout, and any other text is no error", () => {
  const blank = fc.stringMatching(/^[ \t\r\n]{1,5}$/);
  const license = fc.constantFrom(...Object.keys(TEXTS) as (keyof typeof TEXTS)[]);
  fc.assert(fc.property(license, fc.infiniteStream(blank), (name, blanks) => {
    const text = TEXTS[name].split(/\s+/).map((word) => word + blanks.next().value).join("");
    assert.equal(licenseOfText(text), name);
  }));
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
    const found = licenseOfText(text);
    assert.ok(found === undefined || spdxOf(found) === found);
  }));
});

Deno.test("a file is a pickle by its name or by its first bytes, and by nothing else", () => {
  const path = fc.constantFrom("a.pkl", "A.JOBLIB", "m.bin", "m.pt", "x/m.ckpt", "m.pth", "m.gguf");
  const start = fc.oneof(
    fc.uint8Array({ maxLength: PICKLE_START }),
    fc.tuple(fc.nat(9), fc.uint8Array({ maxLength: 20 })).map(([protocol, rest]) =>
      Uint8Array.of(0x80, protocol, ...rest)
    ),
  );
  fc.assert(fc.property(path, start, (path, start) => {
    const [first, protocol = 0] = start;
    const byName = /\.(pkl|joblib)$/i.test(path);
    const byBytes = first === 0x80 && protocol >= 2 && protocol <= 5;
    const isArchive = first === 0x50 && protocol === 0x4b;
    assert.ok(isPickle(path, start) === (byName || byBytes) || isArchive);
    if (byName) assert.ok(mayBePickle(path));
  }));
  const archive = new TextEncoder().encode("PK\x03\x04…archive/data.pklFB");
  assert.ok(isPickle("m.pt", archive));
  assert.ok(!isPickle("m.pt", new TextEncoder().encode("PK\x03\x04…archive/data.txt")));
});

Deno.test("any list of components names folders below the model, and no others", () => {
  const index = fc.dictionary(fc.string(), fc.oneof(fc.array(fc.string()), fc.jsonValue()));
  const path = fc.oneof(
    fc.string(),
    fc.constantFrom("", "1_Pooling", "../x", "/etc", "a/../b", "a//b"),
  );
  const type = fc.oneof(fc.string(), fc.constant("sentence_transformers.models.Dense"));
  const modules = fc.oneof(fc.jsonValue(), fc.array(fc.record({ path, type })));
  fc.assert(fc.property(index, modules, (index, modules) => {
    const lists = [diffusersFacts(index), sentenceFacts(modules)];
    for (const folder of lists.flatMap((facts) => facts?.components ?? [])) {
      assert.doesNotMatch(folder, /^\/|\/\/|\/$|\0|\\/);
      assert.ok(!folder.split("/").includes(".."), folder);
    }
  }));
});

Deno.test("any config.json tells words without control characters, and counts above zero", () => {
  const value = fc.oneof(fc.nat(1000), fc.string({ unit: "binary" }), fc.jsonValue());
  const key = fc.constantFrom(
    "model_type",
    "torch_dtype",
    "num_hidden_layers",
    "decoder_layers",
    "hidden_size",
    "num_experts",
    "vocab_size",
    "architectures",
    "quantization_config",
    "text_config",
  );
  fc.assert(fc.property(fc.dictionary(key, value), (config) => {
    const { shape = {}, modelClass, library, paramCount, ...words } = configFacts(config);
    for (const word of [modelClass, library, ...Object.values(words)]) {
      if (word !== undefined) assert.doesNotMatch(word, CONTROL);
    }
    for (const count of [paramCount, ...Object.values(shape)]) {
      if (count !== undefined) assert.ok(Number.isSafeInteger(count) && count > 0, `${count}`);
    }
  }));
});
