import assert from "node:assert/strict";
import { InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { readMirrorRules } from "../../../src/registry/mirrors/files.ts";
import { tempFolder } from "../../support/temp.ts";

const blocked = (location: string) => `[[registry]]\nlocation = "${location}"\nblocked = true\n`;

Deno.test("our own rules come first, then the first registries.conf and the files beside it", async () => {
  await using folder = await tempFolder();
  await folder.write(
    "mirrors.yaml",
    "registry:\n- location: ours.test\n  mirror: [{location: m.test}]\n",
  );
  await folder.write("user.conf", blocked("user.test") + blocked("both.test"));
  await folder.write("machine.conf", blocked("machine.test"));
  await folder.write("d/10.conf", '[[registry]]\nprefix = "both.test"\nlocation = "else.test"\n');
  await folder.write("d/20.conf", '[aliases]\n"a" = "b.test/a"\n');
  await folder.write("d/30.txt", "no TOML [");
  const rules = await readMirrorRules({
    own: { path: folder.join("mirrors.yaml") },
    containers: ["none.conf", "user.conf", "machine.conf"].map((name) => ({
      path: folder.join(name),
    })),
    containersFolders: [folder.join("nowhere"), folder.join("d")],
  });
  assert.deepEqual(rules.map(({ prefix, location, blocked }) => [prefix, location, blocked]), [
    ["ours.test", "ours.test", false],
    ["user.test", "user.test", true],
    ["both.test", "else.test", false],
  ]);
});

Deno.test("no files are no rules, but a file that was named has to be there", async () => {
  await using folder = await tempFolder();
  const path = folder.join("absent");
  assert.deepEqual(await readMirrorRules({}), []);
  assert.deepEqual(await readMirrorRules({ own: { path }, containers: [{ path }] }), []);
  await assert.rejects(readMirrorRules({ own: { path, isNamed: true } }), NotFoundError);
  await assert.rejects(readMirrorRules({ containers: [{ path, isNamed: true }] }), NotFoundError);
});

Deno.test("a file that is no TOML or YAML is refused with the line", async () => {
  await using folder = await tempFolder();
  const rows: [string, "own" | "containers", RegExp][] = [
    ['[[registry]]\nlocation = "a.test\n', "containers", /line 2: /],
    ["[[registry]]\n\nlocation a.test\n", "containers", /line 3: /],
    ["registry:\n- location: 'a.test\n", "own", /line \d: /],
    ["registry: [}\n", "own", /line 1: /],
  ];
  for (const [text, kind, expected] of rows) {
    const path = await folder.write("file", text);
    const files = kind === "own" ? { own: { path } } : { containers: [{ path }] };
    await assert.rejects(
      readMirrorRules(files),
      (error) =>
        error instanceof InvalidInputError && expected.test(error.message) &&
        error.message.includes(path),
    );
  }
});

Deno.test("an empty file, and one of comments, is no rule", async () => {
  await using folder = await tempFolder();
  for (
    const text of [
      "",
      "# nothing\n",
      '# [[registry]]\nunqualified-search-registries = ["a.test"]\n',
    ]
  ) {
    const path = await folder.write("file", text);
    assert.deepEqual(await readMirrorRules({ containers: [{ path }] }), []);
  }
  assert.deepEqual(
    await readMirrorRules({ own: { path: await folder.write("m.yaml", "# none\n") } }),
    [],
  );
});
