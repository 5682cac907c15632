import assert from "node:assert/strict";
import { firstDifference, subcommands } from "../../scripts/generate.ts";
import { runCommand } from "../support/command.ts";
import { repositoryPath } from "./repository.ts";

Deno.test("what is derived from the code is what the code says", async () => {
  const args = ["run", "-A", repositoryPath("scripts/generate.ts"), "--check"];
  const { code, stderr } = await runCommand(Deno.execPath(), args);
  assert.equal(code, 0, stderr);
});

Deno.test("subcommands() reads the names that help lists, without aliases", () => {
  const page = "Usage: x\n\nCommands:\n  build     Package\n  list, ls  List what\n" +
    "            there is\n  rm        Remove\n\nOther:\n  none      None\n";
  assert.deepEqual(subcommands(page), ["build", "list", "rm"]);
  assert.deepEqual(subcommands("Usage: x\n"), []);
});

Deno.test("firstDifference() shows the first line that differs", () => {
  assert.equal(firstDifference("a\nb\n", "a\nb\n"), undefined);
  assert.equal(firstDifference("a\nb\n", "a\nc\n"), "line 2\n- b\n+ c");
  assert.equal(firstDifference("a", "a\nb"), "line 2\n- (the end)\n+ b");
  assert.equal(firstDifference("a\nb", "a"), "line 2\n- b\n+ (the end)");
});
