/**
 * JSON that is parsed piece by piece, so that others have a turn between two pieces of a document
 * of megabytes: `JSON.parse` has the thread for as long as it takes.
 *
 * The text is cut at commas. What is open there is closed at the end of a piece and opened again at
 * the beginning of the next one, so that each is a document of its own, which the runtime parses;
 * their values are put together. So the result is that of `JSON.parse`, for what it refuses too.
 * @module
 */
import { closing, type Container, Cuts, type JsonLimits, parsePiece } from "./cuts.ts";

/** What parsing may take of memory, stack and time. */
export interface PieceLimits extends JsonLimits {
  /** Characters after which a piece ends. */
  readonly piece: number;
}

/**
 * Parses JSON, with a rest after each piece.
 * @throws {SyntaxError} for what is no JSON, or beyond a limit; that is found before it is parsed.
 */
export function* parsePieces(text: string, limits: PieceLimits): Generator<void, unknown> {
  const cuts = new Cuts(limits);
  const pieces = new Pieces(text);
  for (;;) {
    const at = cuts.next(text, { least: pieces.begin + limits.piece });
    if (at === undefined) break;
    pieces.end(at, cuts.open);
    yield;
  }
  pieces.end(text.length, []);
  return pieces.whole;
}

/** The pieces of a text, put together. */
class Pieces {
  /** All that was parsed. */
  whole: unknown;
  /** Where the present piece begins: at a comma, or with the text. */
  begin = 0;
  readonly #text: string;
  /** What is open where it begins. */
  #open: readonly Container[] = [];
  /** Stands for the key of a member that goes on; no document has it. */
  readonly #key = crypto.randomUUID();

  /** Makes pieces of a text. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Parses the present piece, which ends at a place where so much is open. */
  end(at: number, open: readonly Container[]): void {
    const isFirst = this.#open.length === 0;
    const text = this.#text.slice(this.begin, at) + closing(open);
    if (isFirst) this.whole = JSON.parse(text);
    else this.#graft(parsePiece(this.#opening() + text));
    this.begin = at;
    this.#open = [...open];
  }

  /** What opens again what is open, up to the value before the comma, for which `null` stands. */
  #opening(): string {
    return this.#open.map(({ isList }) => isList ? "[" : `{"${this.#key}":`).join("") + "null";
  }

  /** Adds what a piece has to what was open when it began. */
  #graft(piece: unknown): void {
    let [target, more] = [this.whole, piece];
    for (const { isList, key } of this.#open) {
      if (isList) [target, more] = addItems(target as unknown[], more as unknown[]);
      else {
        const name: string = JSON.parse(key);
        [target, more] = this.#addMembers(target as Members, name, more as Members);
      }
    }
  }

  /** Adds members to an object; gives the one that goes on, and what it goes on with. */
  #addMembers(target: Members, name: string, more: Members): [unknown, unknown] {
    const goingOn = target[name];
    for (const [key, value] of Object.entries(more)) {
      if (key === this.#key) continue;
      // Assigned, this name would change what the object inherits.
      if (key === "__proto__") Object.defineProperty(target, key, { ...OWN, value });
      else target[key] = value;
    }
    return [goingOn, more[this.#key]];
  }
}

type Members = Record<string, unknown>;

const OWN = { configurable: true, enumerable: true, writable: true };

/** Adds items to a list, but for the first, with which its last one goes on; gives both. */
function addItems(target: unknown[], more: readonly unknown[]): [unknown, unknown] {
  const goingOn = target.at(-1);
  for (let at = 1; at < more.length; at++) target.push(more[at]);
  return [goingOn, more[0]];
}
