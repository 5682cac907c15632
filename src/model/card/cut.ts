/**
 * What of a model could not be read, so that its card does not have it.
 * @module
 */
import { formatRowOf } from "../facts/formats.ts";
import type { ModelCard } from "./shape.ts";

type Lacks = Pick<ModelCard, "unread" | "unlisted">;

/** Weight files whose headers were not read, or not to the end. */
export function unreadWeights({ unread }: Pick<ModelCard, "unread">): readonly string[] {
  return unread.filter((path) => formatRowOf(path) !== undefined);
}

/** Whether a model has tensors that its card does not list. */
export function areTensorsCut(card: Lacks): boolean {
  return card.unlisted.length > 0 || unreadWeights(card).length > 0;
}
