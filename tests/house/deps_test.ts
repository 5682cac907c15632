import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { packageOf, partOf } from "./import_rules.ts";
import { repositoryRoot } from "./repository.ts";
import { productFiles, readSourceGraph } from "./source_graph.ts";

const dependencyFiles = (await productFiles()).filter((file) => partOf(file) === "deps");

/** A package that is fetched when it is first used; the text before `import()` names it thrice. */
const FETCHED_LATER =
  /^\/\*\* .* \*\/\nexport async function \w+\(\): Promise<\s*typeof import\("(npm:[^"]+)"\)\s*> \{\s*return await import\(\s*import\.meta\.url \? "\1" : "\1"\s*\);\s*\}$/gm;

/** What is left of a file of `src/deps` when its doc line and its exports are taken away. */
function besidesExports(text: string): string {
  return text
    .replace(/^\/\*\*(?:(?!\*\/)[^])*@module[^]*?\*\//, "")
    .replaceAll(/^\/\/ @ts-types="npm:[^"]+"$/gm, "")
    .replaceAll(FETCHED_LATER, "")
    .replaceAll(/^export (?:type )?\{[^}]*\} from "npm:[^"]+";$/gm, "")
    .trim();
}

Deno.test("packages of tests and scripts have exact versions", () => {
  const loose = Object.values(config.imports).filter((specifier) => !packageOf(specifier));
  assert.deepEqual(loose, []);
});

Deno.test("a package that both src/deps and deno.json name has one version", async () => {
  const graph = await readSourceGraph(dependencyFiles);
  const shipped = [...graph.values()].flat().map(({ specifier }) => specifier);
  const apart = Object.values(config.imports).filter((specifier) =>
    shipped.some((other) => packageOf(other) === packageOf(specifier) && other !== specifier)
  );
  assert.deepEqual(apart, []);
});

for (const file of dependencyFiles) {
  Deno.test(`${file} has a doc line and re-exports, nothing else`, async () => {
    const text = await Deno.readTextFile(new URL(file, repositoryRoot));
    assert.match(text, /^\/\*\*[^]*@module/);
    assert.equal(besidesExports(text), "");
  });
}

Deno.test("besidesExports() keeps what is no re-export", () => {
  const fine =
    '/** Doc. @module */\nexport { a } from "npm:a@1.0.0";\nexport type { B } from "npm:a@1.0.0";\n';
  assert.equal(besidesExports(fine), "");
  for (
    const extra of [
      "export const one = 1;",
      'import "npm:a@1.0.0";',
      'export * from "npm:a@1.0.0";',
    ]
  ) {
    assert.equal(besidesExports(`${fine}${extra}\n`), extra);
  }
});

Deno.test("besidesExports() takes a package that is fetched later by one name alone", () => {
  const later = (one: string, other: string) =>
    `/** Doc. @module */\n\n/** The package. */
export async function a(): Promise<typeof import("npm:a@1.0.0")> {
  return await import(import.meta.url ? "${one}" : "${other}");
}\n`;
  assert.equal(besidesExports(later("npm:a@1.0.0", "npm:a@1.0.0")), "");
  for (const other of ["npm:a@1.0.1", "npm:b@1.0.0", ""]) {
    assert.notEqual(besidesExports(later("npm:a@1.0.0", other)), "");
    assert.notEqual(besidesExports(later(other, "npm:a@1.0.0")), "");
  }
});
