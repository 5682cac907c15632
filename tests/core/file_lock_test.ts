import assert from "node:assert/strict";
import { lockFile } from "../../src/core/file_lock.ts";
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
