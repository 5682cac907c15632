/**
 * How long a server is borne with that sends, but next to nothing: without an end to it a reader
 * would wait for days, and never for longer than for a silence.
 * @module
 */
import type { EarnedTime, Lateness } from "../core/waiting/earned_time.ts";
import { completePolicy, type RetryPolicy, timeInAll } from "../core/retry.ts";

/** Requests that a reader makes however little comes: a server may be slow, but not for ever. */
const REQUESTS = 128;

/** Bytes that earn another request. A line that brings less at a time is of no use. */
const EARNS_A_REQUEST = 64 * 1024;

/** Bytes up to which a content is a document, for which somebody waits: it has to come in time. */
const DOCUMENT_SIZE = 4 * 1024 * 1024;

/** What is left of a reader's patience with one content. */
export class Patience {
  readonly #stallTime: number;
  readonly #attempts: number;
  readonly #time: EarnedTime;
  readonly #lateness: Lateness;
  readonly #begun = performance.now();
  #requests = 0;
  /** When bytes came last, or were asked for. */
  #heard = performance.now();
  #bytes = 0;

  /** Begins with the reading; silences and tries are those of the policy. */
  constructor(policy: RetryPolicy) {
    const { stallTime, attempts, lateness } = completePolicy(policy);
    this.#lateness = lateness;
    this.#stallTime = stallTime;
    this.#attempts = attempts;
    this.#time = timeInAll(policy);
  }

  /** Notes a request, and tells why there is to be none, if that is so. */
  asks(): string | undefined {
    this.#heard = performance.now();
    const late = this.#lateness.tooMuch();
    if (late !== undefined) return late;
    if (++this.#requests <= REQUESTS + this.#bytes / EARNS_A_REQUEST) return undefined;
    return "it was lost again and again";
  }

  /**
   * Notes how many bytes came in all, of `size` where that is known, and tells why no more are
   * waited for, if that is so.
   */
  hears(bytes: number, size = Infinity): string | undefined {
    const fresh = Math.max(0, bytes - this.#bytes);
    if (fresh > 0) this.#heard = performance.now();
    this.#bytes += fresh;
    if (size > DOCUMENT_SIZE) return void this.#lateness.earn(fresh);
    this.#lateness.note(this.#begun, this.#bytes, fresh);
    return this.#time.tooLittle(this.#bytes) ?? this.#lateness.tooMuch();
  }

  /**
   * Notes a failure. A server that brings a few bytes an answer and falls silent would be waited
   * for each time: as many silences as there are tries use the patience up.
   */
  failed(): void {
    const now = performance.now();
    if (now - this.#heard < this.#stallTime) return;
    this.#requests += REQUESTS / this.#attempts;
    this.#heard = now;
  }
}
