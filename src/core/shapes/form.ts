/**
 * Forms of documents: functions that take a part of one as the type that it has, or say what is
 * wrong with it. The documents that small commands read, and registries answer with, are read by
 * them: the schema library takes 8 ms to load and to read the first three documents, where an empty
 * program takes 18 (`src/core/shapes/shape.ts` reads the others by it, whose schemas say more).
 * @module
 */
import { isRecord } from "../json.ts";
import {
  checked,
  notAmong,
  OTHER_FORM,
  type Shaped,
  type ShapeProblem,
  strangeKeys,
  tooLarge,
  tooSmall,
  wanted,
} from "./words.ts";

/** What is wrong with a document, noted while its parts are looked at. */
export class Notes {
  readonly problems: ShapeProblem[] = [];
  readonly #path: (string | number)[] = [];

  /** Notes what is wrong with the part that is looked at. */
  add(message: string): void {
    this.problems.push({ message, path: [...this.#path] });
  }

  /** Looks at what a key or a position leads to, in the part that was looked at. */
  below<Value>(key: string | number, form: Form<Value>, value: unknown): Value {
    this.#path.push(key);
    const formed = form(value, this);
    this.#path.pop();
    return formed;
  }
}

/** Takes a value; where it notes that something is wrong, nobody uses what it gives. */
export type Form<Value> = (value: unknown, notes: Notes) => Value;

/** The type of what a form takes. */
export type Formed<Of> = Of extends Form<infer Value> ? Value : never;

/** Compares a document with a form. */
export function inForm<Value>(form: Form<Value>, document: unknown): Shaped<Value> {
  const notes = new Notes();
  const value = form(document, notes);
  const { problems } = notes;
  return problems.length === 0 ? { value } : { problems };
}

/**
 * A parsed document in a form.
 *
 * @param what The document's name in messages.
 * @param action What is done with it, as messages say it after "Cannot".
 * @throws {InvalidInputError} with all that is wrong with it.
 */
export function checkForm<Value>(
  form: Form<Value>,
  document: unknown,
  what: string,
  action: string = "read",
): Value {
  return checked(inForm(form, document), what, action);
}

/** A form of the values that a test knows; what others are is said in `message`. */
export function custom<Value>(
  test: (value: unknown) => value is Value,
  message: (value: unknown) => string,
): Form<Value> {
  return (value, notes) => {
    if (!test(value)) notes.add(message(value));
    return value as Value;
  };
}

/** Text. */
export const text: Form<string> = custom(
  (value) => typeof value === "string",
  (value) => wanted(value, "text"),
);

/** True or false. */
export const flag: Form<boolean> = custom(
  (value) => typeof value === "boolean",
  (value) => wanted(value, "true or false"),
);

/** A whole number that is safe and not negative. A wrong one must never become an allocation. */
export const count: Form<number> = custom(
  (value): value is number => Number.isSafeInteger(value) && value as number >= 0,
  (value) => {
    if (!Number.isInteger(value)) return wanted(value, "a whole number");
    return value as number < 0 ? tooSmall(0) : tooLarge(Number.MAX_SAFE_INTEGER);
  },
);

/** One of these values. */
export function oneOf<const Value>(...values: readonly Value[]): Form<Value> {
  return custom(
    (value): value is Value => values.includes(value as Value),
    (value) => notAmong(value, values),
  );
}

/** What has a form and passes a test besides. */
export function refined<Value>(
  form: Form<Value>,
  test: (value: Value) => boolean,
  message: string = OTHER_FORM,
): Form<Value> {
  return (value, notes) => {
    const before = notes.problems.length;
    const found = form(value, notes);
    if (notes.problems.length === before && !test(found)) notes.add(message);
    return found;
  };
}

/** A number that passes a test; `message` says of others what is wrong with them. */
export function number(test: (value: number) => boolean, message?: string): Form<number> {
  const any: Form<number> = custom(
    (value): value is number => typeof value === "number" && Number.isFinite(value),
    (value) => wanted(value, "a number"),
  );
  return refined(any, test, message);
}

/** A text or a list that has at most so many characters or items. */
export function upTo<Value extends { readonly length: number }>(
  most: number,
  form: Form<Value>,
): Form<Value> {
  return refined(form, ({ length }) => length <= most, `is longer than ${most}`);
}

/** Text that a pattern fits. */
export function matching(pattern: RegExp, message?: string): Form<string> {
  return refined(text, (value) => pattern.test(value), message);
}

/** What may be absent. */
export function optional<Value>(form: Form<Value>): Form<Value | undefined> {
  return (value, notes) => value === undefined ? undefined : form(value, notes);
}

/** What may be absent or `null`, which is the same. */
export function maybe<Value>(form: Form<Value>): Form<Value | undefined> {
  return (value, notes) => value == null ? undefined : form(value, notes);
}

/** What counts as absent where it has another form. */
export function lenient<Value>(form: Form<Value>): Form<Value | undefined> {
  return (value) => inForm(form, value).value;
}

/** What another value stands for where there is none. */
export function otherwise<Value>(form: Form<Value | undefined>, value: Value): Form<Value> {
  return (given, notes) => form(given, notes) ?? value;
}

/** The fields of a map, each with its form. */
type Fields<Map> = { readonly [Key in keyof Map]: Form<Map[Key]> };

/** A map; keys that are not known are left out. */
export function map<Map extends object>(fields: Fields<Map>): Form<Map> {
  return (value, notes) => fieldsOf(value, fields, {}, notes);
}

/** A map; keys that are not known stay in it. */
export function openMap<Map extends object>(fields: Fields<Map>): Form<Map> {
  return (value, notes) => fieldsOf(value, fields, { ...value as Partial<Map> }, notes);
}

/** A map that must not have other keys. */
export function closedMap<Map extends object>(fields: Fields<Map>): Form<Map> {
  return (value, notes) => {
    const strange = isRecord(value)
      ? Object.keys(value).filter((key) => !Object.hasOwn(fields, key))
      : [];
    const read = fieldsOf(value, fields, {}, notes);
    if (strange.length > 0) notes.add(strangeKeys(strange));
    return read;
  };
}

function fieldsOf<Map extends object>(
  value: unknown,
  fields: Fields<Map>,
  read: Partial<Map>,
  notes: Notes,
): Map {
  if (!isRecord(value)) {
    notes.add(wanted(value, "a map"));
    return read as Map;
  }
  for (const key of Object.keys(fields) as (keyof Map & string)[]) {
    const isThere = Object.hasOwn(value, key);
    const part = notes.below(key, fields[key], isThere ? value[key] : undefined);
    if (isThere || part !== undefined) read[key] = part;
  }
  return read as Map;
}

/** A map of things in one form under any keys. */
export function mapOf<Value>(form: Form<Value>): Form<Record<string, Value>> {
  return (value, notes) => {
    if (!isRecord(value)) notes.add(wanted(value, "a map"));
    const entries = Object.entries(isRecord(value) ? value : {});
    return Object.fromEntries(entries.map(([key, part]) => [key, notes.below(key, form, part)]));
  };
}

/** A map of texts under any keys, checked up to the first that is none: there may be many. */
export const textMap: Form<Record<string, string>> = (value, notes) => {
  if (!isRecord(value)) notes.add(wanted(value, "a map"));
  else {
    for (const key in value) {
      if (typeof value[key] === "string") continue;
      notes.below(key, text, value[key]);
      break;
    }
  }
  return value as Record<string, string>;
};

/**
 * A list whose items are checked up to the first that is wrong: to keep what is wrong with each
 * takes gigabytes for a document of a few megabytes.
 */
export function listOf<Item>(form: Form<Item>): Form<Item[]> {
  return (value, notes) => {
    if (!Array.isArray(value)) {
      notes.add(wanted(value, "a list"));
      return [];
    }
    const before = notes.problems.length;
    const items: Item[] = [];
    for (let at = 0; at < value.length && notes.problems.length === before; at++) {
      items.push(notes.below(at, form, value[at]));
    }
    return items;
  };
}
