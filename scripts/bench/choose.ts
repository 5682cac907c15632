/** Which works are measured, and who takes part. @module */
import type { Contender } from "./contenders.ts";
import { TARGETS } from "./targets.ts";
import { type Work, WORKS } from "./works.ts";

/** What the arguments say of the works. */
export interface Choice {
  /** Words of names; a whole name means that work alone. */
  readonly only: readonly string[];
  /** Whether only the main works are measured. */
  readonly quick: boolean;
}

/**
 * The works that have one of the words in their name, in the order of the table; without words, all
 * that need not be named; of these, with `quick`, the main ones, beside those alone that ours is
 * measured by.
 * @throws {Error} when a word is in no name.
 */
export function chooseWorks({ only, quick }: Choice): Work[] {
  const named = new Set(only.flatMap(worksNamed));
  const all = only.length > 0
    ? WORKS.filter((work) => named.has(work))
    : WORKS.filter(({ onlyNamed }) => onlyNamed !== true);
  return quick ? all.filter((work) => work.quick === true).map(besideTargets) : all;
}

/** A work of ours, and of those that a target names. */
function besideTargets(work: Work): Work {
  const { ratios = {} } = TARGETS[work.name] ?? {};
  const contenders = work.contenders.filter(({ name }, index) => index === 0 || name in ratios);
  return { ...work, contenders };
}

function worksNamed(word: string): readonly Work[] {
  const exact = WORKS.filter(({ name }) => name === word);
  const found = exact.length > 0 ? exact : WORKS.filter(({ name }) => name.includes(word));
  if (found.length > 0 && word !== "") return found;
  const names = WORKS.map(({ name }) => JSON.stringify(name)).join(", ");
  throw new Error(`--only ${JSON.stringify(word)} names no work: want one of ${names}`);
}

/** Who takes part, and the programs that keep others from it. */
export interface Field {
  readonly present: readonly Contender[];
  readonly missing: readonly string[];
}

/** Splits contenders by whether the machine has their programs. */
export function chooseContenders(
  all: readonly Contender[],
  has: (tool: string) => boolean,
): Field {
  const present = all.filter(({ tools }) => tools.every(has));
  const missing = new Set(all.flatMap(({ tools }) => tools).filter((tool) => !has(tool)));
  return { present, missing: [...missing] };
}
