/**
 * V8's profiles in the format of pprof.
 * See https://github.com/google/pprof/blob/main/proto/profile.proto and
 * https://chromedevtools.github.io/devtools-protocol/v8/
 * @module
 */
import type { Profiler, Runtime } from "node:inspector";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  Line,
  Location,
  Profile,
  ProfileFunction,
  type ProfileInput,
  Sample,
  StringTable,
  ValueType,
} from "../../deps/pprof-format.ts";

/**
 * A profile of the heap: a tree of calls with the bytes they allocated that are in use. The types
 * of Node lack ids and samples.
 */
export interface HeapProfile {
  readonly head: HeapNode;
  readonly samples?: readonly { readonly nodeId: number }[];
}

/** A call that allocated. */
export interface HeapNode {
  readonly id?: number;
  readonly callFrame: Runtime.CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/**
 * A profile of the processor as a gzipped pprof document: `samples/count` and `cpu/nanoseconds`.
 */
export async function encodeCpuProfile(
  profile: Profiler.Profile,
  startedAt: Date,
): Promise<Uint8Array<ArrayBuffer>> {
  const builder = new ProfileBuilder([["samples", "count"], ["cpu", "nanoseconds"]]);
  const spent = timeByNode(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  builder.addTree(profile.nodes.slice(0, 1), {
    children: (node) => (node.children ?? []).flatMap((id) => nodes.get(id) ?? []),
    values({ id, callFrame }) {
      // A processor that waits is not used.
      const idle = callFrame.functionName === "(idle)";
      const { samples, micros } = idle ? UNUSED : spent.get(id) ?? UNUSED;
      return [samples, Math.round(micros * 1000)];
    },
  });
  const nanos = Math.round((profile.endTime - profile.startTime) * 1000);
  return await builder.encode(["cpu", "nanoseconds"], {
    timeNanos: nanoseconds(startedAt),
    durationNanos: nanos,
    period: Math.round(nanos / Math.max(1, profile.samples?.length ?? 0)),
  });
}

/**
 * What the memory of the heap is used by, as a gzipped pprof document: `inuse_objects/count` and
 * `inuse_space/bytes`.
 * @param interval Mean count of bytes between two samples.
 */
export async function encodeHeapProfile(
  profile: HeapProfile,
  { takenAt, interval }: { readonly takenAt: Date; readonly interval: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const builder = new ProfileBuilder([["inuse_objects", "count"], ["inuse_space", "bytes"]]);
  const objects = new Map<number, number>();
  for (const { nodeId } of profile.samples ?? []) {
    objects.set(nodeId, (objects.get(nodeId) ?? 0) + 1);
  }
  builder.addTree([profile.head], {
    children: (node) => node.children,
    values: (node) => [objects.get(node.id ?? -1) ?? 0, node.selfSize],
  });
  const facts = { timeNanos: nanoseconds(takenAt), period: interval };
  return await builder.encode(["space", "bytes"], facts);
}

const UNUSED = { samples: 0, micros: 0 };

/** How often and how long each call was met; a sample lasts until the next. */
function timeByNode({ samples = [], timeDeltas = [], startTime, endTime }: Profiler.Profile) {
  const spent = new Map<number, { samples: number; micros: number }>();
  let now = startTime;
  samples.forEach((id, index) => {
    now += timeDeltas[index] ?? 0;
    const length = timeDeltas[index + 1] ?? endTime - now;
    const { samples, micros } = spent.get(id) ?? UNUSED;
    spent.set(id, { samples: samples + 1, micros: micros + Math.max(0, length) });
  });
  return spent;
}

function nanoseconds(time: Date): bigint {
  return BigInt(time.getTime()) * 1_000_000n;
}

/** A name and its unit. */
type NamedUnit = readonly [name: string, unit: string];

/** A call in the tree, as the id of its place, and the call that made it. */
interface Frame {
  readonly location: number;
  readonly caller: Frame | undefined;
}

/** The places of a call and its callers, the innermost first. */
function stackOf(frame: Frame): number[] {
  const stack: number[] = [];
  for (let at: Frame | undefined = frame; at !== undefined; at = at.caller) stack.push(at.location);
  return stack;
}

/** Collects what a profile consists of; equal functions and places are kept once. */
class ProfileBuilder {
  readonly #strings = new StringTable();
  readonly #types: readonly ValueType[];
  readonly #functions: ProfileFunction[] = [];
  readonly #locations: Location[] = [];
  readonly #known = new Map<string, number>();
  readonly #samples: Sample[] = [];

  constructor(types: readonly NamedUnit[]) {
    this.#types = types.map((type) => this.#valueType(type));
  }

  /**
   * Adds a sample for each call that has values; what is above the calls, as the root, is left out.
   */
  addTree<Node extends { readonly callFrame: Runtime.CallFrame }>(
    roots: readonly Node[],
    walk: {
      children(node: Node): readonly Node[];
      /** The node's own values, one for each type of the profile. */
      values(node: Node): readonly number[];
    },
  ): void {
    // A list instead of a recursion: stacks may be deep.
    const open: { readonly node: Node; readonly caller: Frame | undefined }[] = [];
    for (const node of roots) open.push({ node, caller: undefined });
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, caller } = next;
      const isRoot = node.callFrame.functionName === "(root)";
      const frame = isRoot ? caller : { location: this.#location(node.callFrame), caller };
      const value = [...walk.values(node)];
      if (frame !== undefined && value.some((amount) => amount > 0)) {
        this.#samples.push(new Sample({ locationId: stackOf(frame), value }));
      }
      for (const child of walk.children(node)) open.push({ node: child, caller: frame });
    }
  }

  /** The document, gzipped. */
  async encode(periodType: NamedUnit, facts: ProfileInput): Promise<Uint8Array<ArrayBuffer>> {
    const profile = new Profile({
      ...facts,
      periodType: this.#valueType(periodType),
      sampleType: [...this.#types],
      sample: this.#samples,
      location: this.#locations,
      function: this.#functions,
      stringTable: this.#strings,
    });
    return Uint8Array.from(await promisify(gzip)(profile.encode()));
  }

  #valueType([name, unit]: NamedUnit): ValueType {
    return new ValueType({ type: this.#strings.dedup(name), unit: this.#strings.dedup(unit) });
  }

  /** The id of a function's place. */
  #location({ functionName, scriptId, url, lineNumber, columnNumber }: Runtime.CallFrame): number {
    const key = [scriptId, functionName, lineNumber, columnNumber].join(":");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Ids count from 1; a place and its function have the same.
    const id = this.#known.size + 1;
    const name = this.#strings.dedup(functionName || "(anonymous)");
    const filename = this.#strings.dedup(url);
    const line = Math.max(0, lineNumber + 1);
    const facts = { id, name, systemName: name, filename, startLine: line };
    this.#functions.push(new ProfileFunction(facts));
    this.#locations.push(new Location({ id, line: [new Line({ functionId: id, line })] }));
    this.#known.set(key, id);
    return id;
  }
}
