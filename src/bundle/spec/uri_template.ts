/**
 * Addresses of external objects, made from a template and a file.
 *
 * A template has placeholders in braces; a doubled brace is a brace.
 * @module
 */
import { quote } from "../../core/text.ts";

/** The values that a template may use: facts of a file, of its layer and of its bundle. */
export const PLACEHOLDERS = ["path", "name", "version", "layer", "sha256"] as const;

/** A value for each placeholder; `sha256` is that of the file, 64 hexadecimal digits. */
export type TemplateValues = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** What is wrong with a template, in one clause; `undefined` when nothing is. */
export function templateFault(template: string): string | undefined {
  // In the name of a file they are characters like others; here somebody means a query.
  if (/[?#]/.test(template)) return "has a query or a fragment, which are not part of a name";
  for (const [token, placeholder] of template.matchAll(TOKEN)) {
    if (token === "{{" || token === "}}") continue;
    if (placeholder === undefined) return `has a single ${quote(token)}`;
    if (!PLACEHOLDERS.some((name) => name === placeholder)) {
      const known = PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
      return `has an unknown placeholder ${quote(token)}; known are ${known}`;
    }
  }
  return undefined;
}

/** The address that a template without fault gives for a file. */
export function expandTemplate(template: string, values: TemplateValues): string {
  return template.replaceAll(TOKEN, (token, placeholder?: keyof TemplateValues) => {
    if (placeholder !== undefined) return values[placeholder];
    return token.slice(0, 1);
  });
}
