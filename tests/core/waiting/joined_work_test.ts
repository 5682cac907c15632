import assert from "node:assert/strict";
import { JoinedWork } from "../../../src/core/waiting/joined_work.ts";

Deno.test("all who ask while work runs share the next run, which sees what was done before", async () => {
  const joined = new JoinedWork<string, number>();
  let runs = 0;
  const work = async () => {
    const run = ++runs;
    await Promise.resolve();
    return run;
  };
  const results = Array.from({ length: 5 }, () => joined.run("a", work));
  assert.deepEqual(await Promise.all(results), [1, 2, 2, 2, 2]);
  assert.equal(await joined.run("a", work), 3, "nothing of it is kept");
});

Deno.test("work for one key does not wait for that of another", async () => {
  const joined = new JoinedWork<string, string>();
  const { promise, resolve } = Promise.withResolvers<string>();
  const held = joined.run("a", () => promise);
  assert.equal(await joined.run("b", () => Promise.resolve("b")), "b");
  resolve("a");
  assert.equal(await held, "a");
});

Deno.test("work that fails fails for those who asked for it, and the next run begins all the same", async () => {
  const joined = new JoinedWork<string, number>();
  const fails = () => Promise.reject(new Error("broken"));
  const first = joined.run("a", fails);
  const second = joined.run("a", () => Promise.resolve(2));
  await assert.rejects(first, /broken/);
  assert.equal(await second, 2);
  await assert.rejects(joined.run("a", fails), /broken/);
});
