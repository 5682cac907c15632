/** `modelops serve` as a process of its own. @module */
import type { Program } from "./program.ts";

/** A server that runs in another process. */
export interface ServedProcess extends AsyncDisposable {
  /** Host and port that it listens on. */
  readonly address: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Number of the process. */
  readonly pid: number;
  /** Asks it to stop, as a service manager does. */
  stop(): void;
  /** What it ended with. */
  readonly status: Promise<Deno.CommandStatus>;
}

/** Serves the store of a program; disposing stops it. */
export async function serveInProcess(
  user: Program,
  args: readonly string[] = [],
): Promise<ServedProcess> {
  const child = user.spawn(["serve", "--address", "127.0.0.1:0", "--log-level", "error", ...args]);
  await child.stdin.close();
  const errors = child.stderr.pipeTo(new WritableStream());
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`serve ended: ${printed}`);
    printed += value;
  }
  const port = Number(/:(\d+)\n/.exec(printed)?.[1]);
  let isOver = false;
  const status = child.status.finally(() => isOver = true);
  const stop = () => {
    if (!isOver) child.kill("SIGTERM");
  };
  return {
    address: `127.0.0.1:${port}`,
    port,
    pid: child.pid,
    stop,
    status,
    async [Symbol.asyncDispose]() {
      stop();
      await lines.cancel();
      await errors;
      await status;
    },
  };
}
