/** Looks at a whole store, while others wait for answers of the same thread. */
import assert from "node:assert/strict";
import { shareThread } from "../../../src/core/runtime/turn.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { diskInternals } from "../../support/disk_internals.ts";
import { tempFolder } from "../../support/temp.ts";

const REPOSITORIES = 3000;

Deno.test("whoever looks at all of a store lets others have their turn", async () => {
  shareThread();
  await using folder = await tempFolder();
  const { layout } = diskInternals(folder.path);
  for (let at = 0; at < REPOSITORIES; at++) {
    Deno.mkdirSync(`${layout.repository(`registry.test/r${at}`)}/_manifests`, { recursive: true });
  }
  const catalog = diskCatalog(folder.path);
  const looks = {
    usage: () => catalog.usage(),
    reapUploads: () => catalog.reapUploads({ age: 0 }),
    repositories: () => Array.fromAsync(catalog.repositories()),
  };
  for (const [name, look] of Object.entries(looks)) {
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    await look();
    clearInterval(others);
    assert.ok(turns > 1, `${name}: ${turns}`);
  }
});
