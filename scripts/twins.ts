/**
 * Finds runs of lines that stand in two places. Run as a program it looks at `src`, or at the
 * folders that are its arguments, and its exit code is 1 when there is such a run.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { readSources } from "./source_files.ts";

/** How many equal lines in a row are one piece of code that is written twice. */
export const TWIN_LENGTH = 10;

/** A line of code: where it is, counted from 1, and its text with white space folded. */
interface CodeLine {
  readonly number: number;
  readonly text: string;
}

/** A run of equal lines in two places, each as `path:first-last`. */
export interface Twin {
  readonly places: readonly [string, string];
  /** How many lines of code the run has. */
  readonly length: number;
}

/** What two files may share: comments, and the lines that say what is imported or re-exported. */
const NOT_CODE =
  /^[ \t]*(?:\/\*[^]*?\*\/|\/\/.*|import\b[^;]*;|export (?:type )?(?:\*|\{)[^;]*? from [^;]*;)/gm;

/** The lines of a source that count: no blank ones, and nothing of {@linkcode NOT_CODE}. */
function codeLines(source: string): readonly CodeLine[] {
  return source.replace(NOT_CODE, (text) => text.replace(/[^\n]+/g, "")).split("\n")
    .map((line, index) => ({ number: index + 1, text: line.trim().replace(/\s+/g, " ") }))
    .filter(({ text }) => text !== "");
}

/** Every run of at least {@linkcode TWIN_LENGTH} lines that stands in two places, longest first. */
export function findTwins(sources: ReadonlyMap<string, string>): readonly Twin[] {
  const seen = new Map<string, { path: string; lines: readonly CodeLine[]; at: number }>();
  const twins: Twin[] = [];
  for (const [path, source] of sources) {
    const lines = codeLines(source);
    for (let at = 0; at + TWIN_LENGTH <= lines.length; at++) {
      const run = lines.slice(at, at + TWIN_LENGTH).map(({ text }) => text).join("\n");
      const first = seen.get(run);
      if (first === undefined) {
        seen.set(run, { path, lines, at });
        continue;
      }
      const length = sharedLines(first.lines.slice(first.at), lines.slice(at));
      twins.push({
        places: [place(first.path, first.lines, first.at, length), place(path, lines, at, length)],
        length,
      });
      at += length - 1;
    }
  }
  return twins.sort((a, b) => b.length - a.length);
}

/** How many lines two lists begin with that are the same. */
function sharedLines(a: readonly CodeLine[], b: readonly CodeLine[]): number {
  const differs = a.findIndex(({ text }, index) => text !== b[index]?.text);
  return differs < 0 ? a.length : differs;
}

function place(path: string, lines: readonly CodeLine[], at: number, length: number): string {
  return `${path}:${lines[at]?.number}-${lines[at + length - 1]?.number}`;
}

if (import.meta.main) {
  const folders = Deno.args.length > 0 ? Deno.args : ["src"];
  const sources = new Map(
    (await Promise.all(folders.map(readSources))).flatMap((each) => [...each]),
  );
  const twins = findTwins(sources);
  for (const { places: [first, second], length } of twins) {
    console.log(`${first} and ${second} share ${length} lines`);
  }
  Deno.exit(twins.length === 0 ? 0 : 1);
}
