import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import fc from "fast-check";
import { duplicateKey, parentOf, safeRelativePath } from "../../src/archive/safe_path.ts";
import { InvalidInputError } from "../../src/core/errors.ts";

const linux = { platform: "linux" } as const;
const windows = { platform: "windows" } as const;

const GOOD: readonly (readonly [name: string, path: string])[] = [
  ["model.safetensors", "model.safetensors"],
  ["a/b/c", "a/b/c"],
  ["./a/./b", "a/b"],
  ["a//b", "a/b"],
  ["a/b/", "a/b"],
  ["a..b", "a..b"],
  ["..hidden", "..hidden"],
  ["...", "..."],
  ["a/...b../c..", "a/...b../c.."],
  [".hidden", ".hidden"],
  ["naïve/模型 1.bin", "naïve/模型 1.bin"],
  ["-rf", "-rf"],
  ["~", "~"],
  [`${"x".repeat(255)}`, "x".repeat(255)],
  // The longest path and the deepest one.
  [Array(17).fill("x".repeat(240)).join("/"), Array(17).fill("x".repeat(240)).join("/")],
  [Array(512).fill("d").join("/"), Array(512).fill("d").join("/")],
  ["a\\b", "a\\b"],
  ["a\tb", "a\tb"],
  ["aux.py", "aux.py"],
  ["dot.", "dot."],
];

const BAD: readonly (readonly [name: string, reason: RegExp])[] = [
  ["", /the name is empty$/],
  [".", /names the target directory itself$/],
  ["./", /names the target directory itself$/],
  ["././/.", /names the target directory itself$/],
  ["..", /leaves the target directory$/],
  ["../evil", /leaves the target directory$/],
  ["a/../../evil", /leaves the target directory$/],
  ["a/..", /leaves the target directory$/],
  ["a/../b", /leaves the target directory$/],
  ["/abs", /is absolute$/],
  ["//host/share", /is absolute$/],
  ["\\\\host\\share\\x", /is absolute$/],
  ["\\x", /is absolute$/],
  ["C:\\x", /names a drive$/],
  ["C:/x", /names a drive$/],
  ["D:foo", /names a drive$/],
  ["c:", /names a drive$/],
  ["./C:", /names a drive$/],
  [".//D:foo", /names a drive$/],
  ["..\\x", /leaves the target directory$/],
  ["a\\..\\b", /leaves the target directory$/],
  ["a\0b", /control character$/],
  ["a\nb", /control character$/],
  ["a\x1b[31mb", /control character$/],
  ["a\x7f", /control character$/],
  ["a\u0085b", /control character$/],
  ["a\ud800b", /not valid Unicode$/],
  ["x".repeat(256), /longer than 255 bytes$/],
  [`a/${"é".repeat(128)}`, /longer than 255 bytes$/],
  [`${"d/".repeat(2048)}ff`, /longer than 4096 bytes$/],
  ["a/".repeat(7_000_000), /longer than 4096 bytes$/],
  ["é".repeat(3000), /longer than 4096 bytes$/],
];

const BAD_ON_WINDOWS: readonly string[] = [
  "a\\b",
  "a\tb",
  "CON",
  "con.txt",
  "a/nul",
  "NUL.tar.gz",
  "COM1",
  "lpt9.x",
  "com¹",
  "CONIN$",
  "aux .txt",
  "name.",
  "name ",
  "dir./x",
  "ab:c",
  "file.txt:stream",
  'a"b',
  "a<b",
  "a|b",
  "a?b",
  "a*b",
  "...",
];

for (const [name, path] of GOOD) {
  Deno.test(`safeRelativePath() accepts ${JSON.stringify(name.slice(0, 40))}`, () => {
    assert.equal(safeRelativePath(name, linux), path);
  });
}

for (const [name, reason] of BAD) {
  Deno.test(`safeRelativePath() refuses ${JSON.stringify(name.slice(0, 40))}`, () => {
    for (const options of [linux, windows, {}]) {
      assert.throws(() => safeRelativePath(name, options), (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.message, /^Cannot extract "/);
        assert.match(error.message, reason);
        return true;
      });
    }
  });
}

Deno.test("safeRelativePath() refuses on Windows what only Windows cannot hold", () => {
  for (const name of BAD_ON_WINDOWS) {
    assert.throws(() => safeRelativePath(name, windows), InvalidInputError, name);
    assert.equal(safeRelativePath(name, linux), name);
    assert.throws(() => safeRelativePath(name, { ...linux, portable: true }), InvalidInputError);
  }
  for (const name of ["console.log", "com10", "nullable", "a.b", " x"]) {
    assert.equal(safeRelativePath(name, windows), name);
  }
});

Deno.test("safeRelativePath() says the action it was asked for, and cuts long names", () => {
  assert.throws(() => safeRelativePath("../x", { action: "package" }), {
    message: 'Cannot package "../x": the path leaves the target directory',
  });
  assert.throws(() => safeRelativePath("x".repeat(100_000)), (error) => {
    return error instanceof Error && error.message.length < 300;
  });
});

Deno.test("no accepted name leaves the folder it is joined to", () => {
  const piece = fc.constantFrom(
    "..",
    ".",
    "/",
    "\\",
    "a",
    "C:",
    " ",
    "\0",
    "é",
    "...",
    "//",
    "con",
  );
  const name = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.webPath(),
  );
  fc.assert(
    fc.property(name, (name) => {
      for (
        const [options, path, root] of [[linux, posix, "/r/t"], [
          windows,
          win32,
          "C:\\r\\t",
        ]] as const
      ) {
        let safe: string;
        try {
          safe = safeRelativePath(name, options);
        } catch (error) {
          assert.ok(error instanceof InvalidInputError);
          continue;
        }
        const resolved = path.resolve(root, safe);
        assert.ok(resolved.startsWith(root + path.sep) && resolved.length > root.length + 1);
        assert.equal(resolved, path.join(root, ...safe.split("/")));
        assert.equal(safeRelativePath(safe, options), safe);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("duplicateKey() is equal for twins in case and normal form only", () => {
  const key = (path: string) => duplicateKey(path, "windows");
  assert.equal(key("Models/A.bin"), key("models/a.BIN"));
  assert.equal(key("caf\u00e9"), key("CAFE\u0301"));
  assert.notEqual(key("a/b"), key("a/c"));
  assert.notEqual(duplicateKey("A", "linux"), duplicateKey("a", "linux"));
});

Deno.test("parentOf() gives the folder part", () => {
  assert.deepEqual(["a", "a/b", "a/b/c"].map(parentOf), ["", "a", "a/b"]);
});

Deno.test("a path may have 512 levels and no more, however it is written", () => {
  const most = `${"d/".repeat(511)}x`;
  assert.equal(safeRelativePath(`./${most.replaceAll("/", "//")}`), most);
  for (const name of [`d/${most}`, `.//d/./${most}`, "a/".repeat(2000)]) {
    assert.throws(() => safeRelativePath(name), /has more than 512 levels/);
  }
});
