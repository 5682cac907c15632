import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { ConflictError, NotFoundError } from "../../src/core/errors.ts";
import { localFile } from "../../src/work/local_file.ts";
import { countWorkers } from "../../src/work/pool.ts";
import { WORTH_A_WORKER } from "../../src/work/task.ts";
import { tempFolder } from "../support/temp.ts";

const BYTES = Uint8Array.from({ length: WORTH_A_WORKER + 777 }, (_, index) => index * 11);

Deno.test("a copy is a new file with the permissions of the one whose place it takes", async () => {
  await using folder = await tempFolder();
  const source = await localFile(await folder.write("from", BYTES));
  for (const mode of [0o600, 0o640, 0o666]) {
    const to = folder.join(`to-${mode}`);
    await Deno.writeFile(to, new Uint8Array(99));
    await Deno.chmod(to, mode);
    using before = await Deno.open(to);
    assert.equal(await source.toFile(to, { algorithm: "sha256" }), digestBytes(BYTES));
    assert.deepEqual(await Deno.readFile(to), BYTES);
    assert.equal((await Deno.stat(to)).mode! & 0o777, mode);
    // One that was emptied would be sent to the disk by ext4 when it is closed, and waited for.
    assert.equal((await before.stat()).size, 99);
  }
  assert.equal(countWorkers().running, 0);
});

Deno.test("a range of a file goes to its place in a file that is there", async () => {
  await using folder = await tempFolder();
  const source = await localFile(await folder.write("from", BYTES));
  const to = await folder.write("to", BYTES.slice(0, 1000));
  const digest = await source.toFile(to, { range: { start: 1000 }, algorithm: "sha256" });
  assert.equal(digest, digestBytes(BYTES));
  assert.deepEqual(await Deno.readFile(to), BYTES);
});

Deno.test("a file that is gone, or another one than it was, is not copied", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("from", BYTES);
  const source = await localFile(path);
  await Deno.writeFile(path, BYTES.subarray(1));
  const to = await folder.write("to", "");
  await assert.rejects(source.toFile(to, { algorithm: "sha256" }), ConflictError);
  await Deno.remove(path);
  await folder.write("to", "");
  await assert.rejects(source.toFile(to, { algorithm: "sha256" }), NotFoundError);
  assert.equal(countWorkers().running, 0);
});

Deno.test("a copy that the system does not end is not waited for after an abort", async () => {
  await using folder = await tempFolder();
  const source = await localFile(await folder.write("from", BYTES));
  const to = await folder.write("to", "");
  const controller = new AbortController();
  const { copyFile } = Deno;
  try {
    Deno.copyFile = () => {
      queueMicrotask(() => controller.abort(new Error("enough")));
      return new Promise(() => {});
    };
    await assert.rejects(source.toFile(to, { signal: controller.signal }), /^Error: enough$/);
  } finally {
    Deno.copyFile = copyFile;
  }
});
