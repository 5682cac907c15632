import assert from "node:assert/strict";
import { InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { parseModelfile } from "../../src/model/modelfile/parser.ts";
import { resolveModelfileFiles } from "../../src/model/workspace.ts";
import type { WorkspaceOptions } from "../../src/model/workspace_tree.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

/** A workspace with these files, each holding its own name. */
async function workspace(...names: string[]): Promise<TempFolder> {
  const folder = await tempFolder();
  for (const name of names) await folder.write(name, name);
  return folder;
}

/** The files a Modelfile names, as `kind path`, and the warnings. */
async function resolveText(folder: TempFolder, text: string, options?: WorkspaceOptions) {
  const { files, warnings } = await resolveModelfileFiles(
    parseModelfile(text),
    folder.path,
    options,
  );
  return { files: files.map(({ kind, path }) => `${kind} ${path}`), warnings };
}

/** The problems of a Modelfile, as `line: message`. */
async function problemsOf(folder: TempFolder, text: string, options?: WorkspaceOptions) {
  const error = await errorOf(resolveText(folder, text, options));
  return error.facts.problems?.map(({ line, message }) => `${line}: ${message}`);
}

async function errorOf(promise: Promise<unknown>): Promise<InvalidInputError> {
  const error = await promise.then(() => assert.fail("it did not fail"), (error) => error);
  assert.ok(error instanceof InvalidInputError, String(error));
  return error;
}

Deno.test("files come by kind, then bytewise by path, whatever the order of lines", async () => {
  await using folder = await workspace(
    "b.json",
    "a.json",
    "m.bin",
    "c.py",
    "é.md",
    "z.md",
    "d.csv",
  );
  const text = "DATASET d.csv\nDOC *.md\nCODE c.py\nMODEL m.bin\nCONFIG b.json\nCONFIG a.json\n";
  assert.deepEqual(await resolveText(folder, text), {
    files: [
      "config a.json",
      "config b.json",
      "model m.bin",
      "code c.py",
      "doc z.md",
      "doc é.md",
      "dataset d.csv",
    ],
    warnings: [],
  });
});

Deno.test("a resolved file carries the facts that its layer needs", async () => {
  await using folder = await workspace("weights/m.bin");
  await Deno.chmod(folder.join("weights/m.bin"), 0o640);
  await Deno.utime(folder.join("weights/m.bin"), 1_700_000_000, 1_700_000_000);
  const { files } = await resolveModelfileFiles(
    { entries: [{ kind: "model", pattern: "weights/m.bin" }] },
    folder.path,
  );
  const [file] = files;
  assert.ok(file);
  assert.equal(file.absolute, folder.join("weights/m.bin"));
  assert.equal(file.size, 13);
  assert.equal(file.mode & 0o777, 0o640);
  assert.equal(file.mtime, 1_700_000_000_000);
});

Deno.test("patterns and folders bring hidden and nested files, never .git or .modignore", async () => {
  await using folder = await workspace(
    "x/a.bin",
    "x/.hidden.bin",
    "x/y/b.bin",
    "x/.git/config",
    ".git/config",
    ".modignore",
  );
  const all = ["model x/.hidden.bin", "model x/a.bin", "model x/y/b.bin"];
  for (const pattern of ["x", "x/", "./x", "x/**", "**", ".", "*", "y/../x", "**/*.bin"]) {
    assert.deepEqual((await resolveText(folder, `MODEL ${pattern}`)).files, all, pattern);
  }
  assert.deepEqual((await resolveText(folder, "MODEL x/*.bin")).files, all.slice(0, 2));
  assert.deepEqual((await resolveText(folder, "MODEL x/{a,q}.bin")).files, ["model x/a.bin"]);
  assert.deepEqual((await resolveText(folder, "DOC .git/config")).files, ["doc .git/config"]);
});

Deno.test("an absolute path inside the workspace is taken, also through a link to it", async () => {
  await using folder = await workspace("ws/a.bin", "b.bin");
  await Deno.symlink("ws", folder.join("link"));
  for (const root of ["ws", "link"]) {
    const text = `MODEL ${folder.join(root)}/*.bin`;
    const { files } = await resolveModelfileFiles(parseModelfile(text), folder.join(root));
    assert.deepEqual(files.map(({ path }) => path), ["a.bin"]);
  }
});

Deno.test("overlapping patterns of one kind bring a file once", async () => {
  await using folder = await workspace("a.bin", "b.bin");
  const { files } = await resolveText(folder, "MODEL *.bin\nMODEL a.bin\nMODEL ./a.bin\nMODEL .\n");
  assert.deepEqual(files, ["model a.bin", "model b.bin"]);
});

Deno.test("a name with wildcards is found escaped, and as it is where nothing else matches", async () => {
  await using folder = await workspace("w[1].bin", "a*b.bin", "{x,y}.bin", "x.bin");
  const text = "MODEL w\\\\[1\\\\].bin\nMODEL a\\\\*b.bin\nMODEL \\\\{x,y\\\\}.bin\n";
  const expected = ["model a*b.bin", "model w[1].bin", "model {x,y}.bin"];
  assert.deepEqual((await resolveText(folder, text)).files, expected);
  assert.deepEqual((await resolveText(folder, "MODEL w[1].bin")).files, ["model w[1].bin"]);
  await folder.write("w1.bin", "");
  assert.deepEqual((await resolveText(folder, "MODEL {x,q}.bin")).files, ["model x.bin"]);
});

Deno.test("lines that bring nothing are warnings", async () => {
  await using folder = await workspace("a.bin", "b.bin");
  await Deno.mkdir(folder.join("empty"));
  const text = "MODEL a.bin\nMODEL *.gguf\nDOC empty\nCODE b.bin\n";
  assert.deepEqual(await resolveText(folder, text, { exclude: ["b.*"] }), {
    files: ["model a.bin"],
    warnings: [
      'line 2: MODEL "*.gguf" matches no file',
      'line 3: DOC "empty" is a folder without files',
      'line 4: CODE "b.bin" is left out by .modignore or an exclude pattern',
    ],
  });
  assert.deepEqual(await resolveText(folder, ""), { files: [], warnings: [] });
});

Deno.test(".modignore and exclude patterns leave files out, in gitignore syntax", async () => {
  await using folder = await workspace("a.bin", "b.bin", "tmp/c.bin", "x/tmp/d.bin", "keep.log");
  await folder.write("x/e.log", "");
  await folder.write(".modignore", "# rules\ntmp/\n*.log\n!keep.log\n");
  assert.deepEqual((await resolveText(folder, "MODEL **", { exclude: ["/b.bin"] })).files, [
    "model a.bin",
    "model keep.log",
  ]);
});

Deno.test("links that stay in the workspace are followed under their own names", async () => {
  await using folder = await workspace("blobs/1", "snap/readme");
  await Deno.symlink("../blobs/1", folder.join("snap/model.bin"));
  await Deno.symlink("blobs", folder.join("again"));
  const { files } = await resolveModelfileFiles(
    { entries: [{ kind: "model", pattern: "snap" }, { kind: "model", pattern: "again" }] },
    folder.path,
  );
  assert.deepEqual(files.map(({ path, size }) => [path, size]), [
    ["again/1", 7],
    ["snap/model.bin", 7],
    ["snap/readme", 11],
  ]);
});

Deno.test("links that leave the workspace are refused unless they are to be followed", async () => {
  await using folder = await workspace("blobs/1", "blobs/2", "snap/config.json");
  await Deno.symlink("../blobs/1", folder.join("snap/model.bin"));
  await Deno.symlink("../blobs", folder.join("snap/all"));
  const modelfile = parseModelfile("CONFIG *.json\nMODEL *.bin\nMODEL all/2\nDOC all\n");
  const error = await errorOf(resolveModelfileFiles(modelfile, folder.join("snap")));
  assert.deepEqual(error.facts.problems, [
    { line: 2, message: '"model.bin" is a link that leaves the workspace' },
    { line: 3, message: '"all/2" is a link that leaves the workspace' },
    { line: 4, message: '"all" is a link that leaves the workspace' },
  ]);
  assert.match(error.facts.remedy ?? "", /--follow-links/);
  const { files } = await resolveModelfileFiles(
    parseModelfile("CONFIG *.json\nMODEL *.bin\nDOC all\n"),
    folder.join("snap"),
    { followLinks: true },
  );
  assert.deepEqual(files.map(({ path }) => path), ["config.json", "model.bin", "all/1", "all/2"]);
});

Deno.test("a link elsewhere does not disturb a pattern that does not reach it", async () => {
  await using folder = await workspace("ws/a.bin", "out/b.bin");
  await Deno.symlink("../out", folder.join("ws/data"));
  await Deno.symlink("nowhere", folder.join("ws/broken"));
  const resolve = (text: string) => resolveModelfileFiles(parseModelfile(text), folder.join("ws"));
  assert.equal((await resolve("MODEL *.bin")).files.length, 1);
  await assert.rejects(resolve("MODEL **/*.bin"), /"data" is a link that leaves the workspace/);
});

Deno.test("circles of links and links to nothing are named", async () => {
  await using folder = await workspace("a/x.bin", "b/y.bin");
  await Deno.symlink("..", folder.join("a/up"));
  await Deno.symlink("../b", folder.join("a/b"));
  await Deno.symlink("../a", folder.join("b/a"));
  await Deno.symlink("self", folder.join("self"));
  await Deno.symlink("nowhere", folder.join("broken"));
  assert.deepEqual(await problemsOf(folder, "MODEL a\nMODEL self\nMODEL broken\n"), [
    '1: "a/b/a": it is a link that leads back to a folder above it',
    '1: "a/up": it is a link that leads back to a folder above it',
    '2: "self": it is a link that leads back to itself',
    '3: "broken": it is a link to nothing',
  ]);
  await using root = await workspace("a.bin");
  await Deno.symlink("/", root.join("everything"));
  assert.deepEqual(await problemsOf(root, "MODEL **", { followLinks: true }), [
    '1: "everything": it is a link that leads back to a folder above it',
  ]);
});

Deno.test("all the problems of a Modelfile are reported at once, with lines", async () => {
  await using folder = await workspace("config.json", "model.safetensors", "back\\slash.md");
  await new Deno.Command("mkfifo", { args: [folder.join("pipe")] }).output();
  const text = `CONFIG config.json
MODEL model.safetensor
CODE ../secret.py
CODE /etc/passwd
DOC missing/readme.md
DOC pipe
DOC *slash.md
MODEL *.json
MODEL x/../../y
`;
  const error = await errorOf(resolveText(folder, text));
  assert.deepEqual(error.facts.problems, [
    {
      line: 2,
      message: 'MODEL "model.safetensor" does not exist',
      suggestion: "MODEL model.safetensors",
    },
    { line: 3, message: 'CODE "../secret.py" leads outside the workspace' },
    { line: 4, message: 'CODE "/etc/passwd" leads outside the workspace' },
    { line: 5, message: 'DOC "missing/readme.md" does not exist' },
    { line: 6, message: '"pipe": it is not a regular file' },
    { line: 9, message: 'MODEL "x/../../y" leads outside the workspace' },
  ]);
  assert.match(error.message, /^Cannot package ".*": 6 problems, the first: line 2: MODEL /);
});

Deno.test({
  name: "files and folders that may not be read are named",
  // The superuser may read everything.
  ignore: Deno.uid() === 0 || Deno.build.os === "windows",
  async fn() {
    await using folder = await workspace("a.bin", "x/b.bin");
    await Deno.chmod(folder.join("a.bin"), 0);
    await Deno.chmod(folder.join("x"), 0);
    const problems = await problemsOf(folder, "MODEL a.bin\nMODEL **\n");
    await Deno.chmod(folder.join("x"), 0o700);
    assert.deepEqual(problems, [
      '1: Cannot read "a.bin": permission denied',
      '2: "x": permission denied',
    ]);
  },
});

Deno.test("a workspace that is missing, a file or empty is an error of its own", async () => {
  await using folder = await workspace("file");
  await Deno.mkdir(folder.join("empty"));
  const modelfile = { entries: [] };
  await assert.rejects(resolveModelfileFiles(modelfile, folder.join("none")), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /^Cannot package ".*none": no such folder$/);
    return true;
  });
  await assert.rejects(resolveModelfileFiles(modelfile, folder.join("file")), {
    name: "InvalidInputError",
    message: /: the workspace is not a folder$/,
  });
  await assert.rejects(resolveModelfileFiles(modelfile, folder.join("empty")), {
    name: "InvalidInputError",
    message: /: the workspace is empty$/,
  });
});

Deno.test("a near name is suggested with its folder, and escaped", async () => {
  await using folder = await workspace("long/folder/name/w[1] a.bin", "long/folder/name/q.py");
  const error = await errorOf(resolveText(folder, "MODEL long/folder/name/w1a.bin\nCODE x/y.py\n"));
  assert.deepEqual(error.facts.problems?.map(({ suggestion }) => suggestion), [
    'MODEL "long/folder/name/w\\\\[1\\\\] a.bin"',
    undefined,
  ]);
});

Deno.test("a .modignore that cannot be read is an error that names it", async () => {
  await using folder = await workspace(".modignore/x", "a.bin");
  await assert.rejects(resolveText(folder, "MODEL *"), /^\w+: Cannot read ".*\.modignore": /);
});

Deno.test("resolving stops with the reason of its signal", async () => {
  await using folder = await workspace("a");
  const reason = new Error("stop");
  await assert.rejects(
    resolveText(folder, "MODEL *", { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});

Deno.test("of two lines of different kinds the more exact wins, then the earlier", async () => {
  const rows: readonly (readonly [text: string, files: string, warning: RegExp])[] = [
    [
      "CONFIG *.json\nMODEL *\n",
      "config a.json",
      /"a.json": CONFIG .*, line 1, wins over MODEL/,
    ],
    ["MODEL *\nCONFIG *.json\n", "config a.json", /CONFIG ".*", line 2, wins over MODEL/],
    ["DOC *.json\nCONFIG a.json\n", "config a.json", /CONFIG "a.json", line 2, wins/],
    ["DOC *.json\nCONFIG *.json\n", "doc a.json", /DOC ".*", line 1, wins over CONFIG/],
    ["DOC ./\nCODE **/*.json\n", "code a.json", /CODE ".*", line 2, wins/],
  ];
  for (const [text, expected, warning] of rows) {
    await using folder = await workspace("a.json");
    const { files, warnings } = await resolveText(folder, text);
    assert.deepEqual(files, [expected], text);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", warning);
  }
});

Deno.test("many files that two lines name are one warning", async () => {
  await using folder = await workspace("a.json", "b.json", "c.json");
  const { warnings } = await resolveText(folder, "CONFIG *.json\nMODEL *\n");
  assert.deepEqual(warnings, [
    '"a.json" and 2 more: CONFIG "*.json", line 1, wins over MODEL "*", line 2',
  ]);
});

Deno.test("a file whose name has braces is named by it, and by nothing else", async () => {
  await using folder = await workspace("{a,b}.bin", "a.bin", "x{.bin");
  assert.deepEqual((await resolveText(folder, "MODEL {a,b}.bin\nMODEL x{.bin\n")).files, [
    "model x{.bin",
    "model {a,b}.bin",
  ]);
});

Deno.test("pointers of Git LFS are refused by name, wherever they stand", async () => {
  const pointer = (version: string) =>
    `version https://${version}\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
  await using folder = await workspace("a.json");
  await folder.write("w.safetensors", pointer("git-lfs.github.com/spec/v1"));
  await folder.write("sub/w.gguf", pointer("hawser.github.com/spec/v1"));
  await folder.write("notes.txt", `about ${pointer("git-lfs.github.com/spec/v1")}`);
  assert.deepEqual(await problemsOf(folder, "MODEL **\n"), [
    '1: "sub/w.gguf" is a Git LFS pointer, not the file: fetch it with git lfs pull',
    '1: "w.safetensors" is a Git LFS pointer, not the file: fetch it with git lfs pull',
  ]);
});

Deno.test("links of a snapshot may lead to the files of that model, and nowhere else", async () => {
  await using cache = await workspace("models--a--b/blobs/aaa", "models--other/blobs/bbb");
  const snapshot = cache.join("models--a--b/snapshots/0123456789abcdef");
  await Deno.mkdir(`${snapshot}/sub`, { recursive: true });
  await Deno.symlink("../../blobs/aaa", `${snapshot}/w.bin`);
  await Deno.symlink("../../../blobs/aaa", `${snapshot}/sub/w.bin`);
  const folder = { ...cache, path: snapshot };
  assert.deepEqual((await resolveText(folder, "MODEL **\n")).files, [
    "model sub/w.bin",
    "model w.bin",
  ]);
  const part = { ...cache, path: `${snapshot}/sub` };
  assert.deepEqual((await resolveText(part, "MODEL **\n")).files, ["model w.bin"]);
  await Deno.symlink("../../../models--other/blobs/bbb", `${snapshot}/other.bin`);
  await Deno.symlink("/etc/hostname", `${snapshot}/host`);
  assert.deepEqual(await problemsOf(folder, "MODEL *\n"), [
    '1: "host" is a link that leaves the workspace',
    '1: "other.bin" is a link that leaves the workspace',
  ]);
});

Deno.test({
  name: "names that are legal here are packaged, and refused where they have to be portable",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await workspace("a\tb.md", "a\\b.md", "aux.py", "dot.", "X.md", "x.md");
    const { files } = await resolveText(folder, "DOC **\n");
    assert.equal(files.length, 6);
    const problems = await problemsOf(folder, "DOC **\n", { portable: true }) ?? [];
    assert.equal(problems.length, 5, problems.join("; "));
    assert.match(problems.join("; "), /"x.md" meets "X.md", only case/);
  },
});

Deno.test("a pattern that passes over the file of that very name is a warning", async () => {
  for (
    const [name, other, line] of [
      ["a[1].bin", "a1.bin", "MODEL a[1].bin"],
      ["[!b].bin", "a.bin", "MODEL [!b].bin"],
      ["d[ab]/x.bin", "da/x.bin", "MODEL d[ab]/x.bin"],
    ] as const
  ) {
    await using folder = await workspace(name, other);
    const { files, warnings } = await resolveText(folder, line);
    assert.deepEqual(files, [`model ${other}`]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^line 1: .* is a pattern, and not the file of that name: /);
    const named = warnings[0]!.slice(warnings[0]!.lastIndexOf(": ") + 2);
    assert.deepEqual((await resolveText(folder, `MODEL ${named}`)).files, [`model ${name}`]);
  }
});

Deno.test("a folder is read once for all patterns, and only what matches is looked at", async () => {
  await using folder = await workspace(...Array.from({ length: 50 }, (_, each) => `${each}.bin`));
  const { readDir, statSync } = Deno;
  let [read, looked] = [0, 0];
  Deno.readDir = (path) => (read++, readDir(path));
  Deno.statSync = (path) => (looked++, statSync(path));
  try {
    const lines = Array.from({ length: 20 }, (_, each) => `MODEL ${each}.b*`);
    const { files } = await resolveText(folder, lines.join("\n"));
    assert.equal(files.length, 20);
  } finally {
    Object.assign(Deno, { readDir, statSync });
  }
  // Before that: whether the workspace is empty, and whether it has a `.modignore`.
  assert.deepEqual({ read, looked }, { read: 2, looked: 21 });
});

Deno.test("a name is suggested for missing files, however many are missing, in bounded time", async () => {
  await using folder = await workspace(
    ...Array.from({ length: 300 }, (_, each) => `w-${each}.bin`),
  );
  const lines = Array.from({ length: 20_000 }, (_, each) => `MODEL v-${each}.bin`);
  const { problems = [] } = (await errorOf(resolveText(folder, lines.join("\n")))).facts;
  assert.equal(problems.length, 20_000);
  assert.equal(problems[0]?.suggestion, "MODEL w-0.bin");
  assert.ok(problems.filter(({ suggestion }) => suggestion).length < 5000);
});
