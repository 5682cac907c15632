import assert from "node:assert/strict";
import { join } from "node:path";
import { Extraction } from "../../src/archive/extract.ts";
import { StagedFile } from "../../src/core/staged_file.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { ConflictError, IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { streamOf, verified } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";

const posix = { ignore: Deno.build.os === "windows" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
const content = (...chunks: string[]) => streamOf(chunks.map(bytes));

/** Everything below a folder: files with content, folders with a slash, links with an arrow. */
async function tree(root: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(join(root, prefix))) {
    const path = prefix + name;
    if (isDirectory) found.push(`${path}/`, ...await tree(root, `${path}/`));
    else if (isSymlink) found.push(`${path} -> ${await Deno.readLink(join(root, path))}`);
    else found.push(`${path} = ${await Deno.readTextFile(join(root, path))}`);
  }
  return found.sort();
}

Deno.test("writeFile() writes files with their mode and time, in a folder it makes", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.join("new", "root"));
  const mtime = Date.UTC(2024, 4, 6, 7, 8, 9) / 1000;
  await extraction.writeFile("a/b/run.sh", content("#!", "sh"), { size: 4, mode: 0o4751, mtime });
  await extraction.writeFile("a..b", content("1"));
  await extraction.writeFile("..hidden", content("2"), { mode: 0, mtime: NaN });
  assert.equal(extraction.root, temp.join("new", "root"));
  assert.deepEqual(await tree(extraction.root), [
    "..hidden = 2",
    "a..b = 1",
    "a/",
    "a/b/",
    "a/b/run.sh = #!sh",
  ]);
  const info = await Deno.stat(temp.join("new", "root", "a", "b", "run.sh"));
  assert.equal(info.mtime?.getTime(), mtime * 1000);
  if (!posix.ignore) assert.equal((info.mode ?? 0) & 0o7777, 0o751);
});

Deno.test("writeFile() holds times that no file system can to ones it can", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  await extraction.writeFile("old", content(), { mtime: -8.64e12 });
  await extraction.writeFile("new", content(), { mtime: 8.64e12 });
  assert.ok((await Deno.stat(temp.join("old"))).mtime!.getTime() < -1e12);
  for (const year of ["1901-12-14", "1955-03-01", "1969-12-31"]) {
    const mtime = new Date(`${year}T12:00:00.500Z`);
    await extraction.writeFile(year, content(), { mtime: mtime.getTime() / 1000 });
    assert.deepEqual((await Deno.stat(temp.join(year))).mtime, mtime);
  }
});

Deno.test("writeFile() refuses unsafe names and writes nothing", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.join("root"));
  for (
    const name of ["../evil", "a/../../evil", "/tmp/evil", "C:\\evil", "..\\evil", "", ".", "a\0b"]
  ) {
    await assert.rejects(extraction.writeFile(name, content("x")), InvalidInputError);
  }
  assert.deepEqual(await tree(temp.path), ["root/"]);
});

Deno.test("writeFile() refuses to go through a link, wherever it leads", posix, async () => {
  await using temp = await tempFolder();
  await Deno.mkdir(temp.join("outside"));
  await Deno.mkdir(temp.join("root", "real"), { recursive: true });
  await Deno.symlink(temp.join("outside"), temp.join("root", "out"));
  await Deno.symlink("real", temp.join("root", "inside"));
  await Deno.symlink("..", temp.join("root", "real", "up"));
  await Deno.symlink(".", temp.join("root", "dot"));
  await using extraction = await Extraction.open(temp.join("root"));
  for (const name of ["out/x", "out/deep/x", "inside/x", "real/up/x", "dot/x"]) {
    await assert.rejects(extraction.writeFile(name, content("x")), (error) => {
      assert.ok(error instanceof ConflictError, String(error));
      assert.match(error.message, /^Cannot extract ".*": ".*" is a symbolic link$/);
      return true;
    });
  }
  assert.deepEqual(await tree(temp.join("outside")), []);
  assert.deepEqual(await tree(temp.join("root", "real")), ["up -> .."]);
});

Deno.test("the folder itself may be named through a link", posix, async () => {
  await using temp = await tempFolder();
  await Deno.mkdir(temp.join("real"));
  await Deno.symlink("real", temp.join("link"));
  await using extraction = await Extraction.open(temp.join("link"));
  await extraction.writeFile("x", content("1"));
  assert.deepEqual(await tree(temp.join("real")), ["x = 1"]);
});

Deno.test("a folder that becomes a link before the first byte is noticed", posix, async () => {
  await using temp = await tempFolder();
  await Deno.mkdir(temp.join("outside"));
  await Deno.mkdir(temp.join("folder"));
  let opened = false;
  const swapped = StagedFile.write(
    temp.join("folder", "x"),
    (async function* () {
      opened = true;
      yield bytes("secret");
    })(),
    {
      onOpen: async () => {
        await Deno.rename(temp.join("folder"), temp.join("moved"));
        await Deno.symlink("outside", temp.join("folder"));
      },
    },
  );
  await assert.rejects(swapped, ConflictError);
  assert.equal(opened, false);
  assert.deepEqual(await tree(temp.join("outside")), []);
});

Deno.test(
  "a folder that becomes a link while it is written to leads nothing outside",
  posix,
  async () => {
    await using temp = await tempFolder();
    await Deno.mkdir(temp.join("outside"));
    await using extraction = await Extraction.open(temp.join("root"));
    const writing = extraction.writeFile("folder/x", async function* () {
      yield bytes("one");
      await Deno.rename(temp.join("root", "folder"), temp.join("moved"));
      await Deno.symlink(temp.join("outside"), temp.join("root", "folder"));
      yield bytes("two");
    });
    await assert.rejects(async () => await writing);
    assert.deepEqual(await tree(temp.join("outside")), []);
  },
);

Deno.test(
  "a link, a hard link and a read-only file are replaced, not written through",
  posix,
  async () => {
    await using temp = await tempFolder();
    const secret = await temp.write("secret", "keep");
    const shared = await temp.write("shared", "keep");
    const old = await temp.write("root/readonly", "old");
    await Deno.chmod(old, 0o444);
    await Deno.symlink(secret, temp.join("root", "link"));
    await Deno.symlink("nowhere", temp.join("root", "dangling"));
    await Deno.link(shared, temp.join("root", "hard"));
    await using extraction = await Extraction.open(temp.join("root"));
    for (const name of ["readonly", "link", "dangling", "hard"]) {
      await extraction.writeFile(name, content("new"));
    }
    assert.deepEqual(await tree(temp.path), [
      "root/",
      "root/dangling = new",
      "root/hard = new",
      "root/link = new",
      "root/readonly = new",
      "secret = keep",
      "shared = keep",
    ]);
  },
);

Deno.test(
  "a folder or a special file is not replaced, and a file is not made a folder",
  posix,
  async () => {
    await using temp = await tempFolder();
    await temp.write("folder/keep", "1");
    await temp.write("file", "2");
    const fifo = await new Deno.Command("mkfifo", { args: [temp.join("fifo")] }).output();
    assert.ok(fifo.success);
    await using extraction = await Extraction.open(temp.path);
    for (const name of ["folder", "fifo", "file/x"]) {
      await assert.rejects(extraction.writeFile(name, content("x")), ConflictError);
    }
    await Deno.remove(temp.join("fifo"));
    assert.deepEqual(await tree(temp.path), ["file = 2", "folder/", "folder/keep = 1"]);
  },
);

Deno.test("content that proves wrong leaves the old file and nothing else", async () => {
  await using temp = await tempFolder();
  await temp.write("x", "old");
  await using extraction = await Extraction.open(temp.path);
  const digest = digestBytes(bytes("good"));
  const wrong = verified(content("evil"), { digest, size: 4 });
  await assert.rejects(extraction.writeFile("x", wrong), IntegrityError);
  await assert.rejects(extraction.writeFile("x", content("ab"), { size: 3 }), {
    message: 'Cannot extract "x": got 2, want 3 bytes',
  });
  await assert.rejects(extraction.writeFile("x", content("ab", "cd"), { size: 3 }), {
    message: 'Cannot extract "x": got more, want 3 bytes',
  });
  assert.deepEqual(await tree(temp.path), ["x = old"]);
  await extraction.writeFile("x", verified(content("good"), { digest, size: 4 }), { size: 4 });
  assert.deepEqual(await tree(temp.path), ["x = good"]);
});

Deno.test("an abort leaves nothing behind and comes out unchanged", async () => {
  await using temp = await tempFolder();
  const abort = new AbortController();
  const reason = new Error("enough");
  let closed = false;
  await using extraction = await Extraction.open(temp.path, { signal: abort.signal });
  const writing = extraction.writeFile("x", async function* () {
    try {
      for (;;) {
        yield bytes("more");
        abort.abort(reason);
      }
    } finally {
      closed = true;
    }
  });
  await assert.rejects(writing, (error) => error === reason);
  assert.equal(closed, true);
  await assert.rejects(extraction.writeFile("y", content("1")), (error) => error === reason);
  await assert.rejects(Extraction.open(temp.join("z"), { signal: abort.signal }));
  assert.deepEqual(await tree(temp.path), []);
});

Deno.test("content given as a function is opened only when its place is ready", async () => {
  await using temp = await tempFolder();
  await temp.write("folder/x", "");
  await using extraction = await Extraction.open(temp.path);
  let opened = 0;
  const open = () => {
    opened++;
    return Promise.resolve(content("1"));
  };
  await assert.rejects(extraction.writeFile("folder", open), ConflictError);
  assert.equal(opened, 0);
  await extraction.writeFile("file", open);
  assert.equal(opened, 1);
});

Deno.test("a stream that is refused is cancelled", async () => {
  await using temp = await tempFolder();
  await temp.write("folder/x", "");
  await using extraction = await Extraction.open(temp.path, { maxBytes: 10 });
  let cancelled = 0;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes("more")),
      cancel: () => void cancelled++,
    });
  for (const name of ["../x", "folder", "big"]) {
    await assert.rejects(extraction.writeFile(name, endless()));
  }
  assert.equal(cancelled, 3);
  await extraction.writeFile("big", content("1234567890"));
});

Deno.test("a path comes twice only with the same content, also at the same time", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  await Promise.all([
    extraction.writeFile("same", content("1", "2")),
    extraction.writeFile("./same", content("12")),
  ]);
  await extraction.writeFile("same", content("12"));
  await assert.rejects(extraction.writeFile("same", content("13")), {
    name: "ConflictError",
    message: 'Cannot extract "same": two files of different content have this path',
  });
  await assert.rejects(extraction.writeFile("same/x", content("12")), ConflictError);
  assert.deepEqual(await tree(temp.path), ["same = 12"]);
});

Deno.test("names that differ in case only are two files where the system says so", async () => {
  if (["windows", "darwin"].includes(Deno.build.os)) return;
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  await extraction.writeFile("README.md", content("1"));
  await extraction.writeFile("readme.md", content("2"));
  assert.deepEqual(await tree(temp.path), ["README.md = 1", "readme.md = 2"]);
});

Deno.test("claim() finds clashes before anything is written", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  assert.equal(extraction.claim("./a//b"), "a/b");
  assert.equal(extraction.claim("a/b"), "a/b");
  assert.throws(() => extraction.claim("a"), ConflictError);
  assert.throws(() => extraction.claim("../a"), InvalidInputError);
  assert.deepEqual(await tree(temp.path), []);
});

Deno.test("many files may be written at once", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const names = Array.from({ length: 50 }, (_, index) => `a/${index % 5}/b/${index}`);
  await Promise.all(names.map((name) => extraction.writeFile(name, content(name))));
  const files = (await tree(temp.path)).filter((line) => line.includes(" = "));
  assert.deepEqual(files, names.map((name) => `${name} = ${name}`).sort());
});

Deno.test("isUnchanged() believes nothing but the content", posix, async () => {
  await using temp = await tempFolder();
  const expected = { digest: digestBytes(bytes("good")), size: 4 };
  await temp.write("same", "good");
  const evil = await temp.write("evil", "evil");
  await temp.write("longer", "good!");
  await temp.write("folder/x", "good");
  await Deno.utime(evil, 0, 0);
  await Deno.symlink("same", temp.join("link"));
  await Deno.symlink("folder", temp.join("through"));
  await using extraction = await Extraction.open(temp.path);
  for (const name of ["evil", "longer", "folder", "link", "through/x", "missing", "same/x"]) {
    await using fresh = await Extraction.open(temp.path);
    assert.equal(await fresh.isUnchanged(name, expected), false, name);
  }
  assert.equal(await extraction.isUnchanged("same", expected), true);
  assert.equal(await extraction.isUnchanged("folder/x", expected), true);
  await assert.rejects(extraction.isUnchanged("../same", expected), InvalidInputError);
  await assert.rejects(extraction.writeFile("same", content("other")), ConflictError);
  await extraction.writeFile("same", content("good"));
});

Deno.test("maxBytes bounds all files together, by what they say and by what they are", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path, { maxBytes: 10 });
  await extraction.writeFile("a", content("12345"));
  let opened = false;
  const tooBig = () => {
    opened = true;
    return content("123456");
  };
  await assert.rejects(extraction.writeFile("b", tooBig, { size: 6 }), {
    name: "InvalidInputError",
    message: 'Cannot extract "b": the files exceed the limit of 10 bytes in all',
  });
  assert.equal(opened, false);
  await assert.rejects(extraction.writeFile("b", tooBig), InvalidInputError);
  assert.deepEqual(await tree(temp.path), ["a = 12345"]);
});

Deno.test("progress starts, advances and ends for every file", async () => {
  await using temp = await tempFolder();
  const events: ProgressEvent[] = [];
  const progress = (event: ProgressEvent) => void events.push(event);
  await using extraction = await Extraction.open(temp.path, { progress });
  await extraction.writeFile("a", content("12", "345"), { size: 5, id: "layer" });
  await assert.rejects(extraction.writeFile("b", content("12"), { size: 5 }));
  const phase = "extract";
  assert.deepEqual(events, [
    { id: "layer", phase, name: "a", state: "start", bytes: 0, size: 5 },
    { id: "layer", phase, name: "a", state: "advance", bytes: 2, size: 5 },
    { id: "layer", phase, name: "a", state: "advance", bytes: 5, size: 5 },
    { id: "layer", phase, name: "a", state: "done", bytes: 5, size: 5 },
    { id: "b", phase, name: "b", state: "start", bytes: 0, size: 5 },
    { id: "b", phase, name: "b", state: "advance", bytes: 2, size: 5 },
    { id: "b", phase, name: "b", state: "fail", bytes: 2, size: 5 },
  ]);
});

Deno.test("disposing waits for the files that are still being written", async () => {
  await using temp = await tempFolder();
  const { promise, resolve } = Promise.withResolvers<void>();
  let writing: Promise<void>;
  {
    await using extraction = await Extraction.open(temp.path);
    writing = extraction.writeFile("x", async function* () {
      await promise;
      yield bytes("late");
    });
    resolve();
  }
  assert.deepEqual(await tree(temp.path), ["x = late"]);
  await writing;
});

Deno.test(
  "a folder without write permission is a plain error",
  { ignore: posix.ignore || Deno.uid() === 0 },
  async () => {
    await using temp = await tempFolder();
    await Deno.mkdir(temp.join("root"), { mode: 0o500 });
    await using extraction = await Extraction.open(temp.join("root"));
    await assert.rejects(extraction.writeFile("x", content("1")), {
      name: "InvalidInputError",
      message: `Cannot write ${JSON.stringify(temp.join("root", "x"))}: permission denied`,
    });
  },
);

Deno.test("a file where the folder should be is a plain error", async () => {
  await using temp = await tempFolder();
  const path = await temp.write("file", "");
  await assert.rejects(Extraction.open(path), /^\w+Error: Cannot write ".*file": /);
  await assert.rejects(Extraction.open(join(path, "x")), /^\w+Error: Cannot write ".*x": /);
});

Deno.test(
  "adoptFile() gives a finished file its name, and never through a link",
  posix,
  async () => {
    await using temp = await tempFolder();
    await Deno.mkdir(temp.join("root", "taken"), { recursive: true });
    await Deno.symlink("/nowhere", temp.join("root", "out"));
    await using extraction = await Extraction.open(temp.join("root"));
    const finished = await temp.write("finished", "1");
    for (const name of ["../evil", "out/x", "taken"]) {
      await assert.rejects(extraction.adoptFile(name, finished));
      assert.equal(await Deno.readTextFile(finished), "1");
    }
    await extraction.adoptFile("a/b", finished, { mode: 0o4751 });
    assert.equal(((await Deno.stat(temp.join("root", "a", "b"))).mode ?? 0) & 0o7777, 0o751);
    await assert.rejects(Deno.stat(finished), Deno.errors.NotFound);
  },
);

Deno.test("makeFolder() makes folders, and refuses links and names that leave", posix, async () => {
  await using temp = await tempFolder();
  await Deno.symlink(".", temp.join("link"));
  await using extraction = await Extraction.open(temp.path);
  await extraction.makeFolder("a/b");
  await extraction.makeFolder("a/b");
  await assert.rejects(extraction.makeFolder("link"), ConflictError);
  await assert.rejects(extraction.makeFolder("../a"), InvalidInputError);
  assert.deepEqual(await tree(temp.path), ["a/", "a/b/", "link -> ."]);
});

Deno.test(
  "a folder of five hundred levels is made in little time, and belongs to who made it",
  posix,
  async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.path);
    for (const end of ["x", "y", "z"]) {
      const path = `${"d/".repeat(500)}${end}`;
      await extraction.writeFile(path, streamOf([new TextEncoder().encode(end)]));
      assert.equal(await Deno.readTextFile(temp.join(path)), end);
    }
    await extraction.makeFolder(`${"e/".repeat(500)}f`, { mode: 0o750 });
    assert.equal(((await Deno.stat(temp.join("e/e/e"))).mode ?? 0) & 0o777, 0o750);
    await Deno.symlink(temp.path, temp.join("link"));
    await assert.rejects(extraction.makeFolder("link/new"), ConflictError);
    await temp.write("file", "");
    await assert.rejects(extraction.makeFolder("file/new/deep"), ConflictError);
  },
);
