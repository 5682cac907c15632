/** The card of a model: at several widths, in colour and without, and as documents. */
import assert from "node:assert/strict";
import { gguf, safetensors } from "../model/facts/support.ts";
import { besideTests, type Finished, Home } from "./support.ts";

const NAME = "registry.test/models/tiny:v1";

/** A small language model in the form that libraries write it. */
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  "config.json": JSON.stringify({
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    torch_dtype: "bfloat16",
    num_hidden_layers: 2,
    hidden_size: 64,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 1519,
    max_position_embeddings: 32768,
  }),
  "tokenizer_config.json": JSON.stringify({ chat_template: "{% if tools %}{% endif %}" }),
  "README.md": "---\nlicense: apache-2.0\nlanguage: [en, zh]\nbase_model: Qwen/Qwen2.5-0.5B\n" +
    "datasets: [org/wiki]\npipeline_tag: text-generation\nlibrary_name: transformers\n---\n# Tiny\n",
  "modeling.py": "print(1)\n",
  "model.safetensors": safetensors({
    "model.embed_tokens.weight": { dtype: "BF16", shape: [1519, 64], width: 2 },
    "model.layers.0.self_attn.q_proj.weight": { dtype: "BF16", shape: [64, 64], width: 2 },
    "model.layers.0.mlp.gate_proj.weight": { dtype: "BF16", shape: [64, 172], width: 2 },
    "model.layers.1.mlp.gate_proj.weight": { dtype: "BF16", shape: [64, 172], width: 2 },
    "model.norm.weight": { dtype: "F32", shape: [64], width: 4 },
  }),
};

/** A home whose store has a model of these files. */
async function homeWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Home> {
  const home = await Home.open();
  for (const [path, content] of Object.entries(files)) {
    await Deno.chmod(await home.folder.write(`tiny/${path}`, content), 0o644);
    await Deno.utime(home.at("tiny", path), 1_770_000_000, 1_770_000_000);
  }
  const built = await home.run(["build", home.at("tiny"), "-t", NAME], {
    env: { SOURCE_DATE_EPOCH: "1770000000" },
  });
  assert.equal(built.code, 0, built.stderr);
  return home;
}

function show(home: Home, columns: number, ...flags: string[]): Promise<Finished> {
  return home.run(["inspect", NAME, ...flags], {
    terminal: true,
    columns,
    env: { NO_COLOR: "1" },
  });
}

Deno.test("the card at 120, 80 and 40 columns is the one that was agreed on", async (context) => {
  await using home = await homeWith(FILES);
  for (const columns of [120, 80, 40]) {
    await context.step(`${columns} columns`, async () => {
      const { code, stdout, stderr } = await show(home, columns);
      assert.deepEqual([code, stderr], [0, ""]);
      for (const line of stdout.split("\n")) assert.ok(line.length <= columns, line);
      // To agree on a new card: delete the file, run this test, and read what it wrote.
      const snapshot = besideTests(`testdata/card.${columns}.txt`);
      const agreed = await Deno.readTextFile(snapshot).catch(async () => {
        await Deno.writeTextFile(snapshot, stdout);
        return undefined;
      });
      assert.equal(stdout, agreed);
    });
  }
});

Deno.test("a pipe gets the form that scripts know, and --card the card", async () => {
  await using home = await homeWith(FILES);
  const piped = JSON.parse(await home.done("inspect", NAME));
  assert.deepEqual(Object.keys(piped).slice(0, 4), ["Id", "Digest", "Architecture", "CreatedAt"]);
  const terminal = await show(home, 80, "--json");
  assert.deepEqual(JSON.parse(terminal.stdout), piped);
  assert.match(await home.done("inspect", NAME, "--card"), /^tiny\nregistry\.test/);
  const { stdout } = await show(home, 80, "--format", "{{.Name}}");
  assert.equal(stdout, "tiny\n");
});

Deno.test("there is colour on a terminal, and none where it is not wanted", async () => {
  await using home = await homeWith(FILES);
  const painted = await home.run(["inspect", NAME], { terminal: true, columns: 80 });
  assert.ok(painted.stdout.startsWith("\u001b[1mtiny"));
  const isPlain = (text: string) => assert.ok(!text.includes("\u001b"), text);
  isPlain((await show(home, 80)).stdout);
  isPlain(await home.done("inspect", NAME, "--card"));
  const always = await home.done("inspect", NAME, "--card", "--color", "always");
  assert.ok(always.startsWith("\u001b[1mtiny"));
  isPlain((await show(home, 80, "--color", "never")).stdout);
});

Deno.test("--card --json is a document of all facts, without the long lists", async () => {
  await using home = await homeWith(FILES);
  const card = JSON.parse(await home.done("inspect", NAME, "--card", "--json"));
  assert.equal(card.reference, NAME);
  assert.deepEqual(card.facts.languages, ["en", "zh"]);
  assert.deepEqual(
    [card.facts.license, card.facts.paramCount, card.facts.tensorCount, card.facts.task],
    ["Apache-2.0", 123_392, 5, "text-generation"],
  );
  assert.deepEqual(
    card.parts.map(({ kind, files }: { kind: string; files: number }) => [
      kind,
      files,
    ]),
    [["model", 1], ["config", 2], ["code", 1], ["doc", 1]],
  );
  assert.equal(card.largestTensors[0].name, "model.embed_tokens.weight");
  assert.deepEqual([card.tensors, card.files], [undefined, undefined]);
});

Deno.test("the configuration has what the specification has a place for", async () => {
  await using home = await homeWith(FILES);
  const { descriptor, config } = JSON.parse(await home.done("inspect", NAME, "--config"));
  assert.deepEqual(descriptor.licenses, ["Apache-2.0"]);
  assert.deepEqual(descriptor.datasetsURL, ["https://huggingface.co/datasets/org/wiki"]);
  assert.deepEqual(config.capabilities, {
    inputTypes: ["text"],
    outputTypes: ["text"],
    toolUsage: true,
    languages: ["en", "zh"],
  });
});

Deno.test("--tensors and --files list all, for people, for scripts and for programs", async () => {
  await using home = await homeWith(FILES);
  const piped = await home.done("inspect", NAME, "--tensors");
  assert.equal(piped.split("\n")[0]?.trim(), "SHAPE   TYPE     BYTES  FILE              NAME");
  assert.match(piped, /^64x172 {2}bfloat16 22016 {2}model\.safetensors model\.layers\.0\.mlp/m);
  const files = await home.done("inspect", NAME, "--files");
  assert.match(files, /^weights \d+ {1,5}sha256:[0-9a-f]{64} model\.safetensors$/m);
  const both = JSON.parse(await home.done("inspect", NAME, "--files", "--tensors", "--json"));
  assert.deepEqual([both.files.length, both.tensors.length, both.facts], [5, 5, undefined]);
  const { stdout } = await show(home, 80, "--tensors", "--files");
  assert.match(stdout, /^PATH {2,}KIND {2,}SIZE {2,}DIGEST\n/);
  assert.match(stdout, /^model\.norm\.weight {2,}64 {2,}float32 {2,}256 B$/m);
});

Deno.test("two documents at once are refused", async () => {
  await using home = await Home.open();
  for (const flags of [["--config", "--card"], ["--format", "{{.Id}}", "--tensors"]]) {
    const { code, stderr } = await home.run(["inspect", NAME, ...flags]);
    assert.equal(code, 2);
    assert.match(stderr, /Cannot show --\w+ and --\w+ at once: name one of them/);
  }
});

Deno.test("archives, compressed or not, tell as much as files do", async () => {
  for (const form of [["--raw=false"], ["--compression", "gzip"], ["--compression", "zstd"]]) {
    await using home = await homeWith(FILES);
    await home.done("build", home.at("tiny"), "-t", NAME, ...form);
    const card = JSON.parse(await home.done("inspect", NAME, "--card", "--json"));
    assert.deepEqual(
      [card.facts.paramCount, card.facts.license, card.facts.tensorCount, card.warnings],
      [123_392, "Apache-2.0", 5, []],
      form.join(" "),
    );
  }
});

Deno.test("a card of GGUF tells quantization, memory and tokenizer from the header", async () => {
  await using home = await homeWith({
    "tiny.Q4_K_M.gguf": gguf({
      "general.architecture": { text: "llama" },
      "general.file_type": { u32: 15 },
      "llama.block_count": { u32: 2 },
      "tokenizer.ggml.model": { text: "gpt2" },
      "tokenizer.ggml.tokens": { texts: ["a", "b"] },
    }, [{ name: "token_embd.weight", shape: [256, 4], type: 12 }]),
  });
  const { stdout } = await show(home, 80);
  assert.match(stdout, /^Quantized {3}Q4_K_M$/m);
  assert.match(stdout, /^Memory {6}576 B for the weights$/m);
  assert.match(stdout, /^Tokenizer {3}BPE$/m);
  assert.match(stdout, /^License {5}not stated: ask whoever publishes it$/m);
});

Deno.test("a card tells what its tag named before, for a narrow window too", async () => {
  await using home = await homeWith(FILES);
  const first = await digestOf(home);
  assert.doesNotMatch((await show(home, 80)).stdout, /^Before it/m);
  for (const readme of ["# Second\n", "# Third\n", "# Fourth\n", "# Fifth\n"]) {
    await home.folder.write("tiny/README.md", readme);
    await home.done("build", home.at("tiny"), "-t", NAME);
  }
  await home.done("tag", `${NAME.replace(/:v1$/, "")}@${first}`, NAME);
  await home.folder.write("tiny/README.md", "# Sixth\n");
  await home.done("build", home.at("tiny"), "-t", NAME);
  for (const columns of [120, 80, 40]) {
    const { stdout } = await show(home, columns);
    const [, text = ""] = /^Before it {3}(.*(?:\n {12}.*)*)/m.exec(stdout) ?? [];
    assert.match(text, /^sha256:[0-9a-f]{12} \(/, stdout);
    assert.ok(text.startsWith(first.slice(0, 19)), "the latest comes first");
    assert.match(text.replace(/\s+/g, " "), /\) and 2 more$/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= columns, line);
  }
});

async function digestOf(home: Home): Promise<string> {
  return JSON.parse(await home.done("inspect", NAME, "--card", "--json")).digest;
}

Deno.test("what comes from outside cannot steer the terminal or break the card", async () => {
  const evil = "\u001b]0;owned\u0007\u202e";
  await using home = await homeWith({
    "README.md":
      `---\npipeline_tag: "a${evil}b"\nlicense: "x\\e[31my"\nlanguage: [zz-${evil}]\n---`,
    "adapter_config.json": JSON.stringify({
      peft_type: "LORA",
      target_modules: ["q\u202eproj", `${"w".repeat(200)}`],
    }),
    "model.safetensors": safetensors({
      [`a\u001b[31m\n${evil}`]: { dtype: "F32", shape: [2], width: 4 },
      ["n".repeat(5000)]: { dtype: "F32", shape: [3], width: 4 },
    }),
    "model.pkl": "\x80\x04",
  });
  for (const columns of [120, 80, 40]) {
    const { code, stdout } = await show(home, columns, "--card", "--tensors", "--files");
    // Names as long as that make a header malformed: its tensors are missing.
    assert.equal(code, 10);
    // deno-lint-ignore no-control-regex -- these are what must not be there
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= columns, line);
  }
  assert.match(
    (await show(home, 80)).stdout,
    /Runs code {3}when it is loaded, as pickles do: model/,
  );
});
