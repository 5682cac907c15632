/**
 * "Did you mean": known words near one that was not understood.
 * @module
 */
import { distance } from "../deps/fastest-levenshtein.ts";

const MOST_SUGGESTIONS = 3;

/**
 * The candidates near `word`, nearest first and at most three; none when nothing is near. Letter case
 * does not count. A word may differ from a candidate in a third of its letters.
 */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  return Array.from(candidates, (candidate) => ({
    candidate,
    edits: distance(wanted, candidate.toLowerCase()),
  }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ candidate }) => candidate);
}
