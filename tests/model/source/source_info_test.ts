import assert from "node:assert/strict";
import { readSourceInfo as readWithGit } from "../../../src/model/source/source_info.ts";
import { runOk } from "../../support/command.ts";
import { e2eTest } from "../../support/registry.ts";
import { tempFolder } from "../../support/temp.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "89abcdef0123456789abcdef0123456789abcdef";
const ORIGIN = '[remote "origin"]\n\turl = https://user:secret@git.test/team/model.git\n';

const GIT_STATUS = import.meta.resolve("../../../src/model/source/git_status.ts");

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

e2eTest("git is asked about the workspace, whatever its caller says of another repository", {
  needs: ["git"],
}, async () => {
  await using home = await tempFolder();
  for (const name of ["model", "other"]) {
    await home.write(`${name}/${name}.bin`, name);
    await git(home.path, "init", "-q", "-b", "main", name);
    await git(home.join(name), "add", ".");
    await git(home.join(name), "commit", "-q", "-m", name);
  }
  const other = home.join("other/.git");
  const said: Record<string, string>[] = [
    { GIT_DIR: other },
    { GIT_DIR: "/nowhere" },
    { GIT_DIR: other, GIT_WORK_TREE: home.join("other") },
    { GIT_WORK_TREE: home.path },
    { GIT_COMMON_DIR: other },
    { GIT_INDEX_FILE: `${other}/index` },
    { GIT_OBJECT_DIRECTORY: `${other}/objects` },
  ];
  const status = `import { gitHasChanges } from ${JSON.stringify(GIT_STATUS)};
    console.log(await gitHasChanges("model"));`;
  const hasChanges = async (env: Record<string, string>) =>
    (await runOk(Deno.execPath(), ["eval", status], { cwd: home.path, env })).stdout.trim();
  for (const env of said) assert.equal(await hasChanges(env), "false", JSON.stringify(env));
  await home.write("model/new.bin", "");
  for (const env of said) assert.equal(await hasChanges(env), "true", JSON.stringify(env));
});

e2eTest("a file that is changed in a submodule makes the workspace a changed one", {
  needs: ["git"],
}, async () => {
  await using inner = await workspace({ "w.txt": "w" });
  await using folder = await workspace({ "a.txt": "a" });
  for (const each of [inner, folder]) await git(each.path, "init", "-q", "-b", "main");
  await git(inner.path, "add", ".");
  await git(inner.path, "commit", "-q", "-m", "x");
  const add = ["submodule", "add", "-q", inner.path, "in/ner"];
  await git(folder.path, "-c", "protocol.file.allow=always", ...add);
  await git(folder.path, "add", ".");
  await git(folder.path, "commit", "-q", "-m", "x");
  const revision = async () => (await readWithGit(folder.path)).revision ?? "";
  assert.match(await revision(), /^[0-9a-f]{40}$/);
  await folder.write("in/ner/w.txt", "other");
  assert.match(await revision(), /^[0-9a-f]{40}-dirty$/);
  await folder.write("in/ner/w.txt", "w");
  assert.match(await revision(), /^[0-9a-f]{40}$/);
  await folder.write("in/ner/new.txt", "new");
  assert.match(await revision(), /^[0-9a-f]{40}-dirty$/);
});

e2eTest("programs that the configuration of a workspace names are not run", {
  needs: ["git"],
}, async () => {
  await using inner = await workspace({ "w.txt": "w" });
  await using folder = await workspace({ "a.txt": "a" });
  const mark = folder.join("..", `${folder.path.split("/").at(-1)}-ran`);
  const program = `touch '${mark}'; cat`;
  const configure = async (path: string, attributes: string) => {
    await Deno.writeTextFile(`${path}/.git/${attributes}`, "*.txt filter=x\n");
    for (const key of ["filter.x.clean", "filter.x.process", "core.fsmonitor"]) {
      await git(path, "config", key, program);
    }
    await git(path, "config", "filter.x.required", "true");
  };
  for (const each of [inner, folder]) await git(each.path, "init", "-q", "-b", "main");
  await git(inner.path, "add", ".");
  await git(inner.path, "commit", "-q", "-m", "x");
  const add = ["submodule", "add", "-q", inner.path, "inner"];
  await git(folder.path, "-c", "protocol.file.allow=always", ...add);
  await git(folder.path, "add", ".");
  await git(folder.path, "commit", "-q", "-m", "x");
  await configure(folder.path, "info/attributes");
  await configure(folder.path, "modules/inner/info/attributes");
  for (const key of ["filter.x.clean", "core.fsmonitor"]) {
    await git(folder.join("inner"), "config", key, program);
  }
  // Files of other times are read again, through their filters.
  const times = ["a.txt", "inner/w.txt"];
  for (const path of times) await Deno.utime(folder.join(path), new Date(0), new Date(0));
  assert.match((await readWithGit(folder.path)).revision ?? "", /^[0-9a-f]{40}$/);
  await folder.write("a.txt", "b");
  assert.match((await readWithGit(folder.path)).revision ?? "", /-dirty$/);
  await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
  // A filter whose name git takes for no flag is not run either, and nothing is claimed.
  await git(folder.path, "config", "filter.x=y.clean", program);
  const { revision, warnings } = await readWithGit(folder.path);
  assert.equal(revision, undefined);
  assert.match(warnings.join(), /a filter with a name/);
});

Deno.test("without an answer of git there is no revision, and a warning says why", async () => {
  await using folder = await workspace({ ".git/HEAD": `${COMMIT}\n`, ".git/config": ORIGIN });
  const { revision, warnings } = await readWithGit(folder.path);
  assert.equal(revision, undefined);
  assert.match(warnings.join(), /git .*whether files were changed/);
});
