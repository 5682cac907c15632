/**
 * Documents from outside, checked against a schema. What is wrong is said in this program's words:
 * those of the validator never reach a person.
 * @module
 */
import * as z from "../../deps/zod.ts";
import {
  checked,
  notAmong,
  NOUNS,
  OTHER_FORM,
  type Shaped,
  strangeKeys,
  tooLarge,
  tooSmall,
  wanted,
} from "./words.ts";

/** Most documents are read once: making code for a schema takes longer than reading them. */
const READING = { jitless: true, error: reasonOf };

/** Compares a document with a schema. */
export function shaped<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
): Shaped<z.infer<Schema>> {
  const parsed = z.safeParse(schema, document, READING);
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
  return checked(shaped(schema, document), what, action);
}

/** What is wrong with a value, for the schemas that have no words of their own. */
function reasonOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return wanted(issue.input, NOUNS[issue.expected] ?? issue.expected);
    case "invalid_value":
      return notAmong(issue.input, issue.values);
    case "invalid_union":
      return partOf(issue.errors) ?? wanted(issue.input, unionOf(issue.errors));
    case "unrecognized_keys":
      return strangeKeys(issue.keys);
    case "too_small":
      if (issue.origin !== "number") return "is empty";
      return tooSmall(issue.minimum);
    case "too_big":
      return tooLarge(issue.maximum);
    default:
      return OTHER_FORM;
  }
}

/** What is wrong within a value that has the type of an alternative. */
function partOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const part = errors.flat().find(({ path }) => path.length > 0);
  return part && `has a part ${part.path.join(".")} that ${part.message}`;
}

function unionOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const types = errors.flatMap(([issue]) =>
    issue?.code === "invalid_type" ? [NOUNS[issue.expected] ?? issue.expected] : []
  );
  return [...new Set(types)].join(" or ");
}

/**
 * A list whose items are checked one after the other, up to the first that is wrong: the schema of
 * the library keeps what is wrong with each, which takes gigabytes for a document of a few.
 */
export function listOf<Item extends z.core.$ZodType>(item: Item): z.ZodType<z.infer<Item>[]> {
  return z.array(z.unknown()).transform((values, { issues }) => {
    const items: z.infer<Item>[] = [];
    for (const [index, value] of values.entries()) {
      const parsed = z.safeParse(item, value, READING);
      if (!parsed.success) {
        issues.push(...issuesAt(index, parsed.error));
        break;
      }
      items.push(parsed.data);
    }
    return items;
  });
}

/** What is wrong with an item, at its place in the whole. */
function issuesAt(place: string | number, { issues }: z.core.$ZodError): z.core.$ZodRawIssue[] {
  return issues.map((issue) => ({ ...issue, path: [place, ...issue.path] }) as z.core.$ZodRawIssue);
}
