import assert from "node:assert/strict";
import { TransferError } from "../../src/core/errors.ts";
import { diskOf } from "../../src/core/folders/room.ts";
import { fixture } from "./fixture.ts";

Deno.test("a build that cannot fit on the disk of the store is refused before a byte is written", async () => {
  await using fx = await fixture();
  const { free, copiesTakeRoom } = diskOf(fx.folder.path);
  assert.ok(free !== undefined);
  await fx.folder.write("ws/vast.bin", "");
  await Deno.truncate(fx.folder.join("ws/vast.bin"), 2 * free);
  await fx.folder.write("ws/Modelfile", "MODEL vast.bin\n");
  // Where a disk shares blocks, copies of files take no room.
  for (const raw of copiesTakeRoom ? [true, false] : [false]) {
    const options = { targets: ["r.test/m:v1"], raw };
    await assert.rejects(fx.backend.build(fx.folder.join("ws"), options), (error) => {
      assert.ok(error instanceof TransferError, String(error));
      assert.match(
        error.message,
        /^Cannot write to ".*": .* are needed, and .* are free on its disk$/,
      );
      return true;
    });
  }
  assert.equal(await fx.backend.list().then(({ models }) => models.length), 0);
});
