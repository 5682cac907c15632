import assert from "node:assert/strict";
import { manPages } from "../../scripts/docs/man_pages.ts";
import { programOutput } from "../../scripts/docs/program_output.ts";
import type { CommandDocument, ProgramDocument } from "../../src/cli/describe.ts";
import { findTool } from "../../scripts/services.ts";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";

const pages = new Map((await manPages()).map(({ file, text }) => [file, text]));

/** The commands that are shown, each with the words that lead to it. */
function* shown(words: string[], command: CommandDocument): Generator<[string[], CommandDocument]> {
  yield [words, command];
  for (const child of command.commands) {
    if (!child.hidden && child.name !== "help") yield* shown([...words, child.name], child);
  }
}

Deno.test("each command has a manual page that tells its arguments, flags and examples", async () => {
  const { command }: ProgramDocument = JSON.parse(await programOutput(["help", "--json"]));
  const commands = [...shown(["modelops"], command)];
  assert.deepEqual([...pages.keys()], commands.map(([words]) => `${words.join("-")}.1`));
  for (const [words, { arguments: named, flags, examples }] of commands) {
    const text = pages.get(`${words.join("-")}.1`)!.replaceAll("\\-", "-").replaceAll("\\e", "\\");
    for (const { name } of named) assert.ok(text.includes(`\\fI${name}\\fR`), `${words} ${name}`);
    for (const { name, hidden } of flags) {
      assert.equal(text.includes(`\\fB${name}\\fR`), !hidden, `${words} ${name}`);
    }
    for (const line of examples) assert.ok(text.includes(`\n${line}\n`), `${words} ${line}`);
  }
});

Deno.test("no line of a manual page is a request by mistake", () => {
  for (const [file, text] of pages) {
    for (const line of text.split("\n").filter((line) => /^[.']/.test(line))) {
      assert.match(line, /^\.(TH|SH|TP|EX|EE)\b/, `${file}: ${line}`);
    }
  }
});

Deno.test({
  name: "groff takes every manual page without a warning",
  ignore: findTool("groff") === undefined,
  async fn() {
    await using folder = await tempFolder();
    const files = await Promise.all([...pages].map(([file, text]) => folder.write(file, text)));
    const { code, stderr } = await runCommand("groff", ["-man", "-ww", "-Tutf8", "-z", ...files]);
    assert.deepEqual([code, stderr], [0, ""]);
  },
});
