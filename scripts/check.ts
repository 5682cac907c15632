/**
 * `deno task check`: everything that holds for the whole tree. All of it runs, a table says what
 * held, and the exit code is 1 when anything did not.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import config from "../deno.json" with { type: "json" };

/** What other programs import. */
const ENTRIES = Object.values(config.exports).filter((file) => file !== config.exports["./cli"]);

/** What the browser gets of the page of `serve`. */
const PAGE = "src/server/page/client";

/** What holds, and the arguments of `deno` that find out. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  "format": ["fmt", "--check"],
  "lint": ["lint"],
  "types": ["check", "mod.ts", "cli.ts", "src", "scripts", "tests"],
  // What runs in a browser knows other types.
  "types of the page": ["check", "--config", `${PAGE}/tsconfig.json`, `${PAGE}/page.js`],
  "documentation": ["doc", "--lint", ...ENTRIES],
  "imports, exports": [
    ...["test", "--allow-all", "--no-check"],
    ...["tests/house/import_rules_test.ts", "tests/house/deps_test.ts"],
    ...["tests/house/export_rules_test.ts", "tests/platform/node/members_test.ts"],
  ],
  "rooms": ["run", "--allow-read", "scripts/rooms.ts"],
  "comments": ["run", "--allow-read", "scripts/comments.ts", "src", "tests", "scripts"],
  "twins": ["run", "--allow-read", "scripts/twins.ts", "src", "tests", "scripts"],
};

/** How one check ended. */
interface Outcome {
  readonly name: string;
  readonly held: boolean;
  readonly seconds: number;
}

/** Runs one check and prints what it found wrong. */
async function run(name: string, args: readonly string[]): Promise<Outcome> {
  const started = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL("../", import.meta.url),
    stdin: "null",
  }).output();
  if (!success) {
    const decoder = new TextDecoder();
    console.log(`${name}: deno ${args.join(" ")}`);
    console.log(decoder.decode(stdout) + decoder.decode(stderr));
  }
  return { name, held: success, seconds: (performance.now() - started) / 1000 };
}

const outcomes: Outcome[] = [];
for (const [name, args] of Object.entries(CHECKS)) outcomes.push(await run(name, args));
for (const { name, held, seconds } of outcomes) {
  console.log(`${name.padEnd(18)}${(held ? "holds" : "FAILS").padEnd(8)}${seconds.toFixed(1)} s`);
}
Deno.exit(outcomes.every(({ held }) => held) ? 0 : 1);
