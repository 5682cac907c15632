/**
 * What the files of a tokenizer say: `tokenizer_config.json`, and the template of conversations.
 * @module
 */
import { isRecord } from "../../core/json.ts";
import { knownOnly, type TokenizerFacts } from "./facts.ts";

/** The facts in the values of a `tokenizer_config.json`. */
export function tokenizerConfigFacts(
  config: Readonly<Record<string, unknown>>,
): (TokenizerFacts & { readonly contextLength?: number }) | undefined {
  const template = templateText(config["chat_template"]);
  const length = config["model_max_length"];
  return knownOnly({
    ...(template === undefined ? {} : templateFacts(template)),
    // Libraries write a number beyond all bounds where they do not know.
    contextLength: typeof length === "number" && length > 0 && length < 1e9 ? length : undefined,
  });
}

/** What a template of conversations tells. */
export function templateFacts(template: string): TokenizerFacts {
  return { chatTemplate: true, tools: /\btools?\b/.test(template) };
}

/** A template, or several by name. */
function templateText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((one) => isRecord(one) ? one["template"] : undefined)
    .filter((text) => typeof text === "string");
  return texts.length === 0 ? undefined : texts.join("\n");
}
