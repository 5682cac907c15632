/** Validation of documents from outside. @module */
export {
  array,
  boolean,
  check,
  custom,
  enum,
  int,
  literal,
  looseObject,
  nullish,
  number,
  object,
  record,
  safeParse,
  strictObject,
  string,
  toJSONSchema,
  tuple,
  union,
  unknown,
  url,
} from "npm:zod@4.6.7";
export type { core, infer, ZodRawShape, ZodType } from "npm:zod@4.6.7";
