/**
 * The document by which a registry explains an error.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 * @module
 */
import { plainText } from "../core/text.ts";
import * as z from "../deps/zod_mini.ts";

/** A text, made fit to be shown; `undefined` for none and for anything else. */
const text = z.catch(
  z.optional(
    z.pipe(z.string().check(z.minLength(1)), z.transform((text: string) => plainText(text))),
  ),
  undefined,
);

const error = z.object({ code: text, message: text });

const document = z.object({ errors: z.tuple([error], z.unknown()) });

/** What an error document says, where it says it. */
export type ErrorDocument = z.infer<typeof error>;

/**
 * The first code and message of a registry's error document (`{"errors":[{"code","message"}]}`);
 * nothing for any other text.
 */
export function parseErrorDocument(text: string): ErrorDocument {
  try {
    return document.parse(JSON.parse(text)).errors[0];
  } catch {
    return {}; // Something else: some proxy's page.
  }
}
