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

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  return stringWidth(text);
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
  const middle = names.map((name) => fitMiddle(name, width));
  const differ = (cut: readonly string[]) => new Set(cut).size === new Set(names).size;
  if (differ(middle) || width < 4) return middle;
  const shared = sharedStart(names.map(lettersOf));
  const apart = names.map((name) => {
    if (columnsOf(name) <= width) return name;
    const rest = lettersOf(name).slice(shared).join("");
    return columnsOf(rest) < width ? `…${endOf(name, width - 1)}` : `…${fitStart(rest, width - 1)}`;
  });
  return differ(apart) ? apart : middle;
}

function fitStart(text: string, width: number): string {
  return columnsOf(text) <= width ? text : `${startOf(text, width - 1)}…`;
}

/** Count of the letters that all of some words begin with. */
function sharedStart([first = [], ...others]: readonly (readonly string[])[]): number {
  const end = first.findIndex((letter, index) => others.some((other) => other[index] !== letter));
  return end < 0 ? first.length : end;
}
