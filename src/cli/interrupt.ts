/**
 * Ctrl-C and its like: the first asks the run to stop, the second stops it.
 * @module
 */
import { EXIT_CODES } from "./output/failure.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * A signal that is aborted by SIGINT, SIGTERM or a terminal that is closed. The second of them ends the process at once, for
 * the case that something does not stop when it is asked to.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      if (controller.signal.aborted) Deno.exit(EXIT_CODES.interrupted);
      controller.abort(new DOMException("Interrupted", "AbortError"));
    });
  }
  return controller.signal;
}
