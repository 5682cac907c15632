import assert from "node:assert/strict";
import { TransferError } from "../../../src/core/errors.ts";
import { bytesOnDisk, checkRoom, diskOf } from "../../../src/core/folders/room.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("diskOf() is that of the nearest folder that exists", async () => {
  await using temp = await tempFolder();
  await temp.write("file", "a");
  const disk = diskOf(temp.path);
  assert.ok(disk.free !== undefined && disk.free > 0);
  for (const path of [temp.join("not", "there", "yet"), temp.join("file", "below")]) {
    const { device, free } = diskOf(path);
    assert.equal(device, disk.device);
    assert.ok(free !== undefined && free > 0, path);
  }
});

Deno.test("bytesOnDisk() counts what is written of a file, and nothing of holes", async () => {
  await using temp = await tempFolder();
  const path = await temp.write("sparse", new Uint8Array(8192).fill(1));
  await Deno.truncate(path, 64 * 1024 * 1024);
  const bytes = bytesOnDisk(path);
  assert.ok(bytes >= 8192 && bytes < 1024 * 1024, String(bytes));
  assert.equal(bytesOnDisk(await temp.write("small", "abc")), 3);
  assert.equal(bytesOnDisk(temp.join("none")), 0);
});

Deno.test("checkRoom() refuses what is certain not to fit, and nothing else", async () => {
  await using temp = await tempFolder();
  const vast = Number.MAX_SAFE_INTEGER;
  await assert.rejects(checkRoom(temp.path, { most: vast, exact: () => vast }), (error) => {
    assert.ok(error instanceof TransferError);
    assert.match(error.message, /^Cannot write to ".*": 8\.0 PiB are needed, and .* are free on/);
    assert.equal(error.facts.expected, vast);
    return true;
  });
  await checkRoom(temp.path, { most: vast, exact: () => 0 });
  let asked = false;
  const exact = () => {
    asked = true;
    return vast;
  };
  await checkRoom(temp.path, { most: 1000, exact });
  assert.equal(asked, false, "small things are not worth a question");
});
