import assert from "node:assert/strict";
import {
  openOwn,
  readDirIfExists,
  readText,
  readTextIfExists,
  removeIfExists,
  syncPath,
  writeFully,
} from "../../src/core/files.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("what is missing reads as absent, not as an error", async () => {
  await using folder = await tempFolder();
  assert.equal(await readTextIfExists(folder.join("none")), undefined);
  assert.deepEqual(await readDirIfExists(folder.join("none")), []);
  await removeIfExists(folder.join("none"));
});

Deno.test("a document is read to its limit, and no further", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("a", "12345");
  assert.equal(await readText(path, 5), "12345");
  await assert.rejects(readText(path, 4), /^InvalidInputError: .*it has more than 4 bytes$/);
  await assert.rejects(readText(folder.path), /it is a directory$/);
  assert.equal(await readText(await folder.write("empty", "")), "");
});

Deno.test("a document that grows while it is read is read, as far as it goes then", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("a", "");
  let reading = true;
  // Eight bytes: a write over the end of a page can be seen by halves.
  const append = async () => {
    while (reading) await Deno.writeTextFile(path, "a line.\n", { append: true });
  };
  const read = async () => {
    for (let round = 0; round < 300; round++) assert.match(await readText(path), /^(a line\.\n)*$/);
  };
  await Promise.all([append(), append(), read().finally(() => reading = false)]);
  assert.ok((await readText(path)).length > 0);
});

Deno.test({
  name: "files of the kernel, which tell no size, are read; devices are refused",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assert.match(await readText("/proc/self/status"), /^Name:/);
    await assert.rejects(readText("/dev/zero"), /it is not a regular file$/);
  },
});

Deno.test("a text says by its first bytes in which encoding it is", async () => {
  await using folder = await tempFolder();
  const rows = [[0xef, 0xbb, 0xbf, 0x61], [0xff, 0xfe, 0x61, 0], [0xfe, 0xff, 0, 0x61], [0x61]];
  for (const bytes of rows) {
    assert.equal(await readText(await folder.write("a", new Uint8Array(bytes))), "a");
  }
});

Deno.test("writeFully() writes all bytes in order, in small pieces, however few each write takes", () => {
  for (const size of [0, 1, 32 * 1024, 32 * 1024 + 1, 1_000_003]) {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index * 7 + (index >> 8));
    const written: number[] = [];
    let most = 0;
    const file = {
      writeSync(piece: Uint8Array) {
        most = Math.max(most, piece.byteLength);
        const taken = piece.subarray(0, Math.ceil(piece.byteLength / 3));
        for (const byte of taken) written.push(byte);
        return taken.byteLength;
      },
    };
    writeFully(file, bytes);
    assert.deepEqual(Uint8Array.from(written), bytes);
    // Larger ones cost more where files fill the memory.
    assert.ok(most <= 32 * 1024);
  }
});

Deno.test({
  name: "syncPath() names what cannot be flushed",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const path of ["/proc/self/status", "/dev/null", "/proc/self/limits"]) {
      await assert.rejects(syncPath(path), {
        name: "TransferError",
        message: `Cannot write "${path}": Invalid argument`,
      });
    }
  },
});

Deno.test({
  name: "openOwn() refuses a link in the place of a file, and keeps nothing open",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await tempFolder();
    const target = await folder.write("target", "mine");
    await Deno.symlink(target, folder.join("link"));
    const opened = () =>
      [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
        try {
          return Deno.readLinkSync(`/proc/self/fd/${name}`) === target;
        } catch {
          return false; // The one that lists them is gone by now.
        }
      }).length;
    const write = () => openOwn(folder.join("link"), { write: true, truncate: false });
    assert.throws(write, /^ConflictError: Cannot write ".*link": a link took its place$/);
    assert.equal(opened(), 0);
    using file = openOwn(target, { read: true });
    assert.equal(opened(), 1);
    assert.equal(file.statSync().size, 4);
  },
});
