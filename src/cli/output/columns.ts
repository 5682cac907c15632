/**
 * Text in columns of a terminal, where a letter may take none, one or two of them.
 * @module
 */
import { stringWidth } from "../../deps/string-width.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What a person takes for letters: an accent or a joined emoji is no letter of its own. */
function lettersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Text of which every character takes a column: most of what is shown. */
const PLAIN = /^[ -~]*$/;

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** A text with spaces after it up to a width. */
export function padColumns(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columnsOf(text)));
}

/** As much of the start of a text as fits. */
export function startOf(text: string, width: number): string {
  return taken(lettersOf(text), width).join("");
}

/** As much of the end of a text as fits. */
function endOf(text: string, width: number): string {
  return taken(lettersOf(text).reverse(), width).reverse().join("");
}

function taken(letters: readonly string[], width: number): string[] {
  const end = letters.findIndex((_, index) =>
    columnsOf(letters.slice(0, index + 1).join("")) > width
  );
  return letters.slice(0, end < 0 ? letters.length : end);
}

/** A text cut in the middle to a width; an ellipsis stands for what is missing. */
export function fitMiddle(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  if (width < 3) return startOf(text, width);
  const start = startOf(text, Math.ceil((width - 1) / 2));
  return `${start}…${endOf(text, width - 1 - columnsOf(start))}`;
}

/**
 * Names cut to a width so that those that differ still do, where that is possible: in the middle;
 * or without the start that all of them share, as shards of one file do.
 */
export function fitNames(names: readonly string[], width: number): string[] {
  const inMiddle = names.map((name) => fitMiddle(name, width));
  const different = new Set(names).size;
  if (new Set(inMiddle).size === different) return inMiddle;
  const first = lettersOf(names[0] ?? "");
  const shared = names.reduce((most, name) => sharedStart(first, most, name), first.length);
  // A number is shown with all its digits where there is room for them.
  for (const start of [wordStart(first, shared), shared]) {
    const cut = names.map((name) => fitFrom(name, start, width));
    if (new Set(cut).size === different) return cut;
  }
  return inMiddle;
}

/** A name without its start, and without as much of its end as does not fit either. */
function fitFrom(name: string, start: number, width: number): string {
  if (columnsOf(name) <= width || width < 3) return fitMiddle(name, width);
  // Nothing is missing in front of a name that is shown from its start.
  if (start === 0) return `${startOf(name, width - 1)}…`;
  const rest = lettersOf(name).slice(start).join("");
  if (columnsOf(rest) < width) return `…${endOf(name, width - 1)}`;
  return `…${startOf(rest, width - 2)}…`;
}

/** The start of the word that a place is in, so that a number is shown with all its digits. */
function wordStart(letters: readonly string[], place: number): number {
  while (place > 0 && /[\p{L}\p{N}]/u.test(letters[place - 1]!)) place--;
  return place;
}

/** Count of the first letters of a word, `most` of them at most, that a name begins with. */
function sharedStart(word: readonly string[], most: number, name: string): number {
  const letters = lettersOf(name);
  let same = 0;
  while (same < most && letters[same] === word[same]) same++;
  return same;
}
