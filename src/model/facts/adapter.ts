/**
 * What `adapter_config.json` says of an adapter, as the peft library writes it.
 * See https://hf.co/docs/peft/package_reference/config
 * @module
 */
import * as z from "../../deps/zod.ts";
import { type AdapterFacts, knownOnly } from "./facts.ts";

const text = z.string().regex(/^[^\p{Cc}]{1,300}$/u).optional().catch(undefined);
const positive = z.number().positive().optional().catch(undefined);

/** The most modules that are kept. */
const MOST_TARGETS = 100;

const adapterSchema = z.looseObject({
  peft_type: text,
  base_model_name_or_path: text,
  r: positive,
  lora_alpha: positive,
  target_modules: z.union([z.array(z.string()), z.string()]).optional().catch(undefined),
});

/** The facts in the values of an `adapter_config.json`; `undefined` when it is none. */
export function adapterFacts(config: Readonly<Record<string, unknown>>): AdapterFacts | undefined {
  const parsed = adapterSchema.safeParse(config);
  if (!parsed.success) return undefined;
  const { peft_type, base_model_name_or_path, r, lora_alpha, target_modules } = parsed.data;
  if (peft_type === undefined) return undefined;
  const targets = typeof target_modules === "string" ? [target_modules] : target_modules;
  return knownOnly<AdapterFacts>({
    method: peft_type.toLowerCase(),
    baseModel: base_model_name_or_path,
    rank: r,
    alpha: lora_alpha,
    targets: targets?.filter((name) => /^[^\p{Cc}]{1,300}$/u.test(name)).slice(0, MOST_TARGETS)
      .sort(),
  });
}
