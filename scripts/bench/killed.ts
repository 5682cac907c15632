/**
 * Kills a program halfway and runs it again: what its second run costs, and what came twice.
 * @module
 */
import type { CountingProxy, Direction } from "./counting_proxy.ts";
import { measure } from "./measure.ts";
import type { Command, Cost, RunOptions } from "./measure.ts";

/** What is moved, which way, and who counts it. */
export interface KilledOptions {
  readonly proxy: CountingProxy;
  readonly direction: Direction;
  /** Bytes of the content: the program is killed when half of them have passed. */
  readonly size: number;
}

/**
 * Runs a command, kills it as no program can notice (`SIGKILL`) when half of the content has
 * passed, and measures a second run of the same.
 * @throws {Error} when the first run ends before, or the second one fails.
 */
export async function measureKilled(
  command: Command,
  options: RunOptions,
  { proxy, direction, size }: KilledOptions,
): Promise<Cost> {
  const before = proxy.carried[direction];
  await killAfter(command, options, proxy.pass(direction, size / 2));
  const cost = await measure(command, options);
  // Headers and the manifest count as well, which are nothing beside the content.
  return { ...cost, twice: (proxy.carried[direction] - before - size) / size };
}

async function killAfter(
  { argv, cwd }: Command,
  { env, signal }: RunOptions,
  reached: Promise<void>,
): Promise<void> {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    cwd,
    clearEnv: true,
    env,
    signal,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = child.status.then(({ code }) => ({ code }));
  const early = await Promise.race([ended, reached]);
  if (early) {
    throw new Error(`Cannot kill "${program}" halfway: it ended with ${early.code} before`);
  }
  child.kill("SIGKILL");
  await ended;
}
