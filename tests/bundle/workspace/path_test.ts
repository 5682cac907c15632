import assert from "node:assert/strict";
import fc from "fast-check";
import {
  anyPath,
  pathClashes,
  refuseUnfitNames,
  unfitNames,
  workspacePath,
} from "../../../src/bundle/workspace/path.ts";
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
  ".mops./x",
  ".mops /x",
  ".mops\\x",
  ".MOPS.\\ptr\\a.json",
  "..\\..\\etc\\passwd",
  "data\\..\\..\\secrets.txt",
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

/** Names that Windows cannot hold, or takes for others. */
const WINDOWS_ONLY = [
  "a\\b\\c.txt",
  "mixed/path\\with\\backslashes",
  "a\tb",
  "a/trailing ",
  "a/trailing.",
  "a./b",
  "CON",
  "dir/aux.txt",
  "aux.py",
  "nul.tar.gz",
  "COM1",
  "what?.txt",
  "ab:c",
];

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
  ...Object.fromEntries(WINDOWS_ONLY.map((path) => [path, path])),
};

for (const [path, normalised] of Object.entries(ACCEPTED)) {
  Deno.test(`workspacePath() accepts ${path}`, () => {
    assert.equal(workspacePath(path), normalised);
    assert.equal(workspacePath(normalised), normalised);
  });
}

Deno.test("workspacePath() says what was to be done with the path", () => {
  assert.throws(() => workspacePath(".mops/x", "read"), {
    message: 'Cannot read ".mops/x": ".mops" is reserved for pointers and provenance',
  });
});

Deno.test("anyPath() lets paths of the reserved folder pass", () => {
  assert.equal(anyPath(".mops//ptr/a.json", "import"), ".mops/ptr/a.json");
  assert.throws(() => anyPath("a\u202eb", "import"), InvalidInputError);
});

Deno.test("unfitNames() finds what a system cannot hold, and where names are portable on all", () => {
  const paths = (options: Parameters<typeof unfitNames>[1]) =>
    unfitNames([...WINDOWS_ONLY, "fine/é.txt"], options).map(({ path }) => path);
  assert.deepEqual(paths({ platform: "linux" }), []);
  assert.deepEqual(paths({ platform: "darwin" }), []);
  assert.deepEqual(paths({ platform: "windows" }), WINDOWS_ONLY);
  for (const platform of ["linux", "darwin", "windows"] as const) {
    assert.deepEqual(paths({ platform, portable: true }), WINDOWS_ONLY);
  }
});

Deno.test("refuseUnfitNames() names all of them", () => {
  const options = { action: "materialize", what: "./ws", portable: true };
  refuseUnfitNames(["a", "b/c"], options);
  assert.throws(() => refuseUnfitNames(["a", "b/aux.py"], options), {
    name: "InvalidInputError",
    message: 'Cannot materialize "b/aux.py": a part is a device name of Windows',
  });
  assert.throws(() => refuseUnfitNames(["x.", "b/aux.py"], options), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.facts.problems?.length, 2);
    return error.message.startsWith('Cannot materialize "./ws": 2 problems, the first: ');
  });
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

const CLASHING = ["a", "b/c", "a/b", "A", "caf\u00e9", "cafe\u0301", "b", "x/y", "x/z"];

Deno.test("pathClashes() finds files that are folders on every system", () => {
  assert.deepEqual(pathClashes(CLASHING, { platform: "linux" }).map(({ path }) => path), [
    "a/b",
    "b",
  ]);
});

const FOLDING = [
  { platform: "windows" },
  { platform: "darwin" },
  { platform: "linux", portable: true },
] as const;

Deno.test("pathClashes() finds twins in case and normal form where they are one", () => {
  for (const options of FOLDING) {
    assert.deepEqual(pathClashes(CLASHING, options), [
      { path: "a/b", reason: 'it meets "a", one is a file, the other a folder' },
      { path: "A", reason: 'it meets "a", only case or Unicode form tells them apart' },
      {
        path: "cafe\u0301",
        reason: 'it meets "caf\u00e9", only case or Unicode form tells them apart',
      },
      { path: "b", reason: 'it meets "b", one is a file, the other a folder' },
    ]);
  }
});
