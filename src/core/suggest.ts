/**
 * "Did you mean": known words near one that was not understood.
 * @module
 */
import { distance } from "../deps/fastest-levenshtein.ts";

const MOST_SUGGESTIONS = 3;

/** Longest word that somebody may have meant to write otherwise: comparing takes its square. */
const LONGEST_WORD = 200;

/**
 * The candidates near `word`, nearest first and at most three; none when nothing is near. Letter
 * case does not count. A word may differ from a candidate in a third of its letters, rounded up,
 * which allows two letters swapped in a word of four.
 */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  const wanted = word.toLowerCase();
  if (wanted.length > LONGEST_WORD) return [];
  const limit = Math.ceil(wanted.length / 3);
  const comparable = Array.from(candidates)
    .filter(({ length }) => Math.abs(length - word.length) <= limit);
  return comparable.map((candidate) => ({
    candidate,
    edits: distance(wanted, candidate.toLowerCase()),
    shared: sharedStart(wanted, candidate.toLowerCase()),
  }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits || b.shared - a.shared)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ candidate }) => candidate);
}

/** Length of the start that two words share: people rarely miss the first letter. */
function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
