import assert from "node:assert/strict";
import { readSourceInfo } from "../../src/model/source_info.ts";
import { tempFolder } from "../support/temp.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "89abcdef0123456789abcdef0123456789abcdef";
const ORIGIN = '[remote "origin"]\n\turl = https://user:secret@git.test/team/model.git\n';

/** Writes the files of a workspace, and removes nothing: the folder does. */
async function workspace(files: Readonly<Record<string, string>>) {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  return folder;
}

Deno.test("readSourceInfo() knows nothing of a folder without git, and warns about nothing", async () => {
  await using folder = await workspace({ "a.txt": "" });
  const { url, revision, warnings } = await readSourceInfo(folder.path);
  assert.deepEqual([url, revision, warnings], [undefined, undefined, []]);
});

Deno.test("readSourceInfo() reads origin without credentials and the commit of the branch", async () => {
  await using folder = await workspace({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/refs/heads/main": `${COMMIT}\n`,
    ".git/config": ORIGIN,
  });
  assert.deepEqual(await readSourceInfo(folder.path), {
    url: "https://git.test/team/model.git",
    revision: COMMIT,
    warnings: [],
  });
});

Deno.test("readSourceInfo() reads a detached HEAD, and packed references", async () => {
  await using detached = await workspace({ ".git/HEAD": `${COMMIT}\n`, ".git/config": ORIGIN });
  assert.equal((await readSourceInfo(detached.path)).revision, COMMIT);
  await using packed = await workspace({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": ORIGIN,
    ".git/packed-refs": "# pack-refs with: peeled fully-peeled sorted\n" +
      `${OTHER} refs/heads/feature/refs/heads/main\n${COMMIT} refs/heads/main\n^${OTHER}\n`,
  });
  assert.equal((await readSourceInfo(packed.path)).revision, COMMIT);
});

Deno.test("readSourceInfo() prefers a loose reference to a packed one", async () => {
  await using folder = await workspace({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/refs/heads/main": `${COMMIT}\n`,
    ".git/packed-refs": `${OTHER} refs/heads/main\n`,
    ".git/config": ORIGIN,
  });
  assert.equal((await readSourceInfo(folder.path)).revision, COMMIT);
});

Deno.test("readSourceInfo() follows the .git file of a worktree to its HEAD and the common config", async () => {
  await using repository = await workspace({
    "work/.git": "gitdir: ../main/.git/worktrees/work\n",
    "main/.git/HEAD": "ref: refs/heads/main\n",
    "main/.git/config": ORIGIN,
    "main/.git/refs/heads/main": `${OTHER}\n`,
    "main/.git/refs/heads/topic": `${COMMIT}\n`,
    "main/.git/worktrees/work/HEAD": "ref: refs/heads/topic\n",
    "main/.git/worktrees/work/commondir": "../..\n",
  });
  assert.deepEqual(await readSourceInfo(repository.join("work")), {
    url: "https://git.test/team/model.git",
    revision: COMMIT,
    warnings: [],
  });
});

Deno.test("readSourceInfo() gives what it can of a repository without origin or commit", async () => {
  await using folder = await workspace({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": "[core]\n",
  });
  const { url, revision, warnings } = await readSourceInfo(folder.path);
  assert.deepEqual([url, revision], [undefined, undefined]);
  assert.deepEqual(warnings, [
    "the origin of the git repository is not known: it has no remote named origin",
    'the revision of the git repository is not known: "refs/heads/main" has no commit yet',
  ]);
});

Deno.test("readSourceInfo() warns about a broken repository and never fails", async () => {
  const broken: Readonly<Record<string, string>>[] = [
    { ".git": "nonsense" },
    { ".git": "gitdir: /nowhere/at/all\n" },
    { ".git": "" },
    { ".git/x": "" },
    { ".git/HEAD": "", ".git/config": "" },
    { ".git/HEAD": "../../etc/passwd\n" },
    { ".git/HEAD": "ref: ../../etc/passwd\n" },
    { ".git/HEAD": "ref: refs/../../../etc/passwd\n" },
    { ".git/HEAD": "ref: refs/a\n", ".git/refs/a": "ref: refs/a\n" },
    { ".git/HEAD/x": "", ".git/config/x": "" },
    { ".git/HEAD": COMMIT.toUpperCase(), ".git/config": '[remote "origin"]\nurl =\n' },
  ];
  for (const files of broken) {
    await using folder = await workspace(files);
    const { url, revision, warnings } = await readSourceInfo(folder.path);
    assert.deepEqual([url, revision], [undefined, undefined], JSON.stringify(files));
    assert.ok(warnings.length > 0, JSON.stringify(files));
  }
});

Deno.test("readSourceInfo() stops with the reason of its signal", async () => {
  await using folder = await workspace({ ".git/HEAD": COMMIT });
  const reason = new Error("stop");
  await assert.rejects(
    readSourceInfo(folder.path, { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});
