/** A model to look at. @module */
import { Home } from "../cli/support.ts";
import { type SafeTensor, safetensors } from "../model/facts/support.ts";
import { build, type Served, serveHome } from "../server/page_api/support.ts";

const tensor = (...shape: number[]): SafeTensor => ({ dtype: "BF16", shape, width: 2 });

/** The tensors of a small Llama. */
function llamaTensors(layers: number): Record<string, SafeTensor> {
  const tensors: Record<string, SafeTensor> = {
    "model.embed_tokens.weight": tensor(3200, 64),
    "model.norm.weight": tensor(64),
    "lm_head.weight": tensor(3200, 64),
  };
  for (let layer = 0; layer < layers; layer++) {
    Object.assign(tensors, {
      [`model.layers.${layer}.input_layernorm.weight`]: tensor(64),
      [`model.layers.${layer}.mlp.down_proj.weight`]: tensor(64, 256),
      [`model.layers.${layer}.mlp.up_proj.weight`]: tensor(256, 64),
      [`model.layers.${layer}.self_attn.k_proj.weight`]: tensor(32, 64),
      [`model.layers.${layer}.self_attn.q_proj.weight`]: tensor(64, 64),
    });
  }
  return tensors;
}

const README = `---
license: apache-2.0
language: [en, de]
pipeline_tag: text-generation
library_name: transformers
base_model: team/llama-base
---
# Llama, small

A **small** model that follows instructions, for tests and first steps.

## How to use it

\`\`\`python
from transformers import pipeline

pipe = pipeline("text-generation", model="./llama")
print(pipe("What is a registry?"))
\`\`\`

## Evaluation

| benchmark | base | this one |
| --------- | ---: | -------: |
| MMLU      | 21.3 |     24.9 |
| HellaSwag | 28.0 |     31.4 |

- Trained on [public text](https://example.com/text)
- It makes mistakes: read what it writes
`;

/** The files of a small Llama. */
export const LLAMA_FILES: Readonly<Record<string, string | Uint8Array>> = {
  "Modelfile": "NAME llama-small\nCONFIG *.json\nMODEL *.safetensors\nCODE *.py\n" +
    "DATASET eval/*.jsonl\nDOC README.md\nDOC LICENSE\n",
  "README.md": README,
  "LICENSE": "Apache License\nVersion 2.0, January 2004\nhttp://www.apache.org/licenses/\n",
  "config.json": JSON.stringify({
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: 64,
    num_hidden_layers: 12,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 3200,
    max_position_embeddings: 8192,
    torch_dtype: "bfloat16",
  }),
  "tokenizer_config.json": JSON.stringify({ chat_template: "{{ messages }}" }),
  "handler.py": 'print("handled")\n'.repeat(9000),
  "eval/questions.jsonl": '{"question":"What is a registry?"}\n'.repeat(12_000),
  "model.safetensors": safetensors(llamaTensors(12)),
};

/** Serves a store with the samples. */
export async function serveSamples(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await Home.open());
  await buildSamples(home);
  const server = stack.use(await serveHome(home));
  const kept = stack.move();
  return { ...server, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Builds two versions of the model, and a few others beside it. */
export async function buildSamples(home: Home): Promise<void> {
  const { "README.md": _readme, Modelfile: _modelfile, ...older } = LLAMA_FILES;
  await build(home, "localhost/team/llama:v1", older);
  await build(home, "localhost/team/llama:v2", LLAMA_FILES);
  for (const version of ["v1", "v2"]) {
    await home.done("tag", `localhost/team/llama:${version}`, "localhost/team/llama:latest");
  }
  const small = {
    "config.json": '{"model_type":"bert"}',
    "model.safetensors": safetensors({ "pooler.weight": tensor(8, 8) }),
  };
  for (const name of ["search/bge-small", "speech/whisper", "vision/siglip"]) {
    await build(home, `localhost/${name}:v1`, small);
  }
}
