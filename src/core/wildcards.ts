/**
 * The one matcher of patterns: every language of wildcards that we read becomes pieces, and pieces
 * are compared with a text in time that grows with the product of both lengths.
 *
 * All the ways through a pattern are followed at once (Thompson's simulation of a
 * nondeterministic automaton). A regular expression would try one after the other, and never end
 * on patterns that are made for it.
 * @module
 */

/** Whether a character, given as its code point, is meant. */
export type CharTest = (code: number) => boolean;

/** A part of a pattern. */
export type Piece =
  /** One character that passes the test. */
  | { readonly one: CharTest }
  /** Any number of characters that pass the test, none included. */
  | { readonly many: CharTest }
  /** One of several sequences. */
  | { readonly choice: readonly (readonly Piece[])[] };

/** A pattern, ready to be compared. */
export interface Wildcards {
  /** Whether the whole text matches. */
  matches(text: string): boolean;
  /** Whether some text that begins so might match. */
  mayStartWith(text: string): boolean;
}

/** Every character but the slash. */
export const notSlash: CharTest = (code) => code !== 0x2f;

/** Every character. */
export const anyChar: CharTest = () => true;

/** A sequence that may be missing. */
export function optional(...pieces: Piece[]): Piece {
  return { choice: [[], pieces] };
}

/** The characters of a text, each standing for itself. */
export function literally(text: string): Piece[] {
  return Array.from(text, (char) => {
    const wanted = char.codePointAt(0);
    return { one: (code: number) => code === wanted };
  });
}

/** A place in a pattern: it takes a character and goes on, or goes on without one. */
interface State {
  readonly takes?: CharTest;
  readonly next: number[];
}

const END = 0;

/** Prepares a pattern. */
export function compileWildcards(pieces: readonly Piece[]): Wildcards {
  const states: State[] = [{ next: [] }];
  const first = addSequence(states, pieces, END);
  const walk = new Walk(states);
  /** The places where comparing stands after a text. */
  const run = (text: string): readonly number[] => {
    let places = walk.from([first]);
    for (let index = 0; index < text.length && places.length > 0;) {
      const code = text.codePointAt(index) ?? 0;
      index += code > 0xffff ? 2 : 1;
      const next: number[] = [];
      for (const place of places) {
        const { takes, next: after } = states[place]!;
        if (takes?.(code)) { for (const each of after) next.push(each); }
      }
      places = walk.from(next);
    }
    return places;
  };
  const head = headOf(pieces);
  const tail = headOf(pieces.toReversed());
  return {
    // Most names that do not match differ at their end, as `model.bin` and `*.safetensors` do, or
    // at their start.
    matches: (text) => endsLike(text, tail) && startsLike(text, head) && run(text).includes(END),
    mayStartWith: (text) => run(text).length > 0,
  };
}

/** The characters that every text begins with. */
function headOf(pieces: readonly Piece[]): CharTest[] {
  const head: CharTest[] = [];
  for (const piece of pieces) {
    if (!("one" in piece)) break;
    head.push(piece.one);
  }
  return head;
}

function startsLike(text: string, head: readonly CharTest[]): boolean {
  let index = 0;
  for (const test of head) {
    const code = text.codePointAt(index);
    if (code === undefined || !test(code)) return false;
    index += code > 0xffff ? 2 : 1;
  }
  return true;
}

/** Whether a text ends with the characters of `tail`, the last one first. */
function endsLike(text: string, tail: readonly CharTest[]): boolean {
  let end = text.length;
  for (const test of tail) {
    if (end === 0) return false;
    const pair = end > 1 ? text.codePointAt(end - 2) ?? 0 : 0;
    const code = pair > 0xffff ? pair : text.charCodeAt(end - 1);
    if (!test(code)) return false;
    end -= pair > 0xffff ? 2 : 1;
  }
  return true;
}

/** Adds a sequence that leads to `next`; returns where it begins. */
function addSequence(states: State[], pieces: readonly Piece[], next: number): number {
  return pieces.reduceRight((after, piece) => addPiece(states, piece, after), next);
}

function addPiece(states: State[], piece: Piece, next: number): number {
  if ("one" in piece) return add(states, { takes: piece.one, next: [next] });
  if ("choice" in piece) {
    return add(states, { next: piece.choice.map((way) => addSequence(states, way, next)) });
  }
  const loop: State = { next: [next] };
  const start = add(states, loop);
  loop.next.push(add(states, { takes: piece.many, next: [start] }));
  return start;
}

function add(states: State[], state: State): number {
  return states.push(state) - 1;
}

/**
 * Goes from places to those that they lead to without a character. A pattern of thousands of places
 * is walked for each character of each name: a set of places for each took four times as long.
 */
class Walk {
  readonly #states: readonly State[];
  /** The turn in which each place was met last. */
  readonly #met: Float64Array;
  #turn = 0;

  constructor(states: readonly State[]) {
    this.#states = states;
    this.#met = new Float64Array(states.length);
  }

  /** The places that take a character, and the end, each once. Empties `open`. */
  from(open: number[]): number[] {
    this.#turn++;
    const reached: number[] = [];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (this.#met[place] === this.#turn) continue;
      this.#met[place] = this.#turn;
      const { takes, next } = this.#states[place]!;
      if (takes !== undefined || place === END) reached.push(place);
      else for (const each of next) open.push(each);
    }
    return reached;
  }
}

/** How a language writes classes of characters. */
export interface ClassSyntax {
  /** What negates a class, in first place. */
  readonly negators: string;
  /** Before which characters a backslash makes them literal; absent when it never does. */
  readonly escapes?: (char: string) => boolean;
  /** Whether `[:digit:]` and its like stand for characters, those of ASCII. */
  readonly named?: boolean;
}

/** Ranges of the named classes, as pairs of characters, as git has them. */
const NAMED_CLASSES: Readonly<Record<string, string>> = {
  ...{ alnum: "09AZaz", alpha: "AZaz", blank: "\t\t  ", cntrl: "\0\x1f\x7f\x7f", digit: "09" },
  ...{ graph: "!~", lower: "az", print: " ~", punct: "!/:@[`{~", space: "\t\r  " },
  ...{ upper: "AZ", xdigit: "09AFaf" },
};

/** A class of characters in a pattern. */
export interface CharClass {
  readonly test: CharTest;
  /** Index behind the closing bracket. */
  readonly end: number;
  /** Whether a range goes backwards. */
  readonly backwards: boolean;
}

/**
 * Reads the class that opens at `start`: `[a-z]`, or negated. A `]` in first place does not close
 * it. `undefined` when nothing closes it, or a name in it is none. A range that goes backwards has
 * no characters.
 */
export function parseClass(
  pattern: string,
  start: number,
  { negators, escapes, named }: ClassSyntax,
): CharClass | undefined {
  const negated = start + 1 < pattern.length && negators.includes(pattern.charAt(start + 1));
  const ranges: [number, number][] = [];
  let at = negated ? start + 2 : start + 1;
  const first = at;
  const member = (): number => {
    const escaped = pattern[at] === "\\" && escapes?.(pattern.charAt(at + 1));
    const code = pattern.codePointAt(escaped ? ++at : at) ?? 0;
    at += code > 0xffff ? 2 : 1;
    return code;
  };
  while (at < pattern.length) {
    if (pattern[at] === "]" && at > first) {
      const inside: CharTest = (code) => ranges.some(([from, to]) => from <= code && code <= to);
      return {
        test: negated ? (code) => !inside(code) : inside,
        end: at + 1,
        backwards: ranges.some(([from, to]) => from > to),
      };
    }
    const [whole, name] = named ? nameAt(pattern, at) : [];
    if (whole !== undefined && name !== undefined) {
      if (!Object.hasOwn(NAMED_CLASSES, name)) return undefined;
      const ends = Array.from(NAMED_CLASSES[name]!, (char) => char.charCodeAt(0));
      for (let pair = 0; pair < ends.length; pair += 2) ranges.push([ends[pair]!, ends[pair + 1]!]);
      at += whole.length;
      continue;
    }
    const from = member();
    const isRange = pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]";
    if (isRange) at++;
    ranges.push([from, isRange ? member() : from]);
  }
  return undefined;
}

/** The name of a class at a place, with what is around it. */
function nameAt(pattern: string, at: number): readonly (string | undefined)[] {
  const name = /\[:([^\]]*):\]/y;
  name.lastIndex = at;
  return name.exec(pattern) ?? [];
}

/** A test that takes both letter cases of what another takes. */
export function foldCase(test: CharTest): CharTest {
  return (code) => {
    // Names are ASCII nearly always, and each is compared with hundreds of patterns.
    if (code < 0x80) return test(code) || isLetter(code) && test(code ^ 0x20);
    const char = String.fromCodePoint(code);
    return test(code) ||
      [char.toLowerCase(), char.toUpperCase()].some((other) => test(other.codePointAt(0) ?? code));
  };
}

/** Whether a character is one of the letters of ASCII, whose two cases differ in one bit. */
function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
