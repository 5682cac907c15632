import assert from "node:assert/strict";
import { Flusher } from "../../src/work/flusher.ts";

/** Bytes that are enough for a flush. */
const ENOUGH = 16 * 1024 * 1024;

/** A file whose flushes end when the test says so. */
class SlowDisk {
  readonly flushes: PromiseWithResolvers<void>[] = [];

  syncData(): Promise<void> {
    const flush = Promise.withResolvers<void>();
    this.flushes.push(flush);
    return flush.promise;
  }
}

Deno.test("Flusher sends nothing to the disk before there is enough of it", async () => {
  const disk = new SlowDisk();
  await using flusher = new Flusher(disk);
  flusher.wrote(ENOUGH - 1);
  assert.equal(disk.flushes.length, 0);
  flusher.wrote(1);
  assert.equal(disk.flushes.length, 1);
  disk.flushes[0]?.resolve();
});

Deno.test("Flusher has one flush under way, and begins the next when it has ended", async () => {
  const disk = new SlowDisk();
  await using flusher = new Flusher(disk);
  for (let times = 0; times < 5; times++) flusher.wrote(ENOUGH);
  assert.equal(disk.flushes.length, 1);
  disk.flushes[0]?.resolve();
  await flusher.idle();
  flusher.wrote(1);
  assert.equal(disk.flushes.length, 2);
  disk.flushes[1]?.resolve();
});

Deno.test("Flusher tells whoever waits for it what the disk said", async () => {
  const disk = new SlowDisk();
  await using flusher = new Flusher(disk);
  flusher.wrote(ENOUGH);
  disk.flushes[0]?.reject(new Error("the disk is gone"));
  await assert.rejects(flusher.idle(), /the disk is gone/);
});

Deno.test("Flusher is disposed of when nothing uses the file any more", async () => {
  const disk = new SlowDisk();
  const flusher = new Flusher(disk);
  flusher.wrote(ENOUGH);
  let isOver = false;
  const disposed = flusher[Symbol.asyncDispose]().then(() => isOver = true);
  await Promise.resolve();
  assert.equal(isOver, false);
  disk.flushes[0]?.resolve();
  await disposed;
});
