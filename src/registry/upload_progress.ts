/**
 * Whether an upload gets anywhere.
 *
 * A registry may take part after part and refuse the end, or claim a little more with each lost
 * connection: then everything would be sent for ever. So only bytes that were never kept before
 * count, and there is an end to how much is sent of one blob.
 * @module
 */
import type { Descriptor } from "../oci/descriptor.ts";
import { completePolicy, pause, type RetryPolicy, waitAfter } from "../core/retry.ts";

/** New bytes that are progress at least; fewer a loss are as good as none. */
const STEP = 1024 * 1024;

/** The part of a blob that is progress at least: large ones do not end with a thousand losses. */
const STEPS = 1000;

/** Counts losses against what is kept. */
export class UploadProgress {
  readonly #blob: Descriptor;
  readonly #policy: Required<RetryPolicy>;
  /** The most bytes that were kept when that was last taken for progress. */
  #best = 0;
  #sent = 0;
  #failures = 0;

  /** Begins with nothing kept of a blob. */
  constructor(blob: Descriptor, policy: RetryPolicy) {
    this.#blob = blob;
    this.#policy = completePolicy(policy);
  }

  /** Losses since the last progress. */
  get failures(): number {
    return this.#failures;
  }

  /** Tells that so many bytes are about to be sent. */
  sending(bytes: number): void {
    this.#sent += bytes;
  }

  /** Tells how many bytes of the blob the registry has kept. */
  kept(bytes: number): void {
    const { size } = this.#blob;
    const step = Math.max(STEP, size / STEPS);
    if (bytes <= this.#best || bytes < Math.min(this.#best + step, size)) return;
    this.#best = bytes;
    this.#failures = 0;
  }

  /**
   * Waits before another try: as long as was asked for, else a while of our own choice.
   * @throws `error` when there have been too many losses, or too much was sent.
   */
  async failed(error: unknown, { reason, asked, signal }: Loss): Promise<void> {
    const { attempts, onRetry } = this.#policy;
    const { digest: what, size } = this.#blob;
    const spent = this.#sent > attempts * size;
    if (++this.#failures >= attempts || spent) throw error;
    const wait = waitAfter(this.#failures, asked, this.#policy);
    onRetry({ what, attempt: this.#failures + 1, attempts, reason, wait });
    await pause(wait, this.#policy, signal);
  }
}

/** What is known of a loss. */
interface Loss {
  /** What happened, as a clause. */
  readonly reason: string;
  /** Milliseconds that the registry asks to wait. */
  readonly asked?: number;
  readonly signal?: AbortSignal;
}
