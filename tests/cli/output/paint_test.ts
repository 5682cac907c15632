import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { COLOR_CHOICES, paintFor } from "../../../src/cli/output/paint.ts";
import { runIn } from "../support.ts";

Deno.test("colours are for terminals whose user did not decline them, or for who asks for them", () => {
  const rows = [
    ["auto", true, {}, true],
    ["auto", false, {}, false],
    ["auto", true, { NO_COLOR: "0" }, false],
    ["auto", true, { NO_COLOR: "" }, true],
    ["auto", true, { TERM: "dumb" }, false],
    ["always", false, { NO_COLOR: "1" }, true],
    ["never", true, {}, false],
  ] as const;
  for (const [choice, isTerminal, env, expected] of rows) {
    const painted = paintFor(choice, { isTerminal }, env)("error", "x");
    assert.equal(painted !== "x", expected, JSON.stringify([choice, isTerminal, env]));
    assert.equal(stripVTControlCharacters(painted), "x");
  }
});

Deno.test("each meaning has a colour of its own, which ends where the text does", () => {
  const paint = paintFor("always", { isTerminal: true }, {});
  const painted = (["error", "warning", "hint", "detail"] as const).map((each) => paint(each, "x"));
  assert.equal(new Set(painted).size, painted.length);
  for (const text of painted) {
    assert.ok(text.startsWith("\u001b[") && text.endsWith("m"), text);
    assert.equal(stripVTControlCharacters(text), "x");
  }
});

Deno.test("errors and hints are coloured on a terminal, and as --color and MODELOPS_COLOR say", async () => {
  const shown = async (args: string[], options: Parameters<typeof runIn>[1] = {}) =>
    (await runIn(["biuld", ...args], options)).stderr;
  const coloured = await shown([], { terminal: true });
  assert.ok(coloured.startsWith("\u001b[1;31merror:\u001b[22;39m Cannot run "), coloured);
  assert.ok(coloured.includes("\n\u001b[36mhint:"), coloured);
  const plain = await shown([]);
  assert.equal(plain, stripVTControlCharacters(coloured));
  assert.equal(await shown([], { terminal: true, env: { NO_COLOR: "1" } }), plain);
  assert.equal(await shown([], { terminal: true, env: { MODELOPS_COLOR: "never" } }), plain);
  const command = ["--color", "always", "inspect", "nope:"];
  assert.ok((await runIn(command)).stderr.includes("\u001b[1;31merror:"));
});

Deno.test("a choice of colours that is none is refused, and the near one named", async () => {
  for (const [word, near] of [["allways", "always"], ["Nevr", "never"], ["aut", "auto"]] as const) {
    const { code, stderr } = await runIn(["list", "--color", word]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(`Cannot use --color "${word}": .*\nhint: .*"${near}"`),
    );
  }
  const { code } = await runIn(["list"], { env: { MODELOPS_COLOR: "red" } });
  assert.equal(code, 2);
  assert.deepEqual(COLOR_CHOICES, ["auto", "always", "never"]);
});
