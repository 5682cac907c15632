/**
 * Maps of documents that people write by hand: a key that is not known is a slip of the pen.
 * @module
 */
import * as z from "../../deps/zod.ts";
import { nearest } from "../../core/suggest.ts";
import { quote } from "../../core/text.ts";

/** Whether a key is for others, who may write what they want under it. */
function isForOthers(key: string): boolean {
  return key.startsWith("x-");
}

/**
 * A map with these keys and no others but those that start with `x-`. Unlike a strict schema it
 * says of each key that is not known which one was perhaps meant.
 */
export function closedMap<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  const check = z.check<Record<string, unknown>>(({ value, issues }) => {
    for (const key of Object.keys(value)) {
      if (known.includes(key) || isForOthers(key)) continue;
      const [near] = nearest(key, known);
      const instead = near === undefined ? "" : `: did you mean ${quote(near)}?`;
      issues.push({ code: "custom", path: [key], message: `is not known${instead}`, input: value });
    }
  });
  // Also when something else is wrong: a key that is missing may be there with a slip of the pen.
  check._zod.def.when = ({ value }) => typeof value === "object" && value !== null;
  return z.looseObject(shape).check(check);
}
