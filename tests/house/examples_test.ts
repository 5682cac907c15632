import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath, repositoryRoot } from "./repository.ts";
import { productFiles } from "./source_graph.ts";

/** An example of a doc comment. */
interface Example {
  readonly file: string;
  readonly title: string;
  readonly code: string;
}

/** The examples of a file: the code below each `@example`, without the stars of the comment. */
function examplesOf(file: string, source: string): readonly Example[] {
  const pattern = /^ *\* @example (.+)\n *\* ```ts\n([^]*?)^ *\* ```$/gm;
  return [...source.matchAll(pattern)].map(([, title = "", lines = ""]) => ({
    file,
    title,
    code: lines.replace(/^ *\* ?/gm, ""),
  }));
}

/** The code with the files of this tree in place of the names that `deno.json` gives them. */
function withPaths(code: string): string {
  return code.replace(/"@modelops\/modelops(\/\w+)?"/g, (_name, part = "") => {
    const entry = (config.exports as Record<string, string>)[`.${part}`];
    assert.ok(entry, `there is no entry .${part}`);
    return JSON.stringify(new URL(entry, repositoryRoot));
  });
}

const files = await productFiles();
const sources = await Promise.all(
  files.map((file) => Deno.readTextFile(repositoryPath(file))),
);
const examples = files.flatMap((file, index) => examplesOf(file, sources[index] ?? ""));

Deno.test("the public API has an example for everything that people come for", () => {
  const all = examples.map(({ code }) => code).join("\n");
  const wanted = [
    ...["openModels", "openBundles", "openLogins", "serveStore", "generateModelfile"],
    ...["ModelOpsError", "copyGraph", "memoryStore", "parseReference", "digestBytes", "wrapped"],
    ...["openObjectStore", "RegistryClient", "createRegistryHandler", "parseBundleRef"],
  ];
  assert.deepEqual(wanted.filter((name) => !all.includes(name)), []);
});

Deno.test("every example of a doc comment is checked, and does what it says", async (context) => {
  await using folder = await tempFolder();
  const paths = await Promise.all(
    examples.map(({ code }, index) => folder.write(`example_${index}.ts`, withPaths(code))),
  );
  const options = ["--quiet", "--no-config", "--no-lock"];
  const checked = await runCommand(Deno.execPath(), ["check", ...options, ...paths]);
  assert.equal(checked.code, 0, checked.stderr);
  for (const [index, { file, title }] of examples.entries()) {
    await context.step(`${file}: ${title}`, async () => {
      const allowed = [
        "--allow-read",
        "--allow-write",
        "--allow-sys",
        "--allow-env",
        "--no-prompt",
      ];
      const { code, stderr } = await runCommand(Deno.execPath(), [
        ...["run", "--no-check", ...options, ...allowed, "--allow-net=127.0.0.1"],
        paths[index] ?? "",
      ], { cwd: folder.path, env: { TMPDIR: folder.path } });
      assert.equal(code, 0, stderr);
    });
  }
});
