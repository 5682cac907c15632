/**
 * JSON that is parsed piece by piece, so that others have a turn between two pieces of a document
 * of megabytes: `JSON.parse` has the thread for as long as it takes.
 *
 * The text is cut at commas. What is open there is closed at the end of a piece and opened again at
 * the beginning of the next one, so that each is a document of its own, which the runtime parses;
 * their values are put together. So the result is that of `JSON.parse`, for what it refuses too.
 * @module
 */

/** What parsing may take of memory and stack. */
export interface JsonLimits {
  /** The deepest nesting. */
  readonly depth: number;
  /** The most values, counted by commas and brackets. */
  readonly values: number;
  /** Characters after which a piece ends. */
  readonly piece: number;
}

/** An object or a list that is not closed yet. */
interface Container {
  readonly isList: boolean;
  /** Where the key of its last member begins and ends in the text. */
  readonly key: readonly [number, number];
}

/**
 * Parses JSON, with a rest after each piece.
 * @throws {SyntaxError} for what is no JSON, or beyond a limit; that is found before it is parsed.
 */
export function* parsePieces(text: string, limits: JsonLimits): Generator<void, unknown> {
  const open: Container[] = [];
  const pieces = new Pieces(text);
  let values = 1;
  let string: readonly [number, number] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        string = [at, end];
        at = end - 1;
        break;
      }
      case COLON:
        if (open.length > 0) open[open.length - 1] = { isList: false, key: string };
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        open.pop();
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        values++;
        open.push({ isList: text.charCodeAt(at) === OPENING_BRACKET, key: [0, 0] });
        if (open.length > limits.depth) {
          throw new SyntaxError(`it is nested more than ${limits.depth} levels deep`);
        }
        break;
      case COMMA:
        values++;
        if (at - pieces.begin < limits.piece || open.length === 0) break;
        pieces.end(at, open);
        yield;
    }
    if (values > limits.values) throw new SyntaxError(`it has more than ${limits.values} values`);
  }
  pieces.end(text.length, []);
  return pieces.whole;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPENING_BRACKET, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Where the string ends that begins at a quote: behind its other quote, or with the text. */
function endOfString(text: string, begin: number): number {
  for (let at = begin; (at = text.indexOf('"', at + 1)) >= 0;) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at + 1;
  }
  return text.length;
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
    const closing = open.map(({ isList }) => isList ? "]" : "}").reverse().join("");
    const text = this.#text.slice(this.begin, at) + closing;
    if (isFirst) this.whole = JSON.parse(text);
    else this.#graft(parsed(this.#opening() + text));
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
        const name: string = JSON.parse(this.#text.slice(...key));
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

/** Where in a piece something is wrong says nothing of where that is in the document. */
function parsed(piece: string): unknown {
  try {
    return JSON.parse(piece);
  } catch (cause) {
    throw new SyntaxError((cause as Error).message.replace(/( in JSON)? at position .*/s, ""), {
      cause,
    });
  }
}
