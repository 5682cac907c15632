/**
 * Timers of a run that may be over soon.
 * @module
 */

/**
 * Timers that are made without `setTimeout`: its first use loads a part of the Node layer, which
 * takes a third as long as an empty program. These cannot be cleared, only left unheard, so there
 * are few; and none where `setTimeout` is the runtime's own.
 */
const FEW = typeof Deno.unrefTimer === "function" ? 16 : 0;

let timers = 0;

/** Calls `ring` once after so many milliseconds, if what is returned is not called before. */
export function startTimer(milliseconds: number, ring: () => void): () => void {
  if (++timers > FEW) {
    const timer = setTimeout(ring, milliseconds);
    return () => clearTimeout(timer);
  }
  const late = AbortSignal.timeout(milliseconds);
  late.addEventListener("abort", ring);
  return () => late.removeEventListener("abort", ring);
}

/** Waits. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => startTimer(milliseconds, resolve));
}

/** A millisecond: what comes within it came at once. */
export function soon(): Promise<void> {
  return wait(1);
}
