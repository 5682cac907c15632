/**
 * Lines of a card: facts with their labels, wrapped to the width of the terminal, and bars.
 * @module
 */
import { columnsOf, fitMiddle, padColumns } from "../columns.ts";
import { escapeControls } from "../format.ts";
import type { Paint } from "../paint.ts";

/** A fact of a card: what it is called, and what is said of it. */
export type LabelledFact = readonly [label: string, text: string | undefined];

/** How lines are laid out. */
export interface LineOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
}

/** Columns of the labels. */
const LABEL_WIDTH = 12;

/** The facts that are known, a line each, or several where one does not suffice. */
export function factLines(facts: readonly LabelledFact[], { width, paint }: LineOptions): string[] {
  return facts.flatMap(([label, text]) =>
    text === undefined
      ? []
      : wrapped(text, width - LABEL_WIDTH).map((line, index) =>
        `${paint("detail", padColumns(index === 0 ? label : "", LABEL_WIDTH))}${line}`
      )
  );
}

/** The longest text that is shown; what is longer comes from somebody who plays tricks. */
const LONGEST_TEXT = 800;

/** A text in lines of at most `width` columns, broken at blanks; longer words are cut inside. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  // A number stays with its unit.
  for (const word of escapeControls(shown).split(/ (?!(?:[KMGTPE]i)?B\b)/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (columnsOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = fitMiddle(word, width);
  }
  return [...lines, line];
}

/** A share of something, with what is said of it. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
}

/** Columns beyond which a bar says no more. */
const LONGEST_BAR = 48;

/** Eighths of a block, none to seven. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A line for each share, the longest bar for the largest one. */
export function barLines(bars: readonly Bar[], { width, paint }: LineOptions): string[] {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const texts = Math.max(0, ...bars.map(({ text }) => columnsOf(text)));
  const room = Math.min(LONGEST_BAR, width - LABEL_WIDTH - texts - 2);
  return bars.map(({ label, value, text }) => {
    const drawn = room < 4 ? "" : `${padColumns(bar(value / most, room), room)}  `;
    return paint("detail", padColumns(label, LABEL_WIDTH)) + paint("chart", drawn) + text;
  });
}

/** A bar of a part of `room` columns; what is not nothing can be seen. */
function bar(part: number, room: number): string {
  const eighths = Math.max(part > 0 ? 1 : 0, Math.round(part * room * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
