/**
 * Writes a card, or the parts of it that are asked for.
 * @module
 */
import { cardDocument, type CardParts } from "../../../model/card/documents.ts";
import type { ModelCard } from "../../../model/card/shape.ts";
import type { FileTensor, UnreadTensor } from "../../../model/facts/facts.ts";
import type { Session } from "../../session.ts";
import { countOf } from "../format.ts";
import { cardText } from "./card.ts";
import { madeItems } from "../../../core/long_list.ts";
import { unlistedText } from "./unlisted.ts";
import { fileTable, tensorTable } from "./tables.ts";

/** Writes the parts of a card to standard output, what could not be read to standard error. */
export function showCard(
  { context, settings, output, paint }: Session,
  reference: string,
  { card, parts }: { readonly card: ModelCard; readonly parts: CardParts },
): void {
  if (settings.json) return output.document(cardDocument(reference, card, parts));
  const { stdout: screen, now } = context;
  const shown = [
    ...parts.card ? [[cardText(card, { reference, screen, paint, now: now() })]] : [],
    ...parts.files ? [fileTable(card.files, screen)] : [],
    ...parts.tensors ? [tensorTable(madeItems(() => allTensors(card)), screen)] : [],
  ];
  output.drawing(separated(shown));
  if (parts.card) return;
  output.warnAll(card.warnings);
  if (!parts.tensors) return;
  if (card.unread.length > 0) output.warn(unreadText(card));
  if (card.unlisted.length > 0) output.warn(unlistedText(card.unlisted));
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

/** What a list of tensors lacks, and how to get it. */
function unreadText({ unread, unreadTensors }: ModelCard): string {
  const files = countOf(unread.length, "file");
  const listed = new Set(unreadTensors.map(({ file }) => file));
  const what = unread.every((path) => listed.has(path))
    ? `The shapes of ${countOf(unreadTensors.length, "tensor")} in ${files} are not read`
    : `The headers of ${files} are not read, nor are all of their tensors listed`;
  return `${what} (--remote --all-headers reads them): ${unread.join(", ")}`;
}
