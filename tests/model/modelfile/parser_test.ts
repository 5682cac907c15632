import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { parseModelfile, readModelfile } from "../../../src/model/modelfile/parser.ts";

/** The one problem of a text, as `line: message`. */
function problemOf(text: string): string {
  const problems = readModelfile(text).problems;
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return `${problems[0]?.line}: ${problems[0]?.message}`;
}

/** The one pattern of a text. */
function patternOf(text: string): string | undefined {
  const { entries } = parseModelfile(text);
  assert.equal(entries.length, 1);
  return entries[0]?.pattern;
}

Deno.test("parseModelfile() reads facts and files with their lines", () => {
  const text = `# Model metadata
NAME llama2-7b-chat
ARCH transformer
FAMILY llama
FORMAT safetensors
PARAMSIZE 7b
PRECISION fp16
QUANTIZATION none

CONFIG config.json
MODEL model-*.safetensors
CODE modeling_*.py
DOC LICENSE
DATASET data/train.parquet`;
  assert.deepEqual(parseModelfile(text), {
    name: "llama2-7b-chat",
    arch: "transformer",
    family: "llama",
    format: "safetensors",
    paramSize: "7b",
    precision: "fp16",
    quantization: "none",
    entries: [
      { kind: "config", pattern: "config.json", line: 10 },
      { kind: "model", pattern: "model-*.safetensors", line: 11 },
      { kind: "code", pattern: "modeling_*.py", line: 12 },
      { kind: "doc", pattern: "LICENSE", line: 13 },
      { kind: "dataset", pattern: "data/train.parquet", line: 14 },
    ],
  });
});

Deno.test("parseModelfile() accepts an empty text", () => {
  assert.deepEqual(parseModelfile(""), { entries: [] });
  assert.deepEqual(parseModelfile("\n  \n# nothing\n"), { entries: [] });
});

Deno.test("parseModelfile() accepts any letter case, any blanks, CRLF and a byte order mark", () => {
  const text = "\uFEFFname demo\r\n\tModel\t \ta.bin \r\n\u00a0Arch\u00a0x\u0085\r\n";
  assert.deepEqual(parseModelfile(text), {
    name: "demo",
    arch: "x",
    entries: [{ kind: "model", pattern: "a.bin", line: 2 }],
  });
});

Deno.test("parseModelfile() skips a byte order mark at the beginning of the text only", () => {
  const text = "\uFEFFNAME \uFEFFa\nMODEL \uFEFFb.bin\nCONFIG c\uFEFF\nDOC \uFEFF\n";
  const { name, entries } = parseModelfile(text);
  assert.equal(name, "\uFEFFa");
  assert.deepEqual(entries.map(({ pattern }) => pattern), ["\uFEFFb.bin", "c\uFEFF", "\uFEFF"]);
});

Deno.test("parseModelfile() reads lines of any length, and what follows them", () => {
  const long = "x".repeat(200_000);
  const { name, arch } = parseModelfile(`# ${long}\nNAME ${long}\nARCH a\n`);
  assert.equal(name, long);
  assert.equal(arch, "a");
});

Deno.test("parseModelfile() takes linear time on a long run of blanks", () => {
  assert.equal(parseModelfile(`NAME${" ".repeat(1_000_000)}x`).name, "x");
  assert.equal(readModelfile(`NAME x${" ".repeat(1_000_000)}y`).problems.length, 1);
});

Deno.test("an argument is one word; quotes hold blanks and a backslash the next character", () => {
  assert.equal(patternOf('MODEL "a b.bin"'), "a b.bin");
  assert.equal(patternOf('MODEL a" "b.bin'), "a b.bin");
  assert.equal(patternOf("MODEL a\\ b.bin"), "a b.bin");
  assert.equal(patternOf('MODEL a\\"b.bin'), 'a"b.bin');
  assert.equal(patternOf('MODEL "a\\"b.bin"'), 'a"b.bin');
  assert.equal(patternOf("MODEL a\\b.bin"), "ab.bin");
  assert.equal(patternOf("MODEL a\\\\[1\\\\].bin"), "a\\[1\\].bin");
  assert.equal(patternOf("MODEL 'a'"), "'a'");
  assert.equal(patternOf("MODEL a#b"), "a#b");
});

Deno.test("a pattern given twice in one kind counts once", () => {
  const { entries } = parseModelfile("MODEL a\nMODEL a\nCODE a\nMODEL b\n");
  assert.deepEqual(entries.map(({ line }) => line), [1, 3, 4]);
});

Deno.test("every mistake is named with its line, counted from 1", () => {
  const rows = [
    ["LICENSE MIT", '1: unknown instruction "LICENSE"'],
    ["\nMODELS a", '2: unknown instruction "MODELS"'],
    ["NAME", "1: NAME needs an argument"],
    ["NAME   ", "1: NAME needs an argument"],
    ['NAME ""', "1: NAME has an empty argument"],
    ["NAME a b", "1: NAME takes one argument, found 2"],
    ["NAME a # b", "1: NAME takes one argument, found 3"],
    ['NAME "a', "1: NAME has a double quote that is not closed"],
    ['NAME "a\nARCH x', "1: NAME has a double quote that is not closed"],
    ["NAME a\nNAME b", "2: NAME is given a second time, first on line 1"],
    ["ARCH a\n\narch a", "3: ARCH is given a second time, first on line 1"],
    ["MODEL a[1.bin", '1: malformed pattern "a[1.bin": "[" is not closed'],
  ] as const;
  for (const [text, expected] of rows) assert.equal(problemOf(text), expected);
});

Deno.test("a problem says what to write instead where that is known", () => {
  const suggestionOf = (text: string) => readModelfile(text).problems[0]?.suggestion;
  assert.equal(suggestionOf("MODLE a"), "MODEL");
  assert.equal(suggestionOf("MODEL my weights.bin"), 'MODEL "my weights.bin"');
  assert.equal(suggestionOf("SOMETHINGELSE a"), undefined);
});

Deno.test("a Modelfile with ten different mistakes reports ten, with lines", () => {
  const text = `# ten mistakes
MODLE model.bin
NAME
ARCH a b
FAMILY ""
FORMAT "safetensors
PRECISION bf16
PRECISION fp16
MODEL weights[1.bin
CODE {a,b*
DOC [z-a].md
FROM scratch
CONFIG config.json
`;
  assert.throws(() => parseModelfile(text, "dir/Modelfile"), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(
      error.message,
      'Cannot read "dir/Modelfile": 10 problems, the first: line 2: unknown instruction "MODLE"; write MODEL',
    );
    const lines = error.facts.problems?.map(({ line }) => line);
    assert.deepEqual(lines, [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]);
    assert.equal(new Set(error.facts.problems?.map(({ message }) => message)).size, 10);
    assert.equal(error.facts.path, "dir/Modelfile");
    return true;
  });
});

Deno.test("readModelfile() keeps what could be understood", () => {
  const { modelfile, problems } = readModelfile("NAME a\nBAD\nMODEL b\n");
  assert.equal(modelfile.name, "a");
  assert.equal(modelfile.entries.length, 1);
  assert.equal(problems.length, 1);
});

Deno.test("a binary file is one problem, not thousands", () => {
  const problems = readModelfile("\x08\0\0\n\n{}\n".repeat(1000)).problems;
  assert.deepEqual(problems, [{ message: "it is not a text file" }]);
  assert.throws(() => parseModelfile("\0"), {
    name: "InvalidInputError",
    message: 'Cannot read "Modelfile": it is not a text file',
  });
});

Deno.test("an error shows no more than the beginning of a long word", () => {
  const [problem] = readModelfile("x".repeat(10_000)).problems;
  assert.ok((problem?.message.length ?? 0) < 120);
});

Deno.test("parseModelfile() throws nothing but InvalidInputError, whatever the text", () => {
  const words = fc.constantFrom(
    "NAME",
    "model",
    "CONFIG",
    "#",
    '"',
    "\\",
    " ",
    "\t",
    "[",
    "{",
    "x",
  );
  const line = fc.oneof(fc.string(), fc.array(words).map((parts) => parts.join("")));
  const text = fc.array(line).map((lines) => lines.join("\n"));
  fc.assert(fc.property(text, (text) => {
    try {
      parseModelfile(text);
      assert.deepEqual(readModelfile(text).problems, []);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.deepEqual(error.facts.problems, readModelfile(text).problems);
    }
  }));
});
