import assert from "node:assert/strict";
import { readSourceInfo as readWithGit } from "../../../src/model/source/source_info.ts";
import { runOk } from "../../support/command.ts";
import { e2eTest } from "../../support/registry.ts";
import { tempFolder } from "../../support/temp.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "89abcdef0123456789abcdef0123456789abcdef";
const ORIGIN = '[remote "origin"]\n\turl = https://user:secret@git.test/team/model.git\n';

/** Reads what the files of a made repository say, which git itself would not take for one. */
const readSourceInfo = (folder: string, options = {}) =>
  readWithGit(folder, { hasChanges: async () => false, ...options });

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

/** Runs git in a folder. */
async function git(folder: string, ...args: string[]): Promise<void> {
  const identity = ["-c", "user.name=n", "-c", "user.email=n@test"];
  await runOk("git", ["-C", folder, ...identity, ...args]);
}

e2eTest("the revision of a changed workspace ends in -dirty", { needs: ["git"] }, async () => {
  await using folder = await workspace({ "a.txt": "a", "sub/b.txt": "b" });
  await git(folder.path, "init", "-q", "-b", "main");
  await git(folder.path, "add", ".");
  await git(folder.path, "commit", "-q", "-m", "x");
  const revision = async () => (await readWithGit(folder.path)).revision ?? "";
  assert.match(await revision(), /^[0-9a-f]{40}$/);
  const changes = {
    changed: () => folder.write("a.txt", "other"),
    restored: () => folder.write("a.txt", "a"),
    "new file": () => folder.write("sub/new.txt", "new"),
    "removed file": async () => {
      await Deno.remove(folder.join("sub/new.txt"));
      await Deno.remove(folder.join("sub/b.txt"));
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    await change();
    const suffix = what === "restored" ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{40}-dirty$/;
    assert.match(await revision(), suffix, what);
  }
});

Deno.test("without an answer of git there is no revision, and a warning says why", async () => {
  await using folder = await workspace({ ".git/HEAD": `${COMMIT}\n`, ".git/config": ORIGIN });
  const { revision, warnings } = await readWithGit(folder.path);
  assert.equal(revision, undefined);
  assert.match(warnings.join(), /git .*whether files were changed/);
});
