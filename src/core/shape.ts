/**
 * Documents from outside, checked against a schema.
 * @module
 */
import type * as z from "../deps/zod_mini.ts";
import { english, safeParse } from "../deps/zod_mini.ts";
import { problemsError } from "./problems.ts";

/** Most documents are read once: making code for a schema takes longer than reading them. */
const READING = { jitless: true, error: english().localeError };

/**
 * A parsed document in the shape of a schema.
 *
 * @param what The document's name in messages.
 * @throws {InvalidInputError} with all that is wrong with it.
 */
export function checkShape<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
  what: string,
): z.infer<Schema> {
  const parsed = safeParse(schema, document, READING);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({
    message: `${issue.path.join(".") || "document"}: ${reasonOf(issue)}`,
  }));
  throw problemsError(`read ${what}`, problems, { cause: parsed.error });
}

/** What is wrong with a key, where the key itself is: the library only says that it is. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues[0]?.message ?? issue.message : issue.message;
}
