import assert from "node:assert/strict";
import fc from "fast-check";
import { pathClashes, portablePath, workspacePath } from "../../../src/bundle/workspace/path.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

const REFUSED = [
  "",
  ".",
  "..",
  "./",
  "../evil.txt",
  "../../outside.txt",
  "../../../etc/passwd",
  "dir/../../evil.txt",
  "good/../bad/../../evil.txt",
  "a/..",
  "/absolute/path",
  "/etc/passwd",
  "//a",
  ".mops",
  ".mops/",
  ".mops/config.json",
  ".mops/ptr/data/file.json",
  ".mops//x",
  "././.mops/x",
  ".MOPS/x",
  ".Mops",
  ".mop\u017f/x",
  ".m\u200cops/x",
  "a\\b\\c.txt",
  "..\\..\\etc\\passwd",
  "data\\..\\..\\secrets.txt",
  "mixed/path\\with\\backslashes",
  "\\absolute\\windows\\path",
  "C:/x",
  "C:x",
  "c:",
  "a\0b",
  "a\nb",
  "a\u007fb",
  "a\u0085b",
  "photo\u202egpj.exe",
  "a\u2066b",
  "a/trailing ",
  "a/trailing.",
  "a./b",
  "CON",
  "dir/aux.txt",
  "nul.tar.gz",
  "COM1",
  "x".repeat(256),
  "é".repeat(128),
  "\ud800",
  "a\udc00b",
];

for (const path of REFUSED) {
  Deno.test(`workspacePath() refuses ${JSON.stringify(path).slice(0, 60)}`, () => {
    assert.throws(() => workspacePath(path), InvalidInputError);
  });
}

const ACCEPTED: Readonly<Record<string, string>> = {
  "file.txt": "file.txt",
  "dir/file.txt": "dir/file.txt",
  "..a/b": "..a/b",
  "a..b": "a..b",
  "a/.mops/x": "a/.mops/x",
  ".mopsx": ".mopsx",
  ".hidden": ".hidden",
  "данные/модель.bin": "данные/модель.bin",
  "数据/模型.bin": "数据/模型.bin",
  "café/ñ.txt": "café/ñ.txt",
  "😀/🚀.txt": "😀/🚀.txt",
  "dir//file.txt": "dir/file.txt",
  "./file.txt": "file.txt",
  "what?.txt": "what?.txt",
  "console.txt": "console.txt",
};

for (const [path, normalised] of Object.entries(ACCEPTED)) {
  const ignore = Deno.build.os === "windows" && path.includes("?");
  Deno.test({
    name: `workspacePath() accepts ${path}`,
    ignore,
    fn: () => {
      assert.equal(workspacePath(path), normalised);
      assert.equal(workspacePath(normalised), normalised);
    },
  });
}

Deno.test("workspacePath() says what was to be done with the path", () => {
  assert.throws(() => workspacePath(".mops/x", "read"), {
    message: 'Cannot read ".mops/x": ".mops" is reserved for pointers and provenance',
  });
});

Deno.test("portablePath() lets paths of the reserved folder pass", () => {
  assert.equal(portablePath(".mops//ptr/a.json", "import"), ".mops/ptr/a.json");
  assert.throws(() => portablePath("a\u202eb", "import"), InvalidInputError);
});

Deno.test("workspacePath() never gives a path that leaves the folder or is reserved", () => {
  const part = fc.oneof(fc.constantFrom("..", ".", "", ".mops", "a", "CON"), fc.string());
  fc.assert(fc.property(fc.array(part), (parts) => {
    let path: string;
    try {
      path = workspacePath(parts.join("/"));
    } catch (error) {
      assert.ok(error instanceof InvalidInputError);
      return;
    }
    assert.ok(!path.startsWith("/") && path !== "");
    assert.ok(path.split("/").every((name) => name !== ".." && name !== "." && name !== ""));
    assert.notEqual(path.split("/")[0]?.toLowerCase(), ".mops");
    assert.equal(workspacePath(path), path);
  }));
});

Deno.test("pathClashes() finds twins in case and normal form, and files that are folders", () => {
  const clashes = pathClashes([
    "a",
    "b/c",
    "a/b",
    "A",
    "caf\u00e9",
    "cafe\u0301",
    "b",
    "x/y",
    "x/z",
  ]);
  assert.deepEqual(clashes, [
    { path: "a/b", reason: 'it meets "a", one is a file, the other a folder' },
    { path: "A", reason: 'it meets "a", only case or Unicode form tells them apart' },
    {
      path: "cafe\u0301",
      reason: 'it meets "caf\u00e9", only case or Unicode form tells them apart',
    },
    { path: "b", reason: 'it meets "b", one is a file, the other a folder' },
  ]);
});
