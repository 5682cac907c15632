import assert from "node:assert/strict";
import { lockFile } from "../../src/core/file_lock.ts";
import { rounds, whileSwapped } from "../support/link_swapper.ts";
import { mayMount, mountForReading } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";

const options = {
  exclusive: true,
  timeout: 0,
  waiting: "Waiting",
  busy: () => new Error("busy"),
} as const;

Deno.test("lockFile() keeps others out until it is disposed", async () => {
  await using temp = await tempFolder();
  const path = temp.join("new", "lock");
  const lock = await lockFile(path, options);
  await assert.rejects(lockFile(path, options), { message: "busy" });
  await assert.rejects(lockFile(path, { ...options, exclusive: false }), { message: "busy" });
  await lock[Symbol.asyncDispose]();
  await using _first = await lockFile(path, { ...options, exclusive: false });
  await using _second = await lockFile(path, { ...options, exclusive: false });
});

Deno.test({
  name: "lockFile() does not wait where its folder cannot be made",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    await temp.write("file", "");
    const places = ["/proc/none", "/proc/none/below", temp.join("file"), temp.join("file/below")];
    for (const folder of places) {
      await assert.rejects(
        lockFile(`${folder}/lock`, { ...options, timeout: 3_600_000 }),
        (error: Error) => error.message.startsWith(`Cannot write "${folder}/lock": `),
        folder,
      );
    }
  },
});

Deno.test("lockFile() removes the file when asked, and never lets two in meanwhile", async () => {
  await using temp = await tempFolder();
  const path = temp.join("lock");
  let inside = 0;
  const work = async () => {
    await using _lock = await lockFile(path, { ...options, timeout: 10_000, removeFile: true });
    inside++;
    assert.equal(inside, 1);
    await Promise.resolve();
    inside--;
  };
  await Promise.all(Array.from({ length: 10 }, work));
  if (Deno.build.os === "windows") return;
  assert.deepEqual(await Array.fromAsync(Deno.readDir(temp.path)), []);
});

Deno.test("lockFile() stops waiting when it is aborted", async () => {
  await using temp = await tempFolder();
  await using _held = await lockFile(temp.join("lock"), options);
  const controller = new AbortController();
  const reason = new Error("stop");
  const waiting = lockFile(temp.join("lock"), {
    ...options,
    timeout: 60_000,
    signal: controller.signal,
    log: () => controller.abort(reason),
  });
  await assert.rejects(waiting, (error) => error === reason);
});

Deno.test({
  name: "lockFile() makes no file where links lead, however they take turns with a folder",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    const below = temp.join("root");
    let locked = 0;
    const seen = await whileSwapped(temp, async () => {
      for (const round of rounds(500, () => locked > 0)) {
        const path = temp.join("root", "a", `${round}.lock`);
        await lockFile(path, { ...options, below, removeFile: true }).then(async (lock) => {
          locked++;
          await lock[Symbol.asyncDispose]();
        }, (error) => assert.match(error.message, /^(Cannot (lock|write) |busy)/));
      }
    });
    assert.deepEqual(seen, []);
    assert.ok(locked > 0);
  },
});

Deno.test({
  name: "lockFile() makes no file where a link in its place leads",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await tempFolder();
    for (const target of ["outside", "nowhere/outside"]) {
      await Deno.symlink(target, temp.join(`${target.length}`));
      await assert.rejects(lockFile(temp.join(`${target.length}`), options), {
        message: /a symbolic link is in its place$/,
      });
    }
    await assert.rejects(Deno.lstat(temp.join("outside")), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "a lock whose file cannot be removed is let go of, and says why",
  ignore: !await mayMount(),
  async fn() {
    for (const name of ["lock", ".lock", "a/lock"]) {
      await using temp = await tempFolder();
      const path = temp.join(name);
      const lock = await lockFile(path, { ...options, removeFile: true });
      {
        await using _mount = await mountForReading(temp.path);
        await assert.rejects(async () => await lock[Symbol.asyncDispose](), {
          message: `Cannot write ${JSON.stringify(path)}: the file system is read-only`,
        });
      }
      await using _next = await lockFile(path, options);
    }
  },
});
