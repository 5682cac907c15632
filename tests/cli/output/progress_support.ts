/** Events of progress, made up. @module */
import fc from "fast-check";
import type { ItemProgress, ProgressEvent, ProgressPlan } from "../../../src/core/operation.ts";

/** A mebibyte. */
export const MIB = 1024 * 1024;

/** A step of an item of 10 MiB, `<id>.onnx`, of which `bytes` and `kept` are told in MiB. */
export function step(
  id: string,
  state: ItemProgress["state"],
  bytes = 0,
  { kept = 0, phase = "upload" }: { kept?: number; phase?: ItemProgress["phase"] } = {},
): ItemProgress {
  const item = { id, name: `${id}.onnx`, phase, state };
  return { ...item, bytes: bytes * MIB, kept: kept * MIB, size: 10 * MIB };
}

/** A plan of so many files and MiB. */
export function aPlan(
  files: number,
  size: number,
  phase: ItemProgress["phase"] = "upload",
): ProgressPlan {
  return { state: "plan", phase, files, size: size * MIB };
}

const phase = fc.constantFrom<ItemProgress["phase"][]>("hash", "upload", "extract");

/** Whatever may be told. */
export const progressEvents: fc.Arbitrary<ProgressEvent[]> = fc.array(fc.oneof(
  fc.record({ state: fc.constant("plan" as const), phase, files: fc.nat(1000), size: fc.nat() }),
  fc.record({
    id: fc.constantFrom("a", "b", "a-rather-long-name/with/folders/model-00001-of-00002"),
    name: fc.string({ unit: "grapheme", maxLength: 80 }),
    phase,
    state: fc.constantFrom<ItemProgress["state"][]>("start", "advance", "done", "skip", "fail"),
    bytes: fc.nat(),
    kept: fc.nat(),
    size: fc.nat(),
  }),
));
