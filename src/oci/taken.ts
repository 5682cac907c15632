/**
 * Content of a store that has it from several places: a mirror and the registry itself, say. Only
 * whoever takes a content learns that its bytes were wrong, when all of them have come.
 * @module
 */
import { capability, type Capable } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";

/**
 * Does what takes a content of `store`; again from the beginning while that fails and the store has
 * another place to take it from.
 */
export async function taken<Result>(
  store: Capable,
  descriptor: Descriptor,
  work: () => Promise<Result>,
): Promise<Result> {
  const elsewhere = capability(store, "elsewhere");
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!elsewhere?.(descriptor, error)) throw error;
    }
  }
}
