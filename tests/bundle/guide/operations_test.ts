import assert from "node:assert/strict";
import { wrapped } from "../../../src/oci/wrapped.ts";
import { Operations } from "../../../src/bundle/guide/operations.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import type { ProgressEvent } from "../../../src/core/operation.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { tempFolder } from "../../support/temp.ts";
import { GOLDEN_SPEC, goldenFolder, MemoryObjects, memoryRegistry } from "../publish/support.ts";

function provider() {
  const memory = new MemoryObjects();
  return { ...memoryRegistry(), objects: () => memory, cache: memoryStore("cache") };
}

Deno.test("ci keeps progress from being reported", async () => {
  await using folder = await goldenFolder();
  for (const ci of [true, false, undefined]) {
    const events: ProgressEvent[] = [];
    const operations = new Operations({ config: { ci }, provider: provider() });
    await operations.push({ workdir: folder.path, progress: (event) => events.push(event) });
    assert.equal(events.length === 0, ci === true);
  }
});

Deno.test("only verbose operations log more than warnings and errors", async () => {
  await using folder = await goldenFolder();
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace('"src/**"', '"src/**", "none/*"'));
  for (const verbose of [true, false, undefined]) {
    const seen: string[] = [];
    const reached = provider();
    const open = (name: string) => {
      const store = reached.open(name);
      return wrapped(store, {
        async resolve(target, options) {
          options?.log?.("info", `Asked for ${target}`);
          return await store.resolve(target, options);
        },
      });
    };
    const operations = new Operations({ config: { verbose }, provider: { ...reached, open } });
    await operations.push({ workdir: folder.path, log: (level) => seen.push(level) });
    assert.deepEqual([...new Set(seen)].sort(), verbose ? ["info", "warning"] : ["warning"]);
  }
});

Deno.test("cache says whether content is kept for other materializations", async () => {
  await using folder = await goldenFolder();
  await using temp = await tempFolder();
  for (const cache of [true, false]) {
    const reached = provider();
    const operations = new Operations({ config: { cache }, provider: reached });
    await operations.push({ workdir: folder.path });
    await operations.materialize({ ref: "golden:1.0.0", dest: temp.join(`${cache}`) });
    assert.equal(reached.cache.isEmpty, !cache);
  }
});

Deno.test("zstdLevel is the level of exports that say none", async () => {
  await using folder = await goldenFolder();
  await using temp = await tempFolder();
  const digest = async (zstdLevel: number, own?: number) => {
    const operations = new Operations({ config: { zstdLevel }, provider: provider() });
    const dest = temp.join("out.tar.zst");
    const level = own === undefined ? {} : { zstdLevel: own };
    return (await operations.exportArchive({ workdir: folder.path, dest, ...level })).digest;
  };
  assert.equal(await digest(1, 19), await digest(19));
  assert.notEqual(await digest(1), await digest(19));
});

Deno.test("a configuration is refused where nothing would read it, or where it makes no sense", () => {
  const refused: readonly [unknown, RegExp][] = [
    [{ human: false }, /human/],
    [{ verbos: true }, /verbos/],
    [{ ci: "yes" }, /ci: /],
    [{ zstdLevel: 23 }, /zstdLevel: /],
  ];
  for (const [config, message] of refused) {
    const make = () => new Operations({ config: config as { ci: boolean }, provider: provider() });
    assert.throws(make, (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, message);
      return true;
    });
  }
});
