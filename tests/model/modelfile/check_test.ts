import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { checkModelfile } from "../../../src/model/modelfile/check.ts";
import { tempFolder } from "../../support/temp.ts";
import { safetensors } from "../facts/support.ts";

/** The warnings of a Modelfile beside a model of 64 weights in bfloat16. */
async function warningsOf(facts: string): Promise<readonly string[]> {
  await using folder = await tempFolder();
  await folder.write("m.safetensors", safetensors({ w: { dtype: "BF16", shape: [64], width: 2 } }));
  await folder.write("config.json", '{"quantization_config":{"quant_method":"awq","bits":4}}');
  const path = await folder.write("Modelfile", `MODEL *.safetensors\nCONFIG *.json\n${facts}\n`);
  return (await checkModelfile(path, folder.path)).warnings;
}

Deno.test("facts that the weights bear out, however they are written, are no warning", async () => {
  for (
    const facts of [
      "FORMAT SafeTensors",
      "PRECISION bf16",
      "PRECISION float32,bfloat16",
      "PARAMSIZE 64",
      "QUANTIZATION AWQ",
      "QUANTIZATION awq-int4",
    ]
  ) {
    const warnings = facts.startsWith("PARAMSIZE") ? 1 : 0;
    assert.equal((await warningsOf(facts)).length, warnings, facts);
  }
});

Deno.test("facts that the weights do not bear out, and words that nobody knows, are warnings", async () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ["FORMAT gguf", /^FORMAT says "gguf", and the weights say "safetensors"$/],
    ["PRECISION fp16", /^PRECISION says "fp16", and the weights say "bfloat16"$/],
    ["PARAMSIZE 7b", /^PARAMSIZE says "7b", and the weights say "0\.1k"$/],
    ["PARAMSIZE big", /^PARAMSIZE says "big", which no reader will know$/],
    ["QUANTIZATION gptq", /^QUANTIZATION says "gptq", and the weights say "awq-int4"$/],
  ];
  for (const [facts, says] of rows) {
    const warnings = await warningsOf(facts);
    assert.equal(warnings.length, 1, warnings.join());
    assert.match(warnings[0] ?? "", says);
  }
});

Deno.test("where weights say nothing of a quantization, known words are no warning", async () => {
  await using folder = await tempFolder();
  await folder.write("m.safetensors", safetensors({ w: { dtype: "BF16", shape: [64], width: 2 } }));
  const warnings = async (word: string) => {
    const path = await folder.write("Modelfile", `MODEL *.safetensors\nQUANTIZATION "${word}"\n`);
    return (await checkModelfile(path, folder.path)).warnings;
  };
  const known = `none GPTQ awq-int4 bitsandbytes-nf4 Q4_K_M iq2_xxs q8_0 tq1_0 int8 u4 fp8 fp8_e4m3
    8-bit 4bit 2.5bpw w4a16 W8A8KV8 mxfp4 NVFP4 q4f16_1 compressed-tensors llm.int8() static QAT`;
  for (const word of [...known.split(/\s+/), "4 bits, group 128", "Unsloth dynamic"]) {
    assert.deepEqual(await warnings(word), [], word);
  }
  for (const word of ["nonsense", "q", "int", "bits", "7b", "--"]) {
    assert.match(
      (await warnings(word)).join(),
      /^QUANTIZATION says .*, which no reader will know$/,
    );
  }
});

Deno.test("a Modelfile of which nothing is here is one for another folder", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("Modelfile", "MODEL w.bin\nCONFIG *.json\nDOC docs\n");
  const { files, warnings } = await checkModelfile(path, folder.path, { guessed: true });
  assert.deepEqual(files, []);
  assert.match(warnings.join(), /^none of its files is in .* --workspace$/);
  await assert.rejects(checkModelfile(path, folder.path), InvalidInputError);
  await folder.write("a.json", "{}");
  await assert.rejects(checkModelfile(path, folder.path, { guessed: true }), InvalidInputError);
});

Deno.test("a Modelfile that brings no file is refused, as a build refuses it", async () => {
  await using folder = await tempFolder();
  await folder.write("w.bin", "w");
  const rows: readonly (readonly [string, { readonly guessed?: boolean }, number])[] = [
    ["", { guessed: true }, 0],
    ["NAME m\n# MODEL w.bin\n", { guessed: true }, 0],
    ["MODEL *.none\nDOC *.md\n", {}, 2],
  ];
  for (const [text, options, problems] of rows) {
    const path = await folder.write("Modelfile", text);
    await assert.rejects(checkModelfile(path, folder.path, options), (error) => {
      assert(error instanceof InvalidInputError);
      assert.match(
        error.message,
        /^Cannot accept ".*Modelfile": the Modelfile brings no file, and/,
      );
      assert.equal(error.facts.problems?.length, problems, text);
      return true;
    });
  }
  const path = await folder.write("Modelfile", "MODEL *.none\n");
  const { warnings } = await checkModelfile(path, folder.path, { guessed: true });
  assert.match(warnings.join(), /matches no file,none of its files is in /);
});

Deno.test("one file that is there, or another fault, makes it a Modelfile of this folder", async () => {
  await using folder = await tempFolder();
  await folder.write("there.bin", "w");
  const rows = [
    ["MODEL gone.bin\nMODEL also-gone.bin\n", true],
    ["MODEL gone.bin\nCODE *.py\n", true],
    ["MODEL gone.bin\nMODEL *.bin\n", false],
    ["MODEL gone.bin\nMODEL there.bin\n", false],
    ["MODEL gone.bin\nMODEL ../x\n", false],
  ] as const;
  for (const [text, isElsewhere] of rows) {
    const path = await folder.write("Modelfile", text);
    const checked = checkModelfile(path, folder.path, { guessed: true });
    if (!isElsewhere) await assert.rejects(checked, InvalidInputError, text);
    else assert.match((await checked).warnings.join(), /^none of its files is in /, text);
  }
});
