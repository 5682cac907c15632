import assert from "node:assert/strict";
import type { Profiler, Runtime } from "node:inspector";
import { gunzipSync } from "node:zlib";
import {
  encodeCpuProfile,
  encodeHeapProfile,
  type HeapNode,
} from "../../../src/cli/profiling/pprof.ts";
import { decodeProfile } from "./profiles.ts";

function frame(functionName: string, lineNumber = -1): Runtime.CallFrame {
  return { functionName, scriptId: "7", url: "file:///a.ts", lineNumber, columnNumber: 0 };
}

const CPU: Profiler.Profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 4, 5] },
    { id: 2, callFrame: frame("main", 9), children: [3] },
    { id: 3, callFrame: frame("", 19), children: [6] },
    { id: 4, callFrame: frame("(idle)") },
    { id: 5, callFrame: frame("(program)") },
    { id: 6, callFrame: frame("main", 9) },
  ],
  startTime: 1000,
  endTime: 1600,
  samples: [2, 3, 4, 3, 6],
  timeDeltas: [0, 100, 100, 100, 200],
};

Deno.test("a profile of the processor has a stack for each call that was met, without waiting", async () => {
  const bytes = await encodeCpuProfile(CPU, new Date("2026-03-01T12:00:00Z"));
  const profile = decodeProfile(bytes);
  assert.deepEqual(profile.types, ["samples/count", "cpu/nanoseconds"]);
  assert.deepEqual(profile.samples, [
    { stack: ["main:10"], value: [1, 100_000] },
    { stack: ["(anonymous):20", "main:10"], value: [2, 300_000] },
    { stack: ["main:10", "(anonymous):20", "main:10"], value: [1, 100_000] },
  ]);
  assert.equal(profile.period, "cpu/nanoseconds 120000");
  assert.equal(profile.timeNanos, 1772366400000000000n);
  assert.equal(profile.durationNanos, 600_000n);
});

Deno.test("a profile without samples is a document all the same", async () => {
  const { samples: _samples, timeDeltas: _deltas, ...empty } = CPU;
  assert.deepEqual(decodeProfile(await encodeCpuProfile(empty, new Date(0))).samples, []);
  const nothing = { nodes: [], startTime: 0, endTime: 0 };
  assert.deepEqual(decodeProfile(await encodeCpuProfile(nothing, new Date(0))).samples, []);
});

Deno.test("a profile of the heap has bytes and objects, at any depth", async () => {
  let head: HeapNode = { id: 20_000, callFrame: frame("deep", 1), selfSize: 64, children: [] };
  for (let id = 19_999; id > 1; id--) {
    head = { id, callFrame: frame("f", 2), selfSize: 0, children: [head] };
  }
  head = { id: 1, callFrame: frame("(root)"), selfSize: 0, children: [head] };
  const samples = [{ nodeId: 20_000 }, { nodeId: 20_000 }];
  const facts = { takenAt: new Date(0), interval: 512 };
  const profile = decodeProfile(await encodeHeapProfile({ head, samples }, facts));
  assert.deepEqual(profile.types, ["inuse_objects/count", "inuse_space/bytes"]);
  assert.equal(profile.samples.length, 1);
  assert.deepEqual(profile.samples[0]?.value, [2, 64]);
  assert.equal(profile.samples[0]?.stack.length, 19_999);
  assert.equal(profile.samples[0]?.stack[0], "deep:2");
  assert.equal(profile.period, "space/bytes 512");
});

Deno.test("a document is gzipped", async () => {
  const bytes = await encodeCpuProfile(CPU, new Date(0));
  assert.deepEqual([...bytes.slice(0, 2)], [0x1f, 0x8b]);
  assert.ok(gunzipSync(bytes).length > 0);
});
