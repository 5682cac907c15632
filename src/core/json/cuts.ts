/**
 * Where a JSON text can be cut: at commas, of which it is told what is open there. Whether the text
 * is JSON at all is for whoever parses what is between two cuts.
 * @module
 */

/** What parsing may take of memory and stack. */
export interface JsonLimits {
  /** The deepest nesting. */
  readonly depth: number;
  /** The most values, counted by commas and brackets. */
  readonly values: number;
}

/** An object or a list that is not closed yet. */
export interface Container {
  readonly isList: boolean;
  /** The key of its last member as it is in the text, with its quotes. */
  readonly key: string;
}

/** Which commas are wanted. */
export interface WantedCuts {
  /** No comma before it. */
  readonly least: number;
  /** The most objects and lists that may be open. */
  readonly deepest?: number;
}

/** Walks through a text from comma to comma. */
export class Cuts {
  /** What is open where the walk is. */
  readonly open: Container[] = [];
  readonly #limits: JsonLimits;
  #at = 0;
  #values = 1;
  #string = "";

  /** Begins at the start of a text. */
  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /**
   * The next comma that is wanted; `undefined` when the text ends before it. The walk goes on there
   * with a longer text of the same beginning.
   * @throws {SyntaxError} beyond a limit, and for a comma at the beginning of a list or an object:
   * what is cut there is an empty one, whose parser would never see the comma.
   */
  next(text: string, { least, deepest = Infinity }: WantedCuts): number | undefined {
    const { open } = this;
    for (let at = this.#at; at < text.length; at++) {
      switch (text.charCodeAt(at)) {
        case QUOTE: {
          const end = endOfString(text, at);
          if (end < 0) return this.#stop(at);
          this.#string = text.slice(at, end);
          at = end - 1;
          break;
        }
        case COLON:
          if (open.length > 0) open[open.length - 1] = { isList: false, key: this.#string };
          break;
        case CLOSING_BRACKET:
        case CLOSING_BRACE:
          open.pop();
          break;
        case OPENING_BRACKET:
        case OPENING_BRACE:
          this.#count();
          open.push({ isList: text.charCodeAt(at) === OPENING_BRACKET, key: "" });
          if (open.length > this.#limits.depth) {
            throw new SyntaxError(`it is nested more than ${this.#limits.depth} levels deep`);
          }
          break;
        case COMMA:
          this.#count();
          if (at < least || open.length === 0 || open.length > deepest) break;
          if (followsOpening(text, at)) {
            throw new SyntaxError("it has a comma at the beginning of a list or an object");
          }
          this.#at = at + 1;
          return at;
      }
    }
    return this.#stop(text.length);
  }

  /** Says that the text begins later now, and that the values before have been taken. */
  drop(characters: number): void {
    this.#at -= characters;
    this.#values = 1;
  }

  #stop(at: number): undefined {
    this.#at = at;
  }

  #count(): void {
    if (++this.#values <= this.#limits.values) return;
    throw new SyntaxError(`it has more than ${this.#limits.values} values`);
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
/** Space, tab, line feed, carriage return. */
const BLANKS = [0x20, 0x09, 0x0a, 0x0d];
const [OPENING_BRACKET, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Where the string ends that begins at a quote: behind its other quote; -1 where there is none. */
function endOfString(text: string, begin: number): number {
  for (let at = begin; (at = text.indexOf('"', at + 1)) >= 0;) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at + 1;
  }
  return -1;
}

/** Whether nothing but blanks is between a place and the bracket or brace before it. */
function followsOpening(text: string, at: number): boolean {
  let before = at - 1;
  while (BLANKS.includes(text.charCodeAt(before))) before--;
  const found = text.charCodeAt(before);
  return found === OPENING_BRACKET || found === OPENING_BRACE;
}

/** What closes all that is open. */
export function closing(open: readonly Container[]): string {
  return open.map(({ isList }) => isList ? "]" : "}").reverse().join("");
}

/** Parses a piece; where in it something is wrong says nothing of where that is in the document. */
export function parsePiece(piece: string): unknown {
  try {
    return JSON.parse(piece);
  } catch (cause) {
    throw new SyntaxError((cause as Error).message.replace(/( in JSON)? at position .*/s, ""), {
      cause,
    });
  }
}
