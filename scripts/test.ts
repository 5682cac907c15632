/**
 * `deno task test [arguments of deno test]`: brings in what end-to-end tests need, runs the tests,
 * and closes with one line, `N passed, N failed`. The exit code is that of `deno test`, and 1 when
 * no test ran.
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { installTools, packageOfTool } from "./services.ts";

/** How many tests ended how. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Reads the line with which `deno test` closes; `undefined` when there is none. */
export function readTotals(output: string): Totals | undefined {
  const closing = stripVTControlCharacters(output).split("\n")
    .findLast((line) => /^(ok|FAILED) \| \d+ passed.* \| \d+ failed/.test(line));
  if (closing === undefined) return undefined;
  const count = (word: string) => Number(new RegExp(`\\| (\\d+) ${word}`).exec(closing)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

/** The line that closes a test run. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

/** The exit code of a run: that of `deno test`, unless it calls a run without tests a success. */
export function exitCode(code: number, { passed, failed }: Totals): number {
  return code === 0 && (failed > 0 || passed === 0) ? 1 : code;
}

/** What a run adds up to in which nothing was tested. */
export const NO_TESTS: Totals = { passed: 0, failed: 0, skipped: 0 };

/** Runs `deno test`, shows what it prints, and returns its exit code and what it closed with. */
export async function runTests(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; totals: Totals }> {
  const child = new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`, once and for all files.
    args: ["test", "--allow-all", "--no-check", ...args],
    env: { ...env, ...(Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {}) },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let tail = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    write(Deno.stdout, chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-10_000);
  }
  const { code } = await child.status;
  return { code, totals: readTotals(tail) ?? { ...NO_TESTS, failed: code === 0 ? 0 : 1 } };
}

/** Installs missing tools where that is allowed; says what stays missing. */
export async function prepare(): Promise<void> {
  const missing = await installTools();
  const packages = missing.map(packageOfTool).join(" ");
  if (missing.length > 0) say(Deno.stderr, `Missing, so tests are skipped: ${packages}\n`);
}

function say(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  write(to, new TextEncoder().encode(text));
}

function write(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

if (import.meta.main) {
  await prepare();
  const { code, totals } = await runTests(Deno.args);
  say(Deno.stdout, `\n${closingLine(totals)}\n`);
  Deno.exit(exitCode(code, totals));
}
