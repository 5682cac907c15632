/**
 * Files of settings in YAML: those of ours, and of programs beside us.
 * @module
 */
import { expansionFault, TOO_DEEP } from "./expansion.ts";
import { yamlFault } from "./limits.ts";

/** What a file of settings says, or why it says nothing, as a clause. */
export type SettingsText = { readonly value: unknown } | { readonly fault: string };

/** Reads a file of settings, within the limits of all YAML. Loads the parser. */
export async function readSettings(text: string): Promise<SettingsText> {
  const unread = yamlFault(text);
  if (unread !== undefined) return { fault: unread };
  const { parseDocument } = await import("../../deps/yaml.ts");
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser runs out of stack, and says so in its own words.
    if (/call stack/.test(error.message)) return { fault: TOO_DEEP };
    const line = text.slice(0, error.pos[0]).split("\n").length;
    return { fault: `line ${line}: ${error.message}` };
  }
  const fault = expansionFault(document);
  return fault === undefined ? { value: document.toJS({ maxAliasCount: 100 }) } : { fault };
}
