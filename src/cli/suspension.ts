/**
 * Ctrl-Z and `fg`.
 * @module
 */
import type { Suspension } from "./context.ts";

/**
 * Has something done before the process is stopped by Ctrl-Z and after it goes on, until what this
 * gives is disposed. A process that may not signal itself is stopped by the system, untold.
 */
export function aroundSuspension({ before, after }: Suspension): Disposable {
  const isTold = Deno.build.os !== "windows" &&
    Deno.permissions.querySync({ name: "run" }).state === "granted";
  if (!isTold) return { [Symbol.dispose]() {} };
  const suspend = () => {
    before();
    Deno.kill(Deno.pid, "SIGSTOP");
  };
  Deno.addSignalListener("SIGTSTP", suspend);
  Deno.addSignalListener("SIGCONT", after);
  return {
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGTSTP", suspend);
      Deno.removeSignalListener("SIGCONT", after);
    },
  };
}
