/**
 * The document by which a registry explains an error.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 * @module
 */
import * as form from "../core/shapes/form.ts";
import { isRecord } from "../core/json.ts";
import { plainText } from "../core/text.ts";

/** A text, made fit to be shown; `undefined` for none and for anything else. */
const text: form.Form<string | undefined> = (value) =>
  typeof value === "string" && value !== "" ? plainText(value) : undefined;

/** What an error document says, where it says it. */
export interface ErrorDocument {
  readonly code?: string;
  readonly message?: string;
}

const error = form.map<ErrorDocument>({ code: text, message: text });

/**
 * The first code and message of a registry's error document (`{"errors":[{"code","message"}]}`);
 * nothing for any other text.
 */
export function parseErrorDocument(text: string): ErrorDocument {
  const document = parse(text);
  const [first] = isRecord(document) && Array.isArray(document["errors"]) ? document["errors"] : [];
  return form.inForm(error, first).value ?? {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Something else: some proxy's page.
  }
}
