/**
 * Work on several places, of which each may have what is asked for.
 * @module
 */
import { NotFoundError } from "../../core/errors.ts";
import { compareText } from "../../core/text.ts";

/** Places in the order in which they are asked; those that take a look to find come last. */
type Places<Place> = readonly [Place, ...Place[]];

/**
 * The result of the first place that has what is asked for.
 * @param more Other places, looked for when those that are known do not have it.
 * @throws {NotFoundError} that of the first, when none has it.
 */
export async function firstOf<Place, Result>(
  places: Places<Place>,
  work: (place: Place) => Promise<Result>,
  more: () => Promise<readonly Place[]> = () => Promise.resolve([]),
): Promise<Result> {
  let first: NotFoundError | undefined;
  for (const look of [() => places, more]) {
    for (const place of await look()) {
      try {
        return await work(place);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        first ??= error;
      }
    }
  }
  throw first;
}

/**
 * Does work in every place that has what is asked for: what is removed must be gone.
 * @throws {NotFoundError} that of the first, when none has it.
 */
export async function inEach<Place>(
  places: readonly Place[],
  work: (place: Place) => Promise<void>,
): Promise<void> {
  let missing: NotFoundError | undefined;
  let isDone = false;
  for (const place of places) {
    try {
      await work(place);
      isDone = true;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      missing ??= error;
    }
  }
  if (!isDone) throw missing;
}

/**
 * The items of several lists that are in the order of their names, each name once, no further than
 * they are read.
 */
export async function* merged<Item>(
  lists: readonly AsyncIterable<Item>[],
  nameOf: (item: Item) => string,
): AsyncGenerator<Item, void> {
  const iterators = lists.map((list) => list[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((each) => each.next()));
    for (;;) {
      const items = heads.flatMap(({ done, value }) => done ? [] : [value as Item]);
      if (items.length === 0) return;
      const least = items.reduce((a, b) => compareText(nameOf(a), nameOf(b)) <= 0 ? a : b);
      yield least;
      const name = nameOf(least);
      for (const [index, { done, value }] of heads.entries()) {
        if (!done && nameOf(value) === name) heads[index] = await iterators[index]!.next();
      }
    }
  } finally {
    for (const each of iterators) await each.return?.();
  }
}
