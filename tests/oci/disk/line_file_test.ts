import assert from "node:assert/strict";
import fc from "fast-check";
import { LineFile } from "../../../src/oci/disk/line_file.ts";
import { tempFolder } from "../../support/temp.ts";

const LONGEST = 200_000;

Deno.test("LineFile gives the lines of a file, and finds each again by its place", async () => {
  await using folder = await tempFolder();
  const long = fc.nat(LONGEST).map((length) => "ü".repeat(length / 2));
  const text = fc.oneof({ weight: 5, arbitrary: fc.string() }, long)
    .map((line) => line.replaceAll("\n", ""));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 20 }), fc.boolean(), async (lines, ended) => {
      const path = await folder.write("lines", lines.join("\n") + (ended ? "\n" : ""));
      using file = LineFile.open(path, LONGEST);
      assert.ok(file);
      const found = [...file.lines(0, file.facts().size)];
      const wanted = lines.filter((line) => line !== "").map((line) => line.toWellFormed());
      assert.deepEqual(found.map((line) => line.text), wanted);
      assert.deepEqual(found.map((line) => file.read(line)), wanted);
    }),
  );
});

Deno.test("a line that is too long for LineFile has no text, and those around it have", async () => {
  await using folder = await tempFolder();
  for (const length of [11, 300_000, 1_000_000]) {
    const path = await folder.write("lines", `before\n${"x".repeat(length)}\nafter`);
    using file = LineFile.open(path, 10);
    const found = [...file!.lines(0, file!.facts().size)];
    assert.deepEqual(found.map(({ text }) => text), ["before", undefined, "after"]);
    assert.deepEqual(found.map(({ at }) => at), [0, 7, length + 8]);
  }
});

Deno.test("LineFile reads on from where a file ended before", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("lines", "\none");
  using file = LineFile.open(path, LONGEST);
  const { size } = file!.facts();
  await Deno.writeTextFile(path, "\ntwo\nthree", { append: true });
  const found = [...file!.lines(size, file!.facts().size)];
  assert.deepEqual(found.map(({ text }) => text), ["two", "three"]);
});

Deno.test("LineFile opens no folder, no link and nothing that is not there", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("lines", "one");
  assert.equal(LineFile.open(folder.path, LONGEST), undefined);
  assert.equal(LineFile.open(`${path}-gone`, LONGEST), undefined);
  if (Deno.build.os === "windows") return;
  await Deno.symlink(path, `${path}-link`);
  assert.equal(LineFile.open(`${path}-link`, LONGEST), undefined);
});
