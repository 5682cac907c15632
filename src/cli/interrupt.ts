/**
 * Ctrl-C and its like: the first asks the run to stop, the second stops it.
 * @module
 */
import { readKernelFile } from "../core/runtime/kernel_file.ts";
import { SIGNAL_CODES } from "./output/exit_codes.ts";

/** A signal that asks a run to stop. */
type StopSignal = keyof typeof SIGNAL_CODES;

const SIGNALS: readonly StopSignal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** That a signal asked the run to stop. */
export class Interruption extends DOMException {
  /** The exit code of a run that ends by it. */
  readonly exitCode: number;

  constructor(signal: StopSignal) {
    super("Interrupted", "AbortError");
    this.exitCode = SIGNAL_CODES[signal];
  }
}

/**
 * A signal that is aborted by SIGINT, SIGTERM or the end of the terminal. The second of them ends
 * the process at once, for the case that something does not stop when it is asked to.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: StopSignal) => {
    if (controller.signal.aborted) Deno.exit(SIGNAL_CODES[signal]);
    controller.abort(new Interruption(signal));
  };
  const ignoresHangUp = startedByNohup();
  for (const signal of SIGNALS) {
    // Without any listener of ours the runtime would end the process at SIGHUP, ignored or not.
    Deno.addSignalListener(
      signal,
      signal === "SIGHUP" && ignoresHangUp ? () => {} : () => stop(signal),
    );
  }
  // Of the limit of a file's size (`ulimit -f`) the write that passes it tells, where the signal
  // that comes with it does not end the process.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGXFSZ", () => {});
  return controller.signal;
}

/** Whether this process was started to outlive its terminal, as far as the system tells. */
function startedByNohup(): boolean {
  if (Deno.build.os !== "linux") return false;
  const status = readKernelFile("/proc/self/status") ?? "";
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  // The lowest bit is that of signal 1, which is SIGHUP.
  return (BigInt(`0x${ignored}`) & 1n) === 1n;
}
