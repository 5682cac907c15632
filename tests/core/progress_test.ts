import assert from "node:assert/strict";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { reported, reportPlan, watchedSource } from "../../src/core/progress.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { readAll } from "../../src/core/streams.ts";

function listener() {
  const events: ProgressEvent[] = [];
  return { events, progress: (event: ProgressEvent) => void events.push(event) };
}

Deno.test("a plan counts files and bytes; of a document the bytes alone, of a file of no known size none", () => {
  const { events, progress } = listener();
  reportPlan("download", [{ size: 3 }, {}, { size: 4, document: true }], { progress });
  assert.deepEqual(events, [{ state: "plan", phase: "download", files: 2, size: 7 }]);
});

Deno.test("what an earlier run has left is told with each step, and what this one leaves at last", async () => {
  const { events, progress } = listener();
  const item = { id: "a", name: "a", phase: "download", size: 10 } as const;
  const work = reported(item, { progress }, (onBytes) => {
    onBytes(4, 4);
    onBytes(6, 4);
    onBytes(6, 6);
    return Promise.reject(new Error("cut"));
  });
  await assert.rejects(work, /cut/);
  const steps = events.map((event) =>
    event.state !== "plan" && [event.state, event.bytes, event.kept]
  );
  assert.deepEqual(steps, [
    ["start", 0, undefined],
    ["advance", 4, 4],
    ["advance", 6, 4],
    ["advance", 6, 6],
    ["fail", 6, 6],
  ]);
});

Deno.test("of what was there from its first byte to its last nothing was done", async () => {
  const item = { id: "a", name: "a", phase: "download", size: 10 } as const;
  for (const [kept, end] of [[10, "skip"], [9, "done"]] as const) {
    const { events, progress } = listener();
    await reported(item, { progress }, async (onBytes) => onBytes(10, kept));
    assert.deepEqual(events.at(-1), { ...item, state: end, bytes: 10, kept });
  }
});

Deno.test("what did not work and is done in another way has finished no more than it did", async () => {
  const { events, progress } = listener();
  const item = { id: "a", name: "a", phase: "upload", size: 10 } as const;
  await reported(item, { progress }, async (onBytes, endAs) => {
    onBytes(4);
    endAs("fail");
  });
  const steps = events.map((event) => event.state !== "plan" && [event.state, event.bytes]);
  assert.deepEqual(steps, [["start", 0], ["advance", 4], ["fail", 4]]);
});

Deno.test("a source that is watched counts ranges that come in any order, and again, once", async () => {
  const told: (readonly [number, number | undefined])[] = [];
  const source = watchedSource(
    bytesSource(new Uint8Array(10)),
    (bytes, kept) => told.push([bytes, kept]),
  );
  const read = async (start: number, end: number) =>
    await readAll(await source.open({ range: { start, end } }), 10);
  source.noteKept?.(2);
  await read(6, 10);
  await read(2, 4);
  await read(2, 6);
  assert.deepEqual(told, [[2, 2], [6, 2], [8, 2], [10, 2]]);
});
