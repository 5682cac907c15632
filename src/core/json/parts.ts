/**
 * JSON that is parsed as it comes, for documents whose values nobody wants to have all at once.
 *
 * A list or an object of a hundred thousand members comes as a series of lists or objects of some
 * hundred each. Put together they have what the document has, and where it is no JSON, one of them
 * is none either.
 * @module
 */
import { closing, type Container, Cuts, type JsonLimits, parsePiece } from "./cuts.ts";

/** Where documents are cut, and what may be in a part. */
export interface PartOptions extends JsonLimits {
  /** The most objects and lists that are cut, one within the other; all else is in one part. */
  readonly cut: number;
  /** Characters after which a part ends. */
  readonly piece: number;
  /** What is done with the text of a part before it is parsed. */
  readonly prepare?: (text: string) => string;
}

/**
 * The parts of a document, whose text comes in chunks. A member that has two values comes twice.
 * Memory: a part, or what cannot be cut.
 * @throws {SyntaxError} for what is no JSON, or beyond a limit.
 */
export async function* jsonParts(
  chunks: AsyncIterable<string>,
  { cut, piece, prepare = (text) => text, ...limits }: PartOptions,
): AsyncGenerator<unknown, void> {
  const cuts = new Cuts(limits);
  let [opening, text] = ["", ""];
  const parsed = (content: string, end: string) => {
    // Nothing between a comma and what closes would be a member less, and still JSON.
    if (opening !== "" && /^\s*([\]}]|$)/.test(content)) {
      throw new SyntaxError("it has a comma before the end of a list or an object");
    }
    return parsePiece(prepare(opening + content + end));
  };
  for await (const chunk of gathered(chunks, () => text.length)) {
    text += chunk;
    for (;;) {
      const at = cuts.next(text, { least: piece, deepest: cut });
      if (at === undefined) break;
      yield parsed(text.slice(0, at), closing(cuts.open));
      opening = openingOf(cuts.open);
      text = text.slice(at + 1);
      cuts.drop(at + 1);
    }
  }
  yield parsed(text, "");
}

/**
 * Chunks put together until they are as long as what waits for them: a text that cannot be cut is
 * looked at again with each that is added.
 */
async function* gathered(
  chunks: AsyncIterable<string>,
  least: () => number,
): AsyncGenerator<string, void> {
  let [waiting, length] = [[] as string[], 0];
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < least()) continue;
    yield waiting.join("");
    [waiting, length] = [[], 0];
  }
  yield waiting.join("");
}

/** What opens again what is open. */
function openingOf(open: readonly Container[]): string {
  return open.map(({ isList, key }, index) =>
    isList ? "[" : index === open.length - 1 ? "{" : `{${key}:`
  ).join("");
}
