import assert from "node:assert/strict";
import {
  cycles,
  MAY_IMPORT,
  mayUseTerminal,
  packageOf,
  wrongPackageFiles,
  wrongParts,
  wrongSpecifiers,
  wrongTerminalModules,
} from "./import_rules.ts";
import { repositoryRoot } from "./repository.ts";
import { productFiles, readSourceGraph } from "./source_graph.ts";
import type { SourceGraph } from "./source_graph.ts";
import { terminalUses } from "./terminal_rule.ts";

/** A graph from a table of files and specifiers; a path in the tree stands for a file of ours. */
function graphOf(table: Record<string, string[]>): SourceGraph {
  const ours = (specifier: string) => /^(src\/|mod\.ts|cli\.ts|deno\.json)/.test(specifier);
  return new Map(
    Object.entries(table).map(([file, specifiers]) => [
      file,
      specifiers.map((specifier) =>
        ours(specifier) ? { specifier: `./${specifier}`, file: specifier } : { specifier }
      ),
    ]),
  );
}

const rules = { wrongParts, wrongSpecifiers, wrongPackageFiles, wrongTerminalModules, cycles };

Deno.test("the product keeps every import rule", async (context) => {
  const graph = await readSourceGraph(await productFiles());
  for (const [name, rule] of Object.entries(rules)) {
    await context.step(name, () => assert.deepEqual(rule(graph), []));
  }
});

Deno.test("the product knows the terminal, arguments and environment in src/cli only", async () => {
  const found: string[] = [];
  for (const file of (await productFiles()).filter((file) => !mayUseTerminal(file))) {
    const uses = terminalUses(file, await Deno.readTextFile(new URL(file, repositoryRoot)));
    found.push(...uses.map((use) => `${file} uses ${use}`));
  }
  assert.deepEqual(found, []);
});

Deno.test("readSourceGraph() follows static, type and dynamic imports", async () => {
  const graph = await readSourceGraph(["src/core/content/file_source.ts"]);
  const files = graph.get("src/core/content/file_source.ts")?.map(({ file }) => file);
  assert.ok(files?.includes("src/core/errors.ts"));
  assert.ok(graph.has("src/core/errors.ts"));
});

Deno.test("readSourceGraph() refuses a file that is not there", async () => {
  await assert.rejects(readSourceGraph(["src/core/no_such_file.ts"]), /no_such_file/);
});

Deno.test("an allowed graph breaks no rule", () => {
  const graph = graphOf({
    "cli.ts": ["src/cli/main.ts"],
    "mod.ts": ["src/model/build/build.ts", "src/registry/client.ts"],
    "src/cli/main.ts": ["mod.ts", "deno.json", "node:process", "src/server/server.ts"],
    "src/model/build/build.ts": ["src/oci/store.ts", "src/archive/tar.ts"],
    "src/registry/client.ts": ["src/oci/store.ts"],
    "src/server/server.ts": ["src/oci/store.ts"],
    "src/archive/tar.ts": ["src/deps/modern-tar.ts", "node:path"],
    "src/oci/store.ts": ["src/core/errors.ts"],
    "src/core/errors.ts": ["src/deps/zod.ts"],
    "src/deps/zod.ts": ["npm:zod@4.6.7"],
    "src/deps/modern-tar.ts": ["npm:modern-tar@1.0.0", "npm:modern-tar@1.0.0/fs"],
  });
  for (const rule of Object.values(rules)) assert.deepEqual(rule(graph), []);
});

const WRONG_PARTS: readonly (readonly [from: string, to: string])[] = [
  ["src/core/files.ts", "src/oci/store.ts"],
  ["src/core/files.ts", "deno.json"],
  ["src/archive/tar.ts", "src/oci/store.ts"],
  ["src/oci/store.ts", "src/archive/tar.ts"],
  ["src/objects/file.ts", "src/oci/store.ts"],
  ["src/work/hash.ts", "src/oci/store.ts"],
  ["src/registry/client.ts", "src/server/server.ts"],
  ["src/server/server.ts", "src/registry/client.ts"],
  ["src/model/build/build.ts", "src/registry/client.ts"],
  ["src/model/build/build.ts", "src/bundle/publish/plan.ts"],
  ["src/bundle/publish/plan.ts", "src/model/build/build.ts"],
  ["src/bundle/publish/plan.ts", "src/registry/client.ts"],
  ["src/model/build/build.ts", "src/cli/main.ts"],
  ["mod.ts", "src/cli/main.ts"],
  ["mod.ts", "cli.ts"],
  ["src/cli/main.ts", "cli.ts"],
  ["src/oci/store.ts", "mod.ts"],
  ["src/core/files.ts", "scripts/services.ts"],
  ["src/deps/zod.ts", "src/core/errors.ts"],
  ["src/unheard_of/new.ts", "src/core/errors.ts"],
];

for (const [from, file] of WRONG_PARTS) {
  Deno.test(`wrongParts() reports that ${from} imports ${file}`, () => {
    const graph: SourceGraph = new Map([[from, [{ specifier: "./it.ts", file }]]]);
    const found = wrongParts(graph);
    assert.equal(found.length, 1);
    assert.ok(found[0]?.startsWith(from), `found ${found[0]}`);
  });
}

Deno.test("wrongSpecifiers() reports what would not run from a URL", () => {
  for (const specifier of ["zod", "npm:zod@4.6.7", "jsr:@std/path@1.0.0", "https://x.test/a.ts"]) {
    assert.equal(wrongSpecifiers(graphOf({ "src/core/a.ts": [specifier] })).length, 1, specifier);
  }
});

Deno.test("wrongSpecifiers() reports an npm package without an exact version", () => {
  const loose = ["npm:zod", "npm:zod@4", "npm:zod@^4.6.7", "npm:zod@~4.6.7", "npm:zod@4.6", "zod"];
  for (const specifier of [...loose, "npm:zod@latest", "jsr:@std/path@1.0.0"]) {
    assert.equal(wrongSpecifiers(graphOf({ "src/deps/a.ts": [specifier] })).length, 1, specifier);
  }
});

Deno.test("wrongSpecifiers() reports types without an exact version", () => {
  const specifier = "npm:zod@4.6.7";
  const typed = (types: string) => new Map([["src/deps/zod.ts", [{ specifier, types }]]]);
  assert.equal(wrongSpecifiers(typed("npm:@types/zod@4")).length, 1);
  assert.deepEqual(wrongSpecifiers(typed("npm:@types/zod@4.0.0")), []);
});

Deno.test("packageOf() knows scopes, subpaths and prereleases", () => {
  assert.equal(packageOf("npm:@azure/storage-blob@12.29.1"), "@azure/storage-blob");
  assert.equal(packageOf("npm:modern-tar@0.7.6/fs"), "modern-tar");
  assert.equal(packageOf("npm:a.b-c@1.0.0-rc.1"), "a.b-c");
});

Deno.test("wrongPackageFiles() reports two packages in a file, none, and one in two files", () => {
  assert.equal(
    wrongPackageFiles(graphOf({ "src/deps/a.ts": ["npm:a@1.0.0", "npm:b@1.0.0"] })).length,
    1,
  );
  assert.equal(wrongPackageFiles(graphOf({ "src/deps/a.ts": ["node:path"] })).length, 1);
  const twice = graphOf({ "src/deps/a.ts": ["npm:a@1.0.0"], "src/deps/b.ts": ["npm:a@1.0.1"] });
  assert.deepEqual(wrongPackageFiles(twice), [
    "src/deps/b.ts names a, which src/deps/a.ts names too",
  ]);
  const entries = (version: string, entry: string) =>
    wrongPackageFiles(graphOf({
      "src/deps/a.ts": ["npm:@a/a@1.0.0"],
      "src/deps/b.ts": [`npm:@a/a@${version}${entry}`],
    })).length;
  assert.deepEqual([entries("1.0.0", "/mini"), entries("1.0.1", "/mini"), entries("1.0.0", "")], [
    0,
    1,
    1,
  ]);
});

Deno.test("wrongTerminalModules() reports terminal modules outside src/cli", () => {
  for (const specifier of ["node:process", "node:tty", "node:readline/promises", "node:console"]) {
    const found = wrongTerminalModules(graphOf({ "src/core/a.ts": [specifier] }));
    assert.equal(found.length, 1, specifier);
    assert.deepEqual(wrongTerminalModules(graphOf({ "src/cli/a.ts": [specifier] })), []);
  }
});

Deno.test("cycles() reports the path that leads back", () => {
  const found = cycles(graphOf({
    "mod.ts": ["src/core/a.ts"],
    "src/core/a.ts": ["src/core/b.ts"],
    "src/core/b.ts": ["src/core/c.ts"],
    "src/core/c.ts": ["src/core/a.ts"],
  }));
  assert.deepEqual(found, ["src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts"]);
});

Deno.test("cycles() reports a file that imports itself and passes a diamond", () => {
  assert.deepEqual(cycles(graphOf({ "src/core/a.ts": ["src/core/a.ts"] })), [
    "src/core/a.ts → src/core/a.ts",
  ]);
  const diamond = {
    "mod.ts": ["src/core/a.ts", "src/core/b.ts"],
    "src/core/a.ts": ["src/core/c.ts"],
    "src/core/b.ts": ["src/core/c.ts"],
  };
  assert.deepEqual(cycles(graphOf(diamond)), []);
});

const USES: readonly (readonly [text: string, found: readonly string[]])[] = [
  ["console.log(1);", ["console"]],
  ["globalThis.console.log(1);", ["console"]],
  ["const log = console;", ["console"]],
  ["Deno.stdout.write(bytes);", ["Deno.stdout"]],
  ["Deno.stdin; Deno.stderr; Deno.args;", ["Deno.stdin", "Deno.stderr", "Deno.args"]],
  ['Deno["env"].get("HOME");', ["Deno.env"]],
  ["globalThis.Deno.exit(1);", ["Deno.exit"]],
  ["Deno.exitCode = 1;", ["Deno.exitCode"]],
  ["const { args } = Deno;", ["Deno.args"]],
  ["const { env: e, ...rest } = Deno;", ["Deno"]],
  ["const d = Deno;", ["Deno"]],
  ["use(Deno);", ["Deno"]],
  ["use({ Deno });", ["Deno"]],
  ["Deno[name];", ["Deno"]],
  ["const text = `in ${Deno.env.get(name)}`;", ["Deno.env"]],
  ["process.env.HOME;", ["process.env"]],
  ["const { argv } = process;", ["process.argv"]],
];

for (const [text, found] of USES) {
  Deno.test(`terminalUses() finds ${found.join(", ")} in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(terminalUses("a.ts", text), found);
  });
}

const HARMLESS = [
  "// console.log(Deno.args)",
  'const text = "Deno.stdout and console";',
  "const text = `Deno.exit`;",
  "const pattern = /Deno.env/;",
  "await Deno.readFile(path);",
  "const { readFile } = Deno;",
  "options.console; options.Deno; options.constructor; toString();",
  "const options = { console: true, Deno: 1 };",
  'const known = typeof Deno !== "undefined";',
  "function process(item: Deno.FsFile) { return item.stat(); } process(file);",
];

for (const text of HARMLESS) {
  Deno.test(`terminalUses() finds nothing in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(terminalUses("a.ts", text), []);
  });
}

Deno.test("CONTRIBUTING says of each part what the table of rules says", async () => {
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", repositoryRoot));
  const rows = [
    ...text.matchAll(/^\| `src\/(\w+)\/` +\|.*\| (?:`([^`]+)`|nothing of ours) +\|$/gm),
  ];
  const said = Object.fromEntries(
    rows.map(([, part, list = ""]) => [part, list.split(" ").filter(Boolean)]),
  );
  const parts = Object.keys(MAY_IMPORT).filter((part) => !part.includes("."));
  const { cli: _cli, library: _library, ...rules } = Object.fromEntries(
    parts.map((part) => [part, MAY_IMPORT[part]]),
  );
  assert.deepEqual(said, rules);
});
