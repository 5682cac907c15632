import assert from "node:assert/strict";
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
    assert.equal(painted.replace(/\u001b\[[\d;]*m/g, ""), "x");
  }
});

Deno.test("each meaning has a colour of its own, which ends where the text does", () => {
  const paint = paintFor("always", { isTerminal: true }, {});
  const painted = (["error", "warning", "hint", "detail"] as const).map((each) => paint(each, "x"));
  assert.equal(new Set(painted).size, painted.length);
  for (const text of painted) assert.match(text, /^\u001b\[[\d;]+mx\u001b\[[\d;]+m$/);
});

Deno.test("errors and hints are coloured on a terminal, and as --color and MODELOPS_COLOR say", async () => {
  const shown = async (args: string[], options: Parameters<typeof runIn>[1] = {}) =>
    (await runIn(["biuld", ...args], options)).stderr;
  assert.match(
    await shown([], { terminal: true }),
    /^\u001b\[1;31merror:\u001b\[22;39m Cannot run /,
  );
  assert.match(await shown([], { terminal: true }), /\n\u001b\[36mhint:/);
  const plain = await shown([]);
  assert.doesNotMatch(plain, /\u001b/);
  assert.equal(await shown([], { terminal: true, env: { NO_COLOR: "1" } }), plain);
  assert.equal(await shown([], { terminal: true, env: { MODELOPS_COLOR: "never" } }), plain);
  const command = ["--color", "always", "inspect", "nope:"];
  assert.match((await runIn(command)).stderr, /\u001b\[1;31merror:/);
});

Deno.test("a choice of colours that is none is refused, and the near one named", async () => {
  for (const [word, near] of [["allways", "always"], ["Nevr", "never"], ["aut", "auto"]] as const) {
    const { code, stderr } = await runIn(["list", "--color", word]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(`Cannot use --color "${word.toLowerCase()}": .*\nhint: .*"${near}"`),
    );
  }
  const { code } = await runIn(["list"], { env: { MODELOPS_COLOR: "red" } });
  assert.equal(code, 2);
  assert.deepEqual(COLOR_CHOICES, ["auto", "always", "never"]);
});
