import assert from "node:assert/strict";
import { join } from "node:path";
import { fileBelow } from "../../src/core/content/file_below.ts";
import { ConflictError, ModelOpsError, NotFoundError } from "../../src/core/errors.ts";
import { readAll } from "../../src/core/streams.ts";
import { rounds, whileSwapped } from "../support/link_swapper.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("fileBelow() reads a file of a folder, and says what is in the place of one", async () => {
  await using temp = await tempFolder();
  await temp.write("root/a/b.txt", "inside");
  await temp.write("outside/b.txt", "secret");
  const root = temp.join("root");
  await Deno.symlink("../outside", join(root, "link"));
  await Deno.symlink("../../outside/b.txt", join(root, "a/link.txt"));
  const file = await fileBelow(root, "a/b.txt");
  assert.equal(new TextDecoder().decode(await readAll(await file.open(), 100)), "inside");
  await assert.rejects(fileBelow(root, "link/b.txt"), ConflictError);
  await assert.rejects(fileBelow(root, "a/b.txt/c"), ConflictError);
  await assert.rejects(fileBelow(root, "a/link.txt"), /link/);
  await assert.rejects(fileBelow(root, "a"), ModelOpsError);
  await assert.rejects(fileBelow(root, "x/b.txt"), NotFoundError);
  await assert.rejects(fileBelow(root, "a/x.txt"), NotFoundError);
});

Deno.test("a source of fileBelow() reads nothing that gets into its place", async () => {
  await using temp = await tempFolder();
  const when = new Date(1e12);
  await temp.write("root/a/b.txt", "inside");
  await temp.write("outside/b.txt", "secret");
  for (const path of ["root/a/b.txt", "outside/b.txt"]) {
    await Deno.utime(temp.join(path), when, when);
  }
  const file = await fileBelow(temp.join("root"), "a/b.txt");
  await Deno.rename(temp.join("root/a"), temp.join("root/was"));
  await Deno.symlink("../outside", temp.join("root/a"));
  await assert.rejects(async () => await file.open(), ModelOpsError);
  await assert.rejects(async () => await file.read(), ModelOpsError);
});

Deno.test({
  name: "a link that takes turns with a folder has fileBelow() read nothing outside",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    await temp.write("root/a/b.txt", "inside");
    await temp.write("outside/b.txt", "secret");
    let read = 0;
    await whileSwapped(temp, async () => {
      for (const _ of rounds(200, () => read > 0)) {
        try {
          const file = await fileBelow(temp.join("root"), "a/b.txt");
          assert.equal(new TextDecoder().decode(await readAll(await file.open(), 100)), "inside");
          read++;
        } catch (error) {
          assert.ok(error instanceof ModelOpsError, Deno.inspect(error));
        }
      }
    });
    assert.ok(read > 0);
  },
});
