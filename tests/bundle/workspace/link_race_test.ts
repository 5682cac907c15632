import assert from "node:assert/strict";
import { materializeBundle } from "../../../src/bundle/workspace/materialize.ts";
import { ModelOpsError } from "../../../src/core/errors.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { rounds, whileSwapped } from "../../support/link_swapper.ts";
import { tempFolder } from "../../support/temp.ts";
import { bundleOver, externalEntry, MemoryObjects, registryEntry } from "./support.ts";

for (const name of [".mops", "data"]) {
  Deno.test({
    name: `a link that takes turns with the folder ${name} leads nothing of a bundle outside`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using temp = await tempFolder();
      const store = memoryStore("registry.test/my-model");
      const objects = new MemoryObjects();
      // Empty folders are removed, with what has their names.
      await temp.write(`root/${name}/kept`, "");
      await temp.write("outside/theirs", "");
      let written = 0;
      const seen = await whileSwapped(temp, async () => {
        for (const round of rounds(60, () => written > 0)) {
          const entries = [
            await registryEntry(store, { path: `data/${round}`, text: `${round}`, mode: 0o755 }),
            await externalEntry(objects, { path: `data/x-${round}`, text: `external ${round}` }),
          ];
          const bundle = bundleOver(store, entries);
          const source = { bundle, entries, role: "default", objects: () => objects };
          const options = { dest: temp.join("root"), prefetchExternal: true, lockTimeout: 0 };
          await materializeBundle(source, options).then(
            () => written++,
            (error) => assert.ok(error instanceof ModelOpsError, Deno.inspect(error)),
          );
        }
      }, name);
      assert.deepEqual(seen, []);
      assert.ok(written > 0);
    },
  });
}
