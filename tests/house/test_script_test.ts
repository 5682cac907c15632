import assert from "node:assert/strict";
import { closingLine, exitCode, readTotals } from "../../scripts/test.ts";
import { chosenForms, sumOf } from "../../scripts/test_forms.ts";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

Deno.test("readTotals() reads the closing line in every form", () => {
  assert.deepEqual(readTotals("ok | 12 passed (3 steps) | 0 failed (5ms)\n"), {
    passed: 12,
    failed: 0,
    skipped: 0,
  });
  const failed = "FAILED | 2 passed | 1 failed (1 step) | 4 ignored | 7 filtered out (1m2s)";
  assert.deepEqual(readTotals(`x\n\n${failed}\n\n`), { passed: 2, failed: 1, skipped: 4 });
  const coloured = "\x1b[0m\x1b[32mok\x1b[0m | 1 passed | 0 failed \x1b[38;5;245m(2ms)\x1b[0m";
  assert.deepEqual(readTotals(coloured), { passed: 1, failed: 0, skipped: 0 });
});

Deno.test("readTotals() takes the last line, since a test may print one of its own", () => {
  const text = "ok | 9 passed | 0 failed (1ms)\nFAILED | 1 passed | 1 failed (2ms)\n";
  assert.deepEqual(readTotals(text), { passed: 1, failed: 1, skipped: 0 });
  assert.equal(readTotals("error: no closing line"), undefined);
});

Deno.test("closingLine() names skipped tests only when there are some", () => {
  assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(closingLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test("exitCode() fails a run without tests and keeps the code of a failed one", () => {
  assert.equal(exitCode(0, { passed: 1, failed: 0, skipped: 0 }), 0);
  assert.equal(exitCode(0, { passed: 0, failed: 0, skipped: 5 }), 1);
  assert.equal(exitCode(1, { passed: 5, failed: 0, skipped: 0 }), 1);
});

const SUITES: readonly (readonly [name: string, text: string, closing: string, code: number])[] = [
  ["a passing test", 'Deno.test("a", () => {});', "1 passed, 0 failed", 0],
  ["a failing test", 'Deno.test("a", () => { throw 1; });', "0 passed, 1 failed", 1],
  ["a file that throws", 'throw new Error("a");', "0 passed, 1 failed", 1],
  ["a file that does not parse", "Deno.test(", "0 passed, 1 failed", 1],
  ["no test", "export {};", "0 passed, 0 failed", 1],
];

for (const [name, text, closing, code] of SUITES) {
  Deno.test(`scripts/test.ts closes with "${closing}" on ${name}`, async () => {
    await using folder = await tempFolder();
    await folder.write("deno.json", "{}");
    const file = await folder.write("some_test.ts", text);
    const script = repositoryPath("scripts/test.ts");
    const result = await runCommand(
      Deno.execPath(),
      ["run", "-A", "--config", repositoryPath("deno.json"), script, file],
      { cwd: folder.path },
    );
    assert.equal(result.stdout.trimEnd().split("\n").at(-1), closing, result.stderr);
    assert.equal(result.code, code);
  });
}

Deno.test("chosenForms() takes the forms that are named, and all where none is", () => {
  const all = ["source", "bundle", "npm", "binary"];
  assert.deepEqual(chosenForms(["tests/e2e"]), { forms: all, rest: ["tests/e2e"] });
  assert.deepEqual(chosenForms(["--form", "npm", "--filter", "a", "--form=bundle"]), {
    forms: ["npm", "bundle"],
    rest: ["--filter", "a"],
  });
  for (const args of [["--form", "deb"], ["--form"], ["--form="], ["--form=toString"]]) {
    assert.throws(() => chosenForms(args), /want one of source, bundle, npm, binary/);
  }
});

Deno.test("sumOf() adds up what each form closed with", () => {
  const one = { passed: 2, failed: 1, skipped: 0 };
  assert.deepEqual(sumOf([one, { ...one, skipped: 3 }]), { passed: 4, failed: 2, skipped: 3 });
});

Deno.test("test:forms runs the tests against the form that is named", async () => {
  await using folder = await tempFolder();
  const file = await folder.write(
    "some_test.ts",
    'Deno.test("a", () => { if (!Deno.env.get("MODELOPS_BIN")?.endsWith("/cli.ts")) throw 1; });',
  );
  const words = ["run", "-A", repositoryPath("scripts/test_forms.ts")];
  const args = [...words, "--form", "source", "--no-config", file];
  const { code, stdout } = await runCommand(Deno.execPath(), args, { cwd: folder.path });
  assert.equal(code, 0, stdout);
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.includes("source: 1 passed, 0 failed"), stdout);
});
