/**
 * The collector of the runtime, called where it would come late.
 *
 * It lets a hundred megabytes lie that nobody uses any more before it looks at all of them, and
 * asks the system for as many: for a program that runs for days, and for strangers, that is too
 * much.
 * @module
 */
import { nodeV8, nodeVm } from "./builtins.ts";

/** Bytes that may lie about. */
const LITTLE = 12 * 1024 * 1024;

let collect: (() => void) | undefined;
let left = { used: 0, held: 0 };

/**
 * Collects what nobody uses, if much was made since the last time: more than `little` bytes, where
 * what is made fast would spend more time here than on itself.
 */
export function collectGarbage(little = LITTLE): void {
  if (memory().used - left.used >= little) collectNow();
}

function collectNow(): void {
  collect ??= collector();
  collect();
  left = memory();
}

/** Bytes of objects and of the buffers that they hold, and bytes that the system gave for them. */
function memory(): { used: number; held: number } {
  const { used_heap_size, total_heap_size, external_memory } = nodeV8().getHeapStatistics();
  return { used: used_heap_size + external_memory, held: total_heap_size + external_memory };
}

/** Steps of a long series of work between two looks at what lies about. */
const STEPS = 500;

/**
 * Collects now and then: called with the count of the steps of a series that are done. Steps that
 * wait for a server leave objects that outlive some others, and the room that the runtime makes for
 * those counts: it does not give it back by itself.
 */
export function collectInSeries(steps: number): void {
  if (steps > 0 && steps % STEPS === 0 && memory().held - left.held >= LITTLE) collectNow();
}

/** The runtime shows it only to who asks for it when it starts, or in a context of its own. */
function collector(): () => void {
  nodeV8().setFlagsFromString("--expose-gc");
  return nodeVm().runInNewContext("gc");
}
