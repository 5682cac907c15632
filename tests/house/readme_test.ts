import assert from "node:assert/strict";
import { repositoryPath, repositoryRoot } from "./repository.ts";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";

const readme = await Deno.readTextFile(repositoryPath("README.md"));

/** The TypeScript of README.md, one text a block. */
const samples = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ""]) => code);

/** Files that README.md shows whole; it stands elsewhere, so its imports have another path. */
const SHOWN = ["tests/guide/model_manager.ts", "tests/guide/model_manager_test.ts"];

for (const file of SHOWN) {
  Deno.test(`README.md shows ${file} as it is`, async () => {
    const text = await Deno.readTextFile(repositoryPath(file));
    const shown = text.replaceAll('"../../mod.ts"', '"./mod.ts"');
    assert.ok(samples.includes(shown), `README.md shows something else, or nothing:\n${shown}`);
  });
}

Deno.test("the TypeScript of README.md has no type errors", async () => {
  assert.ok(samples.length > SHOWN.length);
  await using folder = await tempFolder();
  const files = await Promise.all(samples.map((code, index) => {
    const text = code.replaceAll('"./mod.ts"', `"${new URL("mod.ts", repositoryRoot)}"`);
    return folder.write(`sample_${index}.ts`, text);
  }));
  const args = ["check", "--quiet", "--config", repositoryPath("deno.json"), ...files];
  const { code, stderr } = await runCommand(Deno.execPath(), args);
  assert.equal(code, 0, stderr);
});

Deno.test("the first screen of README.md shows the two commands", () => {
  const screen = readme.split("\n").slice(0, 36).join("\n");
  // A task fetches all that the lockfile names, a script what it imports.
  assert.match(screen, /^\$ npx --yes deno@\d+\.\d+\.\d+ run -A scripts\/demo\.ts$/m);
  assert.match(screen, /^\$ npx --yes deno@\d+\.\d+\.\d+ task test$/m);
});
