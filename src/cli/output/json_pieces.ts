/**
 * JSON as text that is written piece by piece: a list of a hundred thousand tensors takes thirty
 * megabytes, which nobody needs in one piece.
 * @module
 */
import { LongList } from "../../core/lists/long_list.ts";

/**
 * Items of a list that are written one by one; shorter ones are written with what is around them.
 */
const LONG = 100;

/**
 * The text of `JSON.stringify(value, undefined, 2)` in pieces, each no longer than a long list's
 * item.
 */
export function* jsonPieces(value: unknown, indent = ""): Generator<string, void> {
  if (!isLong(value)) {
    yield (JSON.stringify(value, undefined, 2) ?? "null").replaceAll("\n", `\n${indent}`);
    return;
  }
  const isList = Array.isArray(value) || value instanceof LongList;
  const inner = `${indent}  `;
  let mark = isList ? "[" : "{";
  for (const [key, item] of isList ? unnamed(value) : Object.entries(value)) {
    if (!isList && item === undefined) continue;
    yield `${mark}\n${inner}${isList ? "" : `${JSON.stringify(key)}: `}`;
    yield* jsonPieces(item, inner);
    mark = ",";
  }
  yield `\n${indent}${isList ? "]" : "}"}`;
}

/** The items of a list as members without a name. */
function* unnamed(
  items: Iterable<unknown>,
): Generator<readonly [name: string, item: unknown], void> {
  for (const item of items) yield ["", item];
}

/** Whether a value is a long list, or has one. */
function isLong(value: unknown): value is object {
  if (value instanceof LongList) return value.length > LONG;
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  return Array.isArray(value) ? value.length > LONG : Object.values(value).some(isLong);
}
