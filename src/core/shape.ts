/**
 * Documents from outside, checked against a schema. What is wrong is said in this program's words:
 * those of the validator never reach a person.
 * @module
 */
import type * as z from "../deps/zod_mini.ts";
import { array, pipe, safeParse, transform, unknown } from "../deps/zod_mini.ts";
import { isRecord } from "./json.ts";
import { problemsError } from "./problems.ts";
import { quote } from "./text.ts";

/** What is wrong with a part of a document. */
export interface ShapeProblem {
  /** The keys and positions that lead to the part. */
  readonly path: readonly (string | number)[];
  /** What is wrong, as a clause that follows the name of the part. */
  readonly message: string;
}

/** A document in the shape of a schema, or all that is wrong with it. */
export type Shaped<Value> =
  | { readonly value: Value; readonly problems?: undefined }
  | { readonly problems: readonly ShapeProblem[] };

/** Most documents are read once: making code for a schema takes longer than reading them. */
const READING = { jitless: true, error: reasonOf };

/** Compares a document with a schema. */
export function shaped<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
): Shaped<z.infer<Schema>> {
  const parsed = safeParse(schema, document, READING);
  if (parsed.success) return { value: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) => ({
      path: issue.path.filter((key) => typeof key !== "symbol"),
      // Of a key that breaks a rule only the rule's own words say what is wrong with it.
      message: issue.code === "invalid_key"
        ? issue.issues[0]?.message ?? issue.message
        : issue.message,
    })),
  };
}

/**
 * A parsed document in the shape of a schema.
 *
 * @param what The document's name in messages.
 * @param action What is done with it, as messages say it after "Cannot".
 * @throws {InvalidInputError} with all that is wrong with it.
 */
export function checkShape<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
  what: string,
  action: string = "read",
): z.infer<Schema> {
  const found = shaped(schema, document);
  if (found.problems === undefined) return found.value;
  throw problemsError(
    `${action} ${what}`,
    found.problems.map(({ path, message }) => ({
      message: `${path.join(".") || "document"}: ${message}`,
    })),
  );
}

/** What is wrong with a value, for the schemas that have no words of their own. */
function reasonOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return wanted(issue.input, NOUNS[issue.expected] ?? issue.expected);
    case "invalid_value":
      return issue.input === undefined ? "is missing" : notAmong(issue.values);
    case "invalid_union":
      return wanted(issue.input, unionOf(issue.errors));
    case "unrecognized_keys":
      return `has keys that it must not have: ${issue.keys.map((key) => quote(key)).join(", ")}`;
    case "too_small":
      if (issue.origin !== "number") return "is empty";
      return issue.minimum === 0 ? "is negative" : `is less than ${issue.minimum}`;
    case "too_big":
      return `is more than ${issue.maximum}`;
    default:
      return "has another form than is wanted";
  }
}

/** What types of values are called. */
const NOUNS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "a map",
  record: "a map",
  string: "text",
};

function wanted(input: unknown, what: string): string {
  if (input === undefined) return "is missing";
  if (input === null) return `is empty, want ${what}`;
  if (input instanceof Date) return "is a date: put it in quotes";
  const type = Array.isArray(input) ? "array" : typeof input;
  return type === "number" && what === NOUNS["int"]
    ? "is not a whole number"
    : `is ${NOUNS[type] ?? type}, want ${what}`;
}

function notAmong(values: readonly unknown[]): string {
  if (values.length === 1) return `is not ${JSON.stringify(values[0])}`;
  return `is none of ${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}

function unionOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const types = errors.flatMap(([issue]) =>
    issue?.code === "invalid_type" ? [NOUNS[issue.expected] ?? issue.expected] : []
  );
  return [...new Set(types)].join(" or ");
}

/**
 * A list whose items are checked one after the other, up to the first that is wrong: the schema of
 * the library keeps what is wrong with each, which takes gigabytes for a document of a few. Items that `isPlain` knows to be right are taken as they
 * are: it may know the usual ones only, and saves the microseconds that the library takes for each.
 */
export function listOf<Item extends z.core.$ZodType>(
  item: Item,
  isPlain: (value: unknown) => value is z.infer<Item> = (_): _ is z.infer<Item> => false,
): z.ZodMiniType<z.infer<Item>[]> {
  return pipe(
    array(unknown()),
    transform((values, { issues }) => {
      const items: z.infer<Item>[] = [];
      for (const [index, value] of values.entries()) {
        if (isPlain(value)) {
          items.push(value);
          continue;
        }
        const parsed = safeParse(item, value, READING);
        if (!parsed.success) {
          issues.push(...issuesAt(index, parsed.error));
          break;
        }
        items.push(parsed.data);
      }
      return items;
    }),
  );
}

/**
 * An object of texts under any keys. The schema of the library takes a microsecond for each, which
 * is half a second for a document of a few megabytes.
 */
export function textMap(): z.ZodMiniType<Record<string, string>> {
  return pipe(
    unknown(),
    transform((entries, { issues }) => {
      if (!isRecord(entries)) {
        issues.push({ code: "invalid_type", expected: "record", input: entries });
        return {};
      }
      const wrong = Object.entries(entries).find(([, item]) => typeof item !== "string");
      if (!wrong) return entries as Record<string, string>;
      const [key, input] = wrong;
      issues.push({ code: "invalid_type", expected: "string", input, path: [key] });
      return {};
    }),
  );
}

/** What is wrong with an item, at its place in the whole. */
function issuesAt(place: string | number, { issues }: z.core.$ZodError): z.core.$ZodRawIssue[] {
  return issues.map((issue) => ({ ...issue, path: [place, ...issue.path] }) as z.core.$ZodRawIssue);
}
