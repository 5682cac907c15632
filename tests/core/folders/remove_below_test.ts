import assert from "node:assert/strict";
import { removeBelow } from "../../../src/core/folders/remove_below.ts";
import { rounds, whileSwapped } from "../../support/link_swapper.ts";
import { tempFolder } from "../../support/temp.ts";

const isOurs = (path: string) => path.endsWith(".partial");

Deno.test("removeBelow() removes what is ours at any depth, folders whole, and counts it", async () => {
  await using temp = await tempFolder();
  for (const path of ["x.partial", "a/b/c/y.partial", "a/kept", "f.partial/in/it"]) {
    await temp.write(path, "12345");
  }
  const { files } = await removeBelow(temp.path, { isOurs });
  assert.equal(files, 3);
  const left = await Array.fromAsync(Deno.readDir(temp.path));
  assert.deepEqual(left.map(({ name }) => name), ["a"]);
  assert.equal(await Deno.readTextFile(temp.join("a/kept")), "12345");
  assert.deepEqual(await removeBelow(temp.join("none"), { isOurs }), { files: 0, bytes: 0 });
});

Deno.test({
  name: "removeBelow() removes nothing behind a link that takes turns with a folder",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    await temp.write("outside/theirs.partial", "1");
    await temp.write("outside/deep/theirs.partial", "1");
    let removed = 0;
    const seen = await whileSwapped(temp, async () => {
      for (const round of rounds(300, () => removed > 0)) {
        await temp.write(`root/a/${round}.partial`, "1").catch(() => undefined);
        removed += (await removeBelow(temp.join("root"), { isOurs })).files;
      }
    });
    // What this test itself wrote through the link has a number for a name.
    assert.deepEqual(seen.filter((path) => path.includes("theirs")), []);
    assert.ok(removed > 0);
  },
});
