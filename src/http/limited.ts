/**
 * Bodies that keep to a limit of the rate.
 * @module
 */
import { type RateLimit, reserve } from "../core/rate_limit.ts";
import { pause } from "../core/retry.ts";
import { CHUNK_SIZE, transformed } from "../core/streams.ts";
import { STREAMED, type Transport } from "./transport_options.ts";

/** Waits. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

const sleep: Sleep = (milliseconds, signal) => pause(milliseconds, {}, signal);

/** A transport whose bodies, sent and received, keep to a limit; the same one without a limit. */
export function limited(send: Transport, limit: RateLimit | undefined, wait = sleep): Transport {
  if (limit === undefined) return send;
  const slowed = (body: ReadableStream<Uint8Array>, signal: AbortSignal) =>
    transformed(body, (chunks) => paced(chunks, { limit, wait, signal }));
  return async (request, hints) => {
    const { body, signal } = request;
    const outgoing = body === null
      ? request
      : new Request(request, { body: slowed(body, signal), ...STREAMED });
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
