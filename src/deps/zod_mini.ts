/**
 * Validation of the documents that small commands read. It is the library of `zod.ts` in the form
 * whose parts a bundle can leave out: that one takes as long to load as an empty program.
 * @module
 */
export {
  _default,
  array,
  boolean,
  catch,
  custom,
  enum,
  int,
  literal,
  looseObject,
  minLength,
  nonnegative,
  nullable,
  nullish,
  number,
  object,
  optional,
  pipe,
  positive,
  record,
  refine,
  regex,
  safeParse,
  strictObject,
  string,
  transform,
  tuple,
  unknown,
} from "npm:zod@4.6.7/mini";
export type { core, infer, ZodMiniType } from "npm:zod@4.6.7/mini";
