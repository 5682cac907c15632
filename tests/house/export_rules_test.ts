import assert from "node:assert/strict";
import denoConfig from "../../deno.json" with { type: "json" };
import { readSources } from "../../scripts/source_files.ts";
import { type ExportedValue, unusedValues } from "./export_rules.ts";
import { repositoryRoot } from "./repository.ts";

/** Parsers, tables and counts that only their own file uses, and that tests look at. */
const TESTED_DIRECTLY: readonly ExportedValue[] = [
  "src/archive/zstd_parts.ts: frameHeader",
  "src/cli/commands.ts: COMMANDS",
  "src/cli/output/log.ts: formatJsonRecord",
  "src/cli/output/log.ts: formatRecord",
  "src/cli/settings/flag_rules.ts: FLAG_RULES",
  "src/core/retry.ts: backoff",
  "src/http/proxies.ts: matchesNoProxy",
  "src/http/retrying.ts: retryAfter",
  "src/server/access.ts: basicCredentials",
  "src/server/descriptors.ts: descriptorLimit",
  "src/server/passwords/htpasswd.ts: parseHtpasswd",
  "src/work/pool.ts: countWorkers",
];

Deno.test("every exported value is used by another file of the product", async () => {
  const entries = Object.values(denoConfig.exports).map((path) => path.slice("./".length));
  const outside = await Promise.all(
    entries.filter((path) => !path.startsWith("src/")).map(async (path) =>
      [path, await Deno.readTextFile(new URL(path, repositoryRoot))] as const
    ),
  );
  const sources = new Map([
    ...await readSources("src"),
    ...await readSources("scripts"),
    ...outside,
  ]);
  assert.deepEqual(unusedValues(sources, entries), TESTED_DIRECTLY);
});

function unused(files: Readonly<Record<string, string>>): ExportedValue[] {
  return unusedValues(new Map(Object.entries(files)), ["mod.ts"]);
}

Deno.test("unusedValues() names a value that no other file takes", () => {
  const files = { "src/a.ts": "export function one() {}\nexport const two = one();\n" };
  assert.deepEqual(unused(files), ["src/a.ts: one", "src/a.ts: two"]);
});

Deno.test("unusedValues() sees static, dynamic and passed-on imports, under other names too", () => {
  assert.deepEqual(
    unused({
      "src/core/a.ts": ["one", "two", "three"].map((name) => `export const ${name} = 1;`).join(
        "\n",
      ),
      "src/b.ts": 'import {\n  one as other,\n  type Two,\n} from "./core/a.ts";\n',
      "src/c.ts": 'const { two: renamed } = await import("./core/a.ts");\n',
      "mod.ts": 'export { three } from "./src/core/a.ts";\n',
    }),
    [],
  );
});

Deno.test("unusedValues() counts neither types, nor comments, nor what an entry exports", () => {
  assert.deepEqual(
    unused({
      "src/a.ts":
        "export interface One {}\n// export const two = 1;\n/**\n * export const x\n */\n",
      "mod.ts": "export const three = 1;\n",
    }),
    [],
  );
});
