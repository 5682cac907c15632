/** Files and errors of the Node form, beside those of Deno itself. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Deno as Node } from "../../../src/platform/node/deno.ts";
import { tempFolder } from "../../support/temp.ts";

// The package is not for Windows.
const ignore = Deno.build.os === "windows";

const FORMS = { "Node form": Node as unknown as typeof Deno, Deno } as const;

for (const [form, runtime] of Object.entries(FORMS)) {
  Deno.test(
    `${form}: an open file reads and writes where it was moved to`,
    { ignore },
    async () => {
      await using folder = await tempFolder();
      const path = await folder.write("file", "0123456789");
      using file = runtime.openSync(path, { read: true, write: true });
      const into = new Uint8Array(3);
      const next = async () => {
        const count = await file.read(into);
        return count === null ? null : new TextDecoder().decode(into.subarray(0, count));
      };
      assert.equal(await next(), "012");
      assert.equal(await file.seek(-3, 2 as Deno.SeekMode), 7);
      assert.deepEqual([await next(), await next()], ["789", null]);
      assert.equal(file.seekSync(2, 0 as Deno.SeekMode), 2);
      assert.equal(file.writeSync(new TextEncoder().encode("ab")), 2);
      assert.equal(await file.seek(1, 1 as Deno.SeekMode), 5);
      assert.equal(await next(), "567");
      await file.truncate(5);
      file.truncateSync(4);
      file.syncSync();
      file.syncDataSync();
      file.utimeSync(1, 2);
      assert.equal(file.statSync().mtime?.getTime(), 2000);
      assert.equal(file.statSync().size, 4);
      assert.equal(await Deno.readTextFile(path), "01ab");
    },
  );

  Deno.test(
    `${form}: what is appended goes to the end, wherever the file was read`,
    { ignore },
    async () => {
      await using folder = await tempFolder();
      const path = await folder.write("file", "one\n");
      using file = await runtime.open(path, { read: true, append: true });
      assert.equal(file.readSync(new Uint8Array(2)), 2);
      assert.equal(file.writeSync(new TextEncoder().encode("two\n")), 4);
      await runtime.writeTextFile(path, "three\n", { append: true });
      assert.equal(await runtime.readTextFile(path), "one\ntwo\nthree\n");
    },
  );

  Deno.test(`${form}: a copy is whole, also of a file that is copied in pieces`, {
    ignore,
  }, async () => {
    await using folder = await tempFolder();
    for (const size of [7, 64 * 1024 * 1024 + 7]) {
      const from = await folder.write("from", new Uint8Array(size).fill(size));
      const to = await folder.write("to", "something else");
      await runtime.copyFile(from, to);
      const [copy, whole] = await Promise.all([Deno.readFile(to), Deno.readFile(from)]);
      assert.equal(Buffer.compare(copy, whole), 0);
    }
  });

  Deno.test(
    `${form}: the errors of the system have their classes and codes`,
    { ignore },
    async () => {
      await using folder = await tempFolder();
      await folder.write("full/file", "");
      await Deno.symlink("circle", folder.join("circle"));
      const full = folder.join("full");
      const faults: readonly (readonly [string, () => Promise<unknown>])[] = [
        ["NotFound ENOENT", () => runtime.stat(folder.join("nothing"))],
        ["NotADirectory ENOTDIR", () => runtime.lstat(folder.join("full/file/below"))],
        ["AlreadyExists EEXIST", () => runtime.mkdir(full)],
        ["FilesystemLoop ELOOP", () => runtime.realPath(folder.join("circle"))],
        ["NotFound ENOENT", () => runtime.remove(folder.join("nothing"), { recursive: true })],
        ["NotFound ENOENT", () => runtime.copyFile(folder.join("nothing"), full)],
        ["AlreadyExists EEXIST", () => runtime.open(full, { write: true, createNew: true })],
        ["IsADirectory EISDIR", () => runtime.writeTextFile(full, "")],
      ];
      for (const [want, work] of faults) {
        const error = await work().then(() => undefined, (error) => error);
        const known = runtime.errors[want.split(" ")[0] as "NotFound"];
        assert.ok(error instanceof known, `${want}: ${error}`);
        assert.equal(`${error.name} ${"code" in error && error.code}`, want);
      }
      using file = await runtime.open(`${full}/file`);
      file.close();
      assert.throws(() => file.statSync(), runtime.errors.BadResource);
    },
  );
}

Deno.test(
  "the facts of a file and of a folder's entries are those that Deno tells",
  { ignore },
  async () => {
    await using folder = await tempFolder();
    const path = await folder.write("file", "content");
    await Deno.symlink("file", folder.join("link"));
    await Deno.utime(path, 1_700_000_000.123, 1_700_000_001.987);
    for (const look of ["stat", "lstat"] as const) {
      for (const name of ["file", "link", "."]) {
        const { atime: _one, birthtime: _two, ...found } = await Node[look](folder.join(name));
        const { atime: _three, birthtime: _four, ...want } = await Deno[look](folder.join(name));
        assert.deepEqual(found, want);
      }
    }
    const names = (entries: AsyncIterable<Deno.DirEntry>) =>
      Array.fromAsync(entries, (entry) => ({ ...entry })).then((all) =>
        all.sort((a, b) => a.name < b.name ? -1 : 1)
      );
    assert.deepEqual(
      await names(Node.readDir(folder.path)),
      await names(Deno.readDir(folder.path)),
    );
  },
);
