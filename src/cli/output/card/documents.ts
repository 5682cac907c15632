/**
 * The documents of `--json` that a card is made of.
 * @module
 */
import type { ModelCard } from "../../../model/card/shape.ts";
import { largestTensors } from "./card.ts";

/** Which parts of a card are wanted. */
export interface CardParts {
  readonly card?: boolean;
  readonly files?: boolean;
  readonly tensors?: boolean;
}

/** The card without its long lists, and those that are asked for. */
export function cardDocument(
  reference: string,
  { files, tensors, ...card }: ModelCard,
  wanted: CardParts,
): Readonly<Record<string, unknown>> {
  return {
    reference,
    ...(wanted.card
      ? { ...card, largestTensors: largestTensors(tensors) }
      : { digest: card.digest, unread: card.unread, warnings: card.warnings }),
    ...(wanted.files ? { files } : {}),
    ...(wanted.tensors ? { tensors } : {}),
  };
}
