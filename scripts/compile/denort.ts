/**
 * The runtime of binaries, `denort`: where it is taken from, and that it is for the right machine.
 * Deno fetches it itself where `DENORT_BIN` names nothing.
 * @module
 */
import { join } from "node:path";
import { platformOf, TARGETS } from "./targets.ts";

/** So much of a program is read to see which machine it is for. */
const HEAD_SIZE = 4096;

/**
 * The file for a machine, which `given` names or has in it under `denort-TARGET`; `undefined` when
 * nothing is given.
 * @throws {Error} when there is none, or one for another machine.
 */
export async function denortFor(
  target: string,
  given: string | undefined,
): Promise<string | undefined> {
  if (!given) return undefined;
  const { platform, suffix } = TARGETS[target]!;
  const info = await ifThere(Deno.stat(given));
  if (info === undefined) {
    throw new Error(`Cannot compile: DENORT_BIN names "${given}", which is not there`);
  }
  const path = info.isDirectory ? join(given, `denort-${target}${suffix}`) : given;
  const found = await ifThere(readHead(path));
  if (found === undefined) {
    throw new Error(
      `Cannot compile for ${platform}: "${path}" is not there, want the denort of that machine`,
    );
  }
  const actual = platformOf(found);
  if (actual === platform) return path;
  const what = actual === undefined ? "no program" : `a program for ${actual}`;
  throw new Error(`Cannot compile for ${platform}: "${path}" is ${what}`);
}

async function readHead(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_SIZE);
  const count = await file.read(head);
  return head.subarray(0, count ?? 0);
}

async function ifThere<Value>(value: Promise<Value>): Promise<Value | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
