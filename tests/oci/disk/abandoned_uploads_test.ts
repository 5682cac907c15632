/** Uploads that were begun in vain. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readDirIfExists } from "../../../src/core/files.ts";
import { capability } from "../../../src/oci/capabilities.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { diskInternals } from "../../support/disk_internals.ts";
import { mayMount, mountTmpfs } from "../../support/mounts.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test({
  name: "an upload for which the disk has no room leaves nothing, however far it came",
  ignore: !await mayMount(),
  async fn() {
    await using folder = await tempFolder();
    const layout = () => diskInternals(folder.path).layout.uploads("registry.test/x");
    // With each inode more the upload comes a step further, until there is room for it.
    let began = 0;
    for (let inodes = 9; inodes < 14; inodes++) {
      await using _mount = await mountTmpfs(folder.path, `nr_inodes=${inodes}`);
      const store = diskCatalog(folder.path).repository("registry.test/x");
      try {
        await using ingest = await capability(store, "ingest")!();
        began++;
        await ingest.abort();
      } catch (error) {
        assert.match(String(error), /Cannot write .*no space left/);
      }
      assert.deepEqual(await readDirIfExists(join(layout())), [], `${inodes} inodes`);
    }
    assert.ok(began > 0 && began < 5, `${began}`);
  },
});
