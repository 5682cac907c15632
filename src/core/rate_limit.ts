/**
 * How fast bytes may move: one limit for both directions, all connections and all threads.
 *
 * The limit is one moment in shared memory: the one up to which the allowed bytes are given away
 * (the generic cell rate algorithm). Whoever moves bytes puts it off by the time that these may
 * take, and waits until it has come.
 * @module
 */
import { InvalidInputError } from "./errors.ts";

/** A limit. Everything that is opened with the same one shares it. */
export interface RateLimit {
  /** Bytes a second. */
  readonly bytesPerSecond: number;
  /** Tells limits apart. */
  readonly id: string;
  /** Holds the moment, in microseconds since the epoch. */
  readonly memory: SharedArrayBuffer;
}

/**
 * Makes a limit.
 * @throws {InvalidInputError} when it is less than a byte a second.
 */
export function rateLimit(bytesPerSecond: number): RateLimit {
  if (!(bytesPerSecond >= 1 && bytesPerSecond <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidInputError(`Cannot limit the rate to ${bytesPerSecond} bytes a second`);
  }
  const memory = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  return { bytesPerSecond, id: crypto.randomUUID(), memory };
}

/** Microseconds of silence that may be made up for. */
const BURST = 100_000n;

/** A moment that is further away is left from a clock that was set back. */
const FAR = 600_000_000n;

/** Gives so many bytes away, and tells in how many milliseconds they may move. */
export function reserve(limit: RateLimit, bytes: number, now: number = Date.now()): number {
  const words = new BigInt64Array(limit.memory);
  const present = BigInt(Math.round(now * 1000));
  const duration = BigInt(Math.ceil(bytes * 1e6 / limit.bytesPerSecond));
  for (;;) {
    const before = Atomics.load(words, 0);
    const isStale = before < present - BURST || before > present + FAR;
    const moment = (isStale ? present - BURST : before) + duration;
    if (Atomics.compareExchange(words, 0, before, moment) !== before) continue;
    return Math.max(0, Number(moment - present) / 1000);
  }
}
