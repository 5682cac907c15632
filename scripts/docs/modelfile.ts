/**
 * The reference of Modelfiles: its tables are those that the reader and the generator use, and its
 * examples are read.
 * @module
 */
import { parseGlob } from "../../src/core/glob.ts";
import { FILE_KINDS } from "../../src/model/file_kinds.ts";
import { layerMediaType } from "../../src/model/media_types.ts";
import type { LayerKind } from "../../src/model/media_types.ts";
import { parseModelfile, readModelfile } from "../../src/model/modelfile/parser.ts";
import {
  FILE_INSTRUCTIONS,
  type ModelfileValues,
  VALUE_INSTRUCTIONS,
} from "../../src/model/modelfile/values.ts";

/** A Modelfile with every instruction. */
export const MODELFILE_EXAMPLE = `# Facts: each at most once, all of them optional.
NAME llama2-7b-chat
ARCH transformer
FAMILY llama
FORMAT safetensors
PARAMSIZE 7b
PRECISION fp16
QUANTIZATION none

# Files: a path, a folder or a pattern each.
CONFIG config.json
CONFIG tokenizer*.json
MODEL model-*.safetensors
CODE modeling_*.py
DOC README.md
DOC "Terms of use.pdf"
DATASET data/**
`;

/** What each fact says, with an example. */
const FACTS: Readonly<Record<keyof ModelfileValues, readonly [meaning: string, value: string]>> = {
  name: ["name of the model", "llama2-7b-chat"],
  arch: ["architecture", "transformer"],
  family: ["family of models", "llama"],
  format: ["format of the weights", "safetensors"],
  paramSize: ["count of parameters", "7b"],
  precision: ["type of the weights", "bf16"],
  quantization: ["quantization", "awq"],
};

/** What the files of each kind are. */
const KINDS: Readonly<Record<LayerKind, string>> = {
  config: "configurations, tokenizers, templates",
  model: "weights",
  code: "programs, and libraries that they load",
  doc: "README, license, pictures",
  dataset: "data to train, test or calibrate with",
};

/** Patterns and the paths that they are asked about. */
const PATTERNS: readonly (readonly [pattern: string, path: string])[] = [
  ["*.safetensors", "model.safetensors"],
  ["*.safetensors", "part/model.safetensors"],
  ["**/*.safetensors", "model.safetensors"],
  ["**/*.safetensors", "part/model.safetensors"],
  ["model-?.bin", "model-1.bin"],
  ["model-?.bin", "model-10.bin"],
  ["model-[0-4].bin", "model-5.bin"],
  ["{config,params}.json", "params.json"],
  ["*", ".hidden"],
];

/** Lines that are refused. */
const REFUSED = ["MODLE model.bin", "DOC Terms of use.pdf", "NAME", 'DOC "open', "MODEL [a-.bin"];

/** `docs/modelfile.md` */
export function modelfileReference(): Promise<string> {
  parseModelfile(MODELFILE_EXAMPLE, "the example");
  const facts = VALUE_INSTRUCTIONS.map(({ command, key }) => {
    const [meaning, value] = FACTS[key];
    return [code(command), meaning, code(`${command} ${value}`)];
  });
  const kinds = FILE_INSTRUCTIONS.map(({ command, kind }) => [
    code(command),
    KINDS[kind],
    code(layerMediaType(kind, { family: "cncf", form: "raw" })),
  ]);
  const patterns = PATTERNS.map(([pattern, path]) => [
    code(pattern),
    code(path),
    parseGlob(pattern).matches(path) ? "yes" : "no",
  ]);
  const refused = REFUSED.map((line) => [code(line), problemOf(line)]);
  const names = FILE_KINDS.map(({ kind, patterns }) =>
    `**${kind}**: ${patterns.map(code).join(" ")}`
  );
  return Promise.resolve(`# Modelfile

Which files a model consists of, and a few facts about it. Written by \`deno task generate\`; do not
edit. \`modelfile generate\` writes one for a folder, \`modelfile validate\` finds all its mistakes, and
\`build\` makes one in memory where there is none.

\`\`\`
${MODELFILE_EXAMPLE}\`\`\`

A line is empty, a comment (\`#\` first), or an instruction with one argument. Instructions may be
written in small letters. Double quotes hold blanks together, and a backslash makes the next
character literal; nothing follows an argument, and no line goes on in the next. \`build -f FILE\` takes
a Modelfile of another name, as \`Modelfile.prod\`.

## Facts

Each may be given once. What is not given is read from the files, where they tell it.

${table(["instruction", "what it says", "example"], facts)}

## Files

Any number of lines each, in any order: the model has its files by kind, then by path. A folder means
all that is below it; [\`.modignore\`](modignore.md) and \`--exclude\` take out again. A path that is not
there is an error, a pattern that matches nothing a warning. Of two lines that bring one file as
different kinds the more exact wins, then the earlier, with a warning.

${table(["instruction", "which files", "media type of their layers"], kinds)}

With \`--compression\` a layer is a tar, and its media type ends in \`.tar\`, \`.tar+gzip\` or \`.tar+zstd\`.

## Patterns

\`*\` and \`?\` stop at a slash; \`[a-z]\` and \`[^a]\` are classes; \`**\` as a whole part crosses slashes;
\`{a,b}\` gives alternatives. A backslash before one of these makes it literal.

${table(["pattern", "path", "matches"], patterns)}

## What is refused

${table(["line", "why"], refused)}

## What a generated one takes files for

By name, in any letter case; the first row that matches decides. What no row knows is code, and
weights where it has more than 128 MB. Hidden files, Modelfiles and what Python compiles are passed
over.

${names.join("\n\n")}
`);
}

/** What is wrong with a line, and what is meant. */
function problemOf(line: string): string {
  const [problem] = readModelfile(line).problems;
  if (problem === undefined) throw new Error(`"${line}" is not refused`);
  const { message, suggestion } = problem;
  return suggestion === undefined ? message : `${message}; write ${code(suggestion)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}
