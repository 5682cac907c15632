/**
 * `deno task test:forms [--form NAME]… [arguments of deno test]`: makes each form of the program,
 * and runs the end-to-end tests against it. It closes with a line for each form and one for all.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, BUNDLE_ENTRY } from "./bundle.ts";
import { RUN_WORDS } from "./compile/run_words.ts";
import { packPackage } from "./npm.ts";
import { outputOf } from "./programs.ts";
import { closingLine, exitCode, NO_TESTS, prepare, runTests, type Totals } from "./test.ts";

const tree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Makes a form of the program in a folder, and gives the words that run it; or why it cannot. */
type Maker = (folder: string) => Promise<readonly string[] | { readonly missing: string }>;

/** The forms of the program. */
const FORMS: Readonly<Record<string, Maker>> = {
  source: () => Promise.resolve([Deno.execPath(), "run", "-A", "--quiet", tree("cli.ts")]),
  bundle: async (folder) => {
    await bundle(folder);
    return [Deno.execPath(), ...RUN_WORDS, "-A", join(folder, BUNDLE_ENTRY)];
  },
  npm: async (folder) => {
    const archive = await packPackage(folder);
    await outputOf("tar", ["-xzf", archive, "-C", folder]);
    return ["node", join(folder, "package", "dist", BUNDLE_ENTRY)];
  },
  binary: async () => {
    const path = tree("dist/modelops");
    const made = await Deno.stat(path).then(() => true, () => false);
    return made ? [path] : { missing: "`deno task build` has made no dist/modelops" };
  },
};

/** Splits off the forms that `--form` names; all, where none is named. */
export function chosenForms(args: readonly string[]): { forms: string[]; rest: string[] } {
  const forms: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, inline] = /^--form=(.*)$/.exec(args[at]!) ?? [];
    if (inline !== undefined) forms.push(inline);
    else if (args[at] === "--form") forms.push(args[++at] ?? "");
    else rest.push(args[at]!);
  }
  const unknown = forms.find((name) => !Object.hasOwn(FORMS, name));
  if (unknown !== undefined) {
    const known = Object.keys(FORMS).join(", ");
    throw new Error(`Cannot test the form "${unknown}": want one of ${known}`);
  }
  return { forms: forms.length > 0 ? forms : Object.keys(FORMS), rest };
}

/** What the tests of several forms add up to. */
export function sumOf(all: readonly Totals[]): Totals {
  const sum = (of: (totals: Totals) => number) => all.reduce((total, each) => total + of(each), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
  };
}

/** Tests one form; `undefined`, with a line that says why, where it cannot be made. */
async function testForm(name: string, args: readonly string[]) {
  const folder = await Deno.makeTempDir({ prefix: "modelops-form-" });
  try {
    const form = await FORMS[name]!(folder);
    if ("missing" in form) return console.log(`${name}: skipped, since ${form.missing}`);
    console.log(`${name}: ${form.join(" ")}`);
    return await runTests(args, { MODELOPS_BIN: form.join(" ") });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(given: readonly string[]): Promise<number> {
  const { forms, rest } = chosenForms(given);
  await prepare();
  const results = new Map<string, Totals>();
  let code = 0;
  for (const name of forms) {
    const result = await testForm(name, rest.length > 0 ? rest : [tree("tests/e2e")]);
    if (result === undefined) continue;
    results.set(name, result.totals);
    code ||= exitCode(result.code, result.totals);
  }
  console.log();
  for (const [name, totals] of results) console.log(`${name}: ${closingLine(totals)}`);
  const all = results.size === 0 ? NO_TESTS : sumOf([...results.values()]);
  console.log(closingLine(all));
  return code || exitCode(0, all);
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exitCode = 2;
  }
}
