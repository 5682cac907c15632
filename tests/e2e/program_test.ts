import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { openProgram } from "../support/program.ts";

Deno.test("the program prints its version and touches nothing in the home folder", async () => {
  await using program = await openProgram();
  assert.ok((await program.ok(["--version"])).includes(config.version));
  assert.deepEqual(await Array.fromAsync(Deno.readDir(program.home.path)), []);
});

Deno.test("the program keeps standard output empty when a command is unknown", async () => {
  await using program = await openProgram();
  const { code, stdout, stderr } = await program.run(["no-such-command"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /no-such-command/);
});
