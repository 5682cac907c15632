import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import config from "../../deno.json" with { type: "json" };
import { repositoryRoot } from "./repository.ts";

/** What other programs import, by the names that `deno.json` gives. */
const ENTRIES = Object.entries(config.exports).filter(([name]) => name !== "./cli");

/** A program that uses an entry as a stranger does: nothing of this tree's settings reaches it. */
function program(entry: string): string {
  const url = new URL(entry, repositoryRoot);
  return [
    `import * as entry from ${JSON.stringify(url)};`,
    `const names: string[] = Object.keys(entry);`,
    `console.log(names.length > 0 ? "imported" : "empty");`,
  ].join("\n");
}

Deno.test("programs in other folders import every entry with the default compiler options", async () => {
  await using folder = await tempFolder();
  const files = await Promise.all(
    ENTRIES.map(([, entry], index) => folder.write(`program_${index}.ts`, program(entry))),
  );
  const options = ["--quiet", "--no-config", "--no-lock"];
  const { code, stderr } = await runCommand(Deno.execPath(), ["check", ...options, ...files], {
    cwd: folder.path,
  });
  assert.equal(code, 0, stderr);
  // Without permissions an import that does more than define things fails.
  for (const file of files) {
    const run = ["run", "--no-check", "--no-prompt", ...options, file];
    const { stdout, stderr } = await runCommand(Deno.execPath(), run, { cwd: folder.path });
    assert.equal(stdout, "imported\n", stderr);
  }
});
