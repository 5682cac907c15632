/**
 * What `adapter_config.json` says of an adapter, as the peft library writes it.
 * See https://hf.co/docs/peft/package_reference/config
 * @module
 */
import * as form from "../../core/shapes/form.ts";
import { type AdapterFacts, knownOnly } from "./facts.ts";

const text = form.lenient(form.matching(/^[^\p{Cc}]{1,300}$/u));
const positive = form.lenient(form.number((value) => value > 0));
const oneOrMore: form.Form<readonly string[]> = (value, notes) =>
  typeof value === "string" ? [value] : form.listOf(form.text)(value, notes);

/** The most modules that are kept. */
const MOST_TARGETS = 100;

const adapterForm = form.map({
  peft_type: text,
  base_model_name_or_path: text,
  r: positive,
  lora_alpha: positive,
  target_modules: form.lenient(oneOrMore),
});

/** Tasks of hubs by the words of the library. */
const TASKS: ReadonlyMap<unknown, string> = new Map([
  ["CAUSAL_LM", "text-generation"],
  ["SEQ_2_SEQ_LM", "text2text-generation"],
  ["SEQ_CLS", "text-classification"],
  ["TOKEN_CLS", "token-classification"],
  ["QUESTION_ANS", "question-answering"],
  ["FEATURE_EXTRACTION", "feature-extraction"],
]);

/** What an adapter is for, in the words of hubs; `undefined` where it does not say. */
export function adapterTask(config: Readonly<Record<string, unknown>>): string | undefined {
  return TASKS.get(config["task_type"]);
}

/** The facts in the values of an `adapter_config.json`; `undefined` when it is none. */
export function adapterFacts(config: Readonly<Record<string, unknown>>): AdapterFacts | undefined {
  const data = form.inForm(adapterForm, config).value;
  if (data?.peft_type === undefined) return undefined;
  const { peft_type, base_model_name_or_path, r, lora_alpha, target_modules } = data;
  return knownOnly<AdapterFacts>({
    method: peft_type.toLowerCase(),
    baseModel: base_model_name_or_path,
    rank: r,
    alpha: lora_alpha,
    targets: target_modules?.filter((name) => /^[^\p{Cc}]{1,300}$/u.test(name)).slice(
      0,
      MOST_TARGETS,
    )
      .sort(),
  });
}
