import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { countWorkers, holdWorkers, runTask } from "../../src/work/pool.ts";
import { WORTH_A_WORKER } from "../../src/work/task.ts";
import { takePart } from "../../src/work/this_thread.ts";
import { tempFolder } from "../support/temp.ts";

const LARGE = WORTH_A_WORKER + 12_345;

function bytesOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index * 7 + (index >> 8));
}

Deno.test("runTask() gives the same digest in place and on a worker", async () => {
  await using folder = await tempFolder();
  const bytes = bytesOf(LARGE);
  const path = await folder.write("file", bytes);
  for (const size of [1, LARGE]) {
    const result = await runTask("hashFile", { path }, { size });
    assert.deepEqual(result, { digest: digestBytes(bytes), size: LARGE });
  }
});

Deno.test("runTask() hashes a range, and less when the file is shorter than the range", async () => {
  await using folder = await tempFolder();
  const bytes = bytesOf(LARGE);
  const path = await folder.write("file", bytes);
  const range = { start: 1000, end: LARGE - 3 };
  const part = await runTask("hashFile", { path, ...range }, { size: LARGE });
  assert.equal(part.digest, digestBytes(bytes.subarray(range.start, range.end)));
  const short = await runTask("hashFile", { path, end: LARGE * 2 }, { size: LARGE * 2 });
  assert.equal(short.size, LARGE);
});

Deno.test("runTask() runs more tasks than there are cores, and each gets its own result", async () => {
  await using folder = await tempFolder();
  const count = navigator.hardwareConcurrency * 2 + 1;
  const files = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const bytes = bytesOf(LARGE + index);
    return { path: await folder.write(`${index}`, bytes), digest: digestBytes(bytes) };
  }));
  const results = await Promise.all(
    files.map(({ path }) => runTask("hashFile", { path }, { size: LARGE })),
  );
  assert.deepEqual(results.map(({ digest }) => digest), files.map(({ digest }) => digest));
});

Deno.test("runTask() tells all the bytes at the end", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", bytesOf(LARGE));
  for (const size of [1, LARGE]) {
    const told: number[] = [];
    await runTask("hashFile", { path }, { size, onBytes: (bytes) => told.push(bytes) });
    assert.equal(told.at(-1), LARGE);
  }
});

Deno.test("runTask() throws what the task throws, of the platform's class and with its code", async () => {
  for (const size of [1, LARGE]) {
    await assert.rejects(
      runTask("hashFile", { path: "/there/is/no/such/file" }, { size }),
      (error: unknown) =>
        error instanceof Deno.errors.NotFound && "code" in error && error.code === "ENOENT",
    );
  }
});

Deno.test("runTask() throws the reason of its signal when it is stopped, before or meanwhile", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", new Uint8Array(64 * 1024 * 1024));
  const reason = new Error("enough");
  for (const size of [1, LARGE]) {
    const stopped = runTask("hashFile", { path }, { size, signal: AbortSignal.abort(reason) });
    await assert.rejects(stopped, reason);
    const controller = new AbortController();
    const running = runTask("hashFile", { path }, { size, signal: controller.signal });
    queueMicrotask(() => controller.abort(reason));
    await assert.rejects(running, reason);
  }
});

Deno.test("workers end with the last task, or with the operation that holds them", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", bytesOf(LARGE));
  const hash = () => runTask("hashFile", { path }, { size: LARGE });
  const before = countWorkers().started;
  await hash();
  await hash();
  assert.deepEqual(countWorkers(), { running: 0, started: before + 2 });
  {
    using _outer = holdWorkers();
    for (let count = 0; count < 5; count++) {
      using _inner = holdWorkers();
      await hash();
    }
    assert.deepEqual(countWorkers(), { running: 1, started: before + 3 });
  }
  assert.equal(countWorkers().running, 0);
});

Deno.test("workers are started ahead for large tasks alone, and no more than cores", () => {
  const cores = navigator.hardwareConcurrency;
  for (
    const [sizes, running] of [
      [[], 0],
      [[1, WORTH_A_WORKER - 1], 0],
      [[1, WORTH_A_WORKER], 1],
      [Array(cores + 3).fill(LARGE), cores],
    ] as const
  ) {
    using workers = holdWorkers();
    workers.expect(sizes);
    assert.equal(countWorkers().running, running);
  }
  assert.equal(countWorkers().running, 0);
});

Deno.test("tasks that are announced one by one get workers of their own while there are cores", () => {
  using first = holdWorkers();
  using second = holdWorkers();
  first.expect([LARGE]);
  second.expect([LARGE]);
  assert.equal(countWorkers().running, Math.min(2, navigator.hardwareConcurrency));
});

Deno.test("nothing is started for who does not hold workers any more", () => {
  const workers = holdWorkers();
  workers[Symbol.dispose]();
  workers.expect([LARGE, LARGE]);
  assert.equal(countWorkers().running, 0);
});

Deno.test("a thread that takes part has the first large task, and no core has two", async () => {
  await using folder = await tempFolder();
  const cores = navigator.hardwareConcurrency;
  const bytes = bytesOf(LARGE);
  const path = await folder.write("file", bytes);
  for (const [count, workers] of [[1, 0], [2, 1], [2 * cores + 1, Math.max(1, cores - 1)]]) {
    using _part = takePart();
    const before = countWorkers().started;
    const results = await Promise.all(
      Array.from({ length: count! }, () => runTask("hashFile", { path }, { size: LARGE })),
    );
    for (const { digest } of results) assert.equal(digest, digestBytes(bytes));
    assert.equal(countWorkers().started - before, workers);
  }
  assert.equal(countWorkers().running, 0);
});

Deno.test("one worker less is started ahead where this thread takes part", () => {
  using _part = takePart();
  const most = Math.max(1, navigator.hardwareConcurrency - 1);
  for (const [count, running] of [[0, 0], [1, 0], [2, 1], [40, most]] as const) {
    using workers = holdWorkers();
    workers.expect(Array(count).fill(LARGE));
    assert.equal(countWorkers().running, running);
  }
});

Deno.test("a thread takes part until the last who wanted that is done", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", bytesOf(LARGE));
  const started = async () => {
    const before = countWorkers().started;
    await runTask("hashFile", { path }, { size: LARGE });
    return countWorkers().started - before;
  };
  {
    using _outer = takePart();
    {
      using _inner = takePart();
      assert.equal(await started(), 0);
    }
    assert.equal(await started(), 0);
  }
  assert.equal(await started(), 1);
});

Deno.test("who is told fails: the task ends with that, in place and on a worker", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", bytesOf(LARGE));
  const onBytes = () => {
    throw new Error("nobody listens");
  };
  for (const size of [1, LARGE]) {
    await assert.rejects(runTask("hashFile", { path }, { size, onBytes }), /nobody listens/);
  }
});
