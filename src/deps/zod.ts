/** Validation of documents from outside. @module */
export {
  array,
  boolean,
  coerce,
  custom,
  enum,
  int,
  literal,
  looseObject,
  nullish,
  number,
  object,
  record,
  strictObject,
  string,
  tuple,
  union,
  unknown,
  url,
} from "npm:zod@4.6.7";
export type { infer, ZodType } from "npm:zod@4.6.7";
