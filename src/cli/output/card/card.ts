/**
 * The card of a model as text.
 * @module
 */
import { largestTensors } from "../../../model/card/documents.ts";
import type { ModelCard } from "../../../model/card/shape.ts";
import { columnsOf, fitMiddle } from "../columns.ts";
import { countOf, escapeControls, formatBytes } from "../format.ts";
import type { Paint } from "../paint.ts";
import { cardFacts } from "./facts.ts";
import { barLines, factLines, wrapped } from "./lines.ts";
import { unlistedText, unreadFiles } from "./unlisted.ts";
import { KIND_NAMES, type Screen, tensorTable } from "./tables.ts";

/** How a card is shown. */
export interface CardTextOptions {
  /** What the model was called when it was asked for. */
  readonly reference: string;
  readonly screen: Screen;
  readonly paint: Paint;
  readonly now: Date;
  /** Whether all headers were to be read. */
  readonly allHeaders: boolean;
}

/** A card is no wider: longer lines are hard to read. */
const WIDEST = 120;

/** Where nobody knows how wide the lines may be. */
const USUAL_WIDTH = 80;

/** Digests are shown whole where there is room for them. */
const ROOM_FOR_DIGEST = 84;

/** A card as text, without a line end. What came from outside cannot steer the terminal. */
export function cardText(
  card: ModelCard,
  { reference, screen, paint, now, allHeaders }: CardTextOptions,
): string {
  const width = Math.min(WIDEST, screen.columns() ?? USUAL_WIDTH);
  const options = { width, paint };
  const [name = ""] = wrapped(card.facts.name ?? reference, width);
  const bars = card.parts.map(({ kind, files, size }) => ({
    label: KIND_NAMES[kind] ?? kind,
    value: size,
    text: `${formatBytes(size).padStart(8)}  ${countOf(files, "file")}`,
  }));
  const largest = largestTensors(card.tensors);
  const sections = [
    [
      paint("title", name),
      ...card.facts.name === undefined
        ? []
        : [paint("detail", fitMiddle(escapeControls(reference), width))],
    ],
    factLines(cardFacts(card, { now, wide: width >= ROOM_FOR_DIGEST }), options),
    barLines(bars, options),
    largest.length === 0 ? [] : [
      paint("detail", largestTitle(card, width)),
      ...tensorTable(largest, { isTerminal: true, columns: () => width }, { isBrief: true }),
    ],
    remarksOf(card, allHeaders).flatMap((remark) => wrapped(remark, width)).map((line) =>
      paint("warning", line)
    ),
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

function largestTitle(
  { tensors, unreadTensors, unlisted }: ModelCard,
  width: number,
): string {
  const counted = unlisted.reduce((sum, { tensorCount = 0 }) => sum + tensorCount, 0);
  const all = tensors.length + unreadTensors.length + counted;
  const count = countOf(all, "tensor");
  const read = all === tensors.length ? "" : ` of the ${tensors.length} that were read`;
  const whole = `${count} (all with --tensors), the largest${read}:`;
  return columnsOf(whole) <= width ? whole : `${count}, the largest:`;
}

/** What a person should know of how the card came about. */
function remarksOf(card: ModelCard, allHeaders: boolean): string[] {
  const { unlisted, warnings } = card;
  const { far, packed } = unreadFiles(card, card.unread, allHeaders);
  const missing = [
    ...far.length === 0
      ? []
      : [`The headers of ${countOf(far.length, "file")} were not read: --all-headers reads them`],
    ...packed.length === 0
      ? []
      : [`${countOf(packed.length, "file")} tell nothing here: they are read where the model is`],
  ];
  // Of a format without tensors that are read nobody expects any here.
  const counted = unlisted.filter(({ tensorCount }) => tensorCount !== undefined);
  return [...missing, ...counted.length === 0 ? [] : [unlistedText(unlisted)], ...warnings];
}
