/**
 * "Did you mean": known words near one that was not understood.
 * @module
 */
import { distance } from "../deps/fastest-levenshtein.ts";
import { FirstItems } from "./lists/first_items.ts";

const MOST_SUGGESTIONS = 3;

/** Longest word that somebody may have meant to write otherwise: comparing takes its square. */
const LONGEST_WORD = 200;

/** The candidates near `word`, as {@linkcode NearWords} finds them. */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  const near = new NearWords(word);
  for (const candidate of candidates) near.add(candidate);
  return near.found();
}

/** Most comparisons for all the words of one document: about a second. */
const MOST_COMPARISONS = 1_000_000;

/**
 * Suggestions for the words that one document got wrong. Nobody reads them by the thousand, and
 * each word is compared with every candidate: after a million comparisons there are none.
 */
export class Suggestions {
  #left = MOST_COMPARISONS;

  /** The candidate nearest to `word`; `undefined` when nothing is near or no comparison is left. */
  nearest(word: string, candidates: Iterable<string>): string | undefined {
    const near = new NearWords(word);
    for (const candidate of candidates) {
      if (this.#left-- <= 0) return undefined;
      near.add(candidate);
    }
    return near.found()[0];
  }
}

interface NearWord {
  readonly candidate: string;
  readonly edits: number;
  readonly shared: number;
}

/**
 * The words near another among any number of candidates. Letter case does not count. A word may
 * differ from a candidate in a third of its letters, rounded up, which allows two letters swapped
 * in a word of four.
 */
export class NearWords {
  readonly #wanted: string;
  readonly #limit: number;
  readonly #first = new FirstItems<NearWord>({ compare: nearerFirst, limit: MOST_SUGGESTIONS });

  /** Looks for words near `word`. */
  constructor(word: string) {
    this.#wanted = word.toLowerCase();
    this.#limit = Math.ceil(this.#wanted.length / 3);
  }

  /** Looks at a candidate. */
  add(candidate: string): void {
    const [wanted, limit] = [this.#wanted, this.#limit];
    if (wanted.length > LONGEST_WORD || Math.abs(candidate.length - wanted.length) > limit) return;
    const word = candidate.toLowerCase();
    const edits = distance(wanted, word);
    if (edits <= limit) this.#first.add({ candidate, edits, shared: sharedStart(wanted, word) });
  }

  /** Those that are near, nearest first and at most three; none when nothing is near. */
  found(): string[] {
    return this.#first.finish().map(({ candidate }) => candidate);
  }
}

function nearerFirst(a: NearWord, b: NearWord): number {
  return a.edits - b.edits || b.shared - a.shared;
}

/** Length of the start that two words share: people rarely miss the first letter. */
function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
