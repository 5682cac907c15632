/**
 * Work that many ask for at once.
 * @module
 */

/** Two runs of the work for one key. */
interface Runs<Result> {
  readonly running: Promise<Result>;
  /** Begins when the other has ended; whoever asks until then is told what it finds. */
  next?: Promise<Result>;
}

/**
 * Does one piece of work for each key at a time. All who ask for it while it runs share the next
 * run, which begins after they asked: they see what was done before.
 */
export class JoinedWork<Key, Result> {
  readonly #runs = new Map<Key, Runs<Result>>();

  /** What `work` gives; in a run that has been asked for already, what that one's gives. */
  run(key: Key, work: () => Promise<Result>): Promise<Result> {
    const runs = this.#runs.get(key);
    if (runs === undefined) return this.#begin(key, work);
    const begin = () => this.#begin(key, work);
    return runs.next ??= runs.running.then(begin, begin);
  }

  #begin(key: Key, work: () => Promise<Result>): Promise<Result> {
    const running = work().finally(() => {
      // Where there is a next one, it begins now and takes this place.
      if (runs.next === undefined) this.#runs.delete(key);
    });
    const runs: Runs<Result> = { running };
    this.#runs.set(key, runs);
    return running;
  }
}
