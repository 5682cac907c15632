/**
 * The documents of JSON that a card is made of.
 * @module
 */
import type { FileTensor } from "../facts/facts.ts";
import type { ModelCard } from "./shape.ts";

/** Which parts of a card are wanted. */
export interface CardParts {
  readonly card?: boolean;
  readonly files?: boolean;
  readonly tensors?: boolean;
}

/** A card, of whose tensors a part may be shown. */
type ShownCard = Omit<ModelCard, "tensors"> & { readonly tensors: Iterable<FileTensor> };

/** The card without its long lists, and those that are asked for. */
export function cardDocument(
  reference: string,
  { files, tensors, unreadTensors, unlisted, ...card }: ShownCard,
  wanted: CardParts,
): Readonly<Record<string, unknown>> {
  return {
    reference,
    ...(wanted.card
      ? { ...card, largestTensors: largestTensors(tensors) }
      : { digest: card.digest, unread: card.unread, warnings: card.warnings }),
    ...(wanted.files ? { files } : {}),
    ...(wanted.tensors ? { tensors, unreadTensors, unlisted } : {}),
  };
}

/** The largest tensors that are shown. */
const MOST_LARGEST = 5;

/** The largest tensors, the largest first; sorting all of a hundred thousand takes long. */
export function largestTensors(tensors: Iterable<FileTensor>): readonly FileTensor[] {
  const largest: (FileTensor & { readonly bytes: number })[] = [];
  for (const tensor of tensors) {
    const { bytes } = tensor;
    const least = largest.length < MOST_LARGEST ? -1 : largest.at(-1)!.bytes;
    if (bytes === undefined || bytes <= least) continue;
    const place = largest.findIndex((other) => other.bytes < bytes);
    largest.splice(place < 0 ? largest.length : place, 0, { ...tensor, bytes });
    largest.length = Math.min(largest.length, MOST_LARGEST);
  }
  return largest;
}
