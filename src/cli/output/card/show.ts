/**
 * Writes a card, or the parts of it that are asked for.
 * @module
 */
import { cardDocument, type CardParts } from "../../../model/card/documents.ts";
import type { ModelCard } from "../../../model/card/shape.ts";
import type { FileTensor, UnreadTensor } from "../../../model/facts/facts.ts";
import type { Session } from "../../session.ts";
import { cardText } from "./card.ts";
import { madeItems } from "../../../core/lists/long_list.ts";
import { cutTexts } from "./unlisted.ts";
import { fileTable, tensorTable } from "./tables.ts";

/** Writes the parts of a card to standard output, what could not be read to standard error. */
export function showCard(
  { context, settings, output, paint }: Session,
  reference: string,
  { card, parts, allHeaders }: {
    readonly card: ModelCard;
    readonly parts: CardParts;
    /** Whether all headers were to be read. */
    readonly allHeaders: boolean;
  },
): void {
  const cuts = parts.tensors ? cutTexts(card, allHeaders) : [];
  if (settings.json) {
    output.document(cardDocument(reference, card, parts));
    return output.warnAll(cuts);
  }
  const { stdout: screen, now } = context;
  const shown = [
    ...parts.card ? [[cardText(card, { reference, screen, paint, now: now(), allHeaders })]] : [],
    ...parts.files ? [fileTable(card.files, screen)] : [],
    ...parts.tensors ? [tensorTable(madeItems(() => allTensors(card)), screen)] : [],
  ];
  output.drawing(separated(shown));
  if (!parts.card) output.warnAll(card.warnings);
  output.warnAll(cuts);
}

function* allTensors({ tensors, unreadTensors }: ModelCard): Generator<FileTensor | UnreadTensor> {
  yield* tensors;
  yield* unreadTensors;
}

/** The lines of all sections, an empty one between two of them. */
function* separated(sections: readonly Iterable<string>[]): Generator<string, void> {
  for (const [index, section] of sections.entries()) {
    if (index > 0) yield "";
    yield* section;
  }
}
