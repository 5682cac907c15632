/** Numbers that a seed decides. @module */

/** Numbers from 0 up to 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The seed of a test: that of `MODELOPS_TEST_SEED`, so that a failure can be had again. */
export function testSeed(): number {
  return Number(Deno.env.get("MODELOPS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
}
