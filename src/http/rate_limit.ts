/**
 * How fast bytes may move: one limit for both directions, all connections and all threads.
 *
 * The limit is one moment in shared memory: the one up to which the allowed bytes are given away
 * (the generic cell rate algorithm). Whoever moves bytes puts it off by the time that these may
 * take, and waits until it has come.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { InvalidInputError } from "../core/errors.ts";
import { CHUNK_SIZE, transformed } from "../core/streams.ts";
import type { Transport } from "./transport_options.ts";

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

/** Waits. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

const sleep: Sleep = (milliseconds, signal) => delay(milliseconds, undefined, { signal });

/** A transport whose bodies, sent and received, keep to a limit; the same one without a limit. */
export function limited(send: Transport, limit: RateLimit | undefined, wait = sleep): Transport {
  if (limit === undefined) return send;
  const slowed = (body: ReadableStream<Uint8Array>, signal: AbortSignal) =>
    transformed(body, (chunks) => paced(chunks, { limit, wait, signal }));
  return async (request, hints) => {
    const { body, signal } = request;
    const outgoing = body === null
      ? request
      : new Request(request, { body: slowed(body, signal), duplex: "half" } as RequestInit);
    const response = await send(outgoing, hints);
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(slowed(response.body, signal), { status, statusText, headers });
  };
}

/** Passes a stream on in pieces of at most a tenth of a second, each when it may move. */
async function* paced(
  stream: ReadableStream<Uint8Array>,
  { limit, wait, signal }: { limit: RateLimit; wait: Sleep; signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const most = Math.min(CHUNK_SIZE, Math.max(1, Math.floor(limit.bytesPerSecond / 10)));
  for await (const chunk of stream) {
    for (let start = 0; start < chunk.byteLength; start += most) {
      const piece = chunk.subarray(start, start + most);
      const milliseconds = reserve(limit, piece.byteLength);
      if (milliseconds > 0) await paused(wait(milliseconds, signal), signal);
      yield piece;
    }
  }
}

/** Throws the reason of the signal where a wait ends with it, not the error of the timer. */
async function paused(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await waiting;
  } finally {
    signal.throwIfAborted();
  }
}
