import assert from "node:assert/strict";
import { pinFolder, type PinnedFolder } from "../../../src/core/folders/pinned_folder.ts";
import { tempFolder } from "../../support/temp.ts";

function pinned(root: string, parts: readonly string[]): PinnedFolder {
  const folder = pinFolder(root, parts);
  assert.ok(typeof folder !== "string", String(folder));
  return folder;
}

Deno.test("pinFolder() makes folders only when it is told to", async () => {
  await using temp = await tempFolder();
  assert.equal(pinFolder(temp.join("root"), ["a"]), "missing");
  assert.equal(pinFolder(temp.path, ["a", "b"]), "missing");
  const made = pinFolder(temp.join("root"), ["a", "b"], { make: true });
  assert.ok(typeof made !== "string");
  await Deno.writeTextFile(`${made.path}/x`, "x");
  made[Symbol.dispose]();
  assert.equal(await Deno.readTextFile(temp.join("root", "a", "b", "x")), "x");
});

Deno.test({
  name: "pinFolder() opens no link and no file below the root",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await tempFolder();
    await temp.write("outside/deep/x", "secret");
    await temp.write("root/file", "");
    await Deno.symlink(temp.join("outside"), temp.join("root", "link"));
    await Deno.symlink("nowhere", temp.join("root", "dangling"));
    await Deno.symlink("loop", temp.join("root", "loop"));
    for (const make of [false, true]) {
      for (const parts of [["link"], ["link", "deep"], ["dangling"], ["loop"], ["file"]]) {
        const found = pinFolder(temp.join("root"), parts, { make });
        assert.equal(found, "not a folder", parts.join("/"));
      }
    }
    assert.equal(pinFolder(temp.join("root", "file"), []), "not a folder");
  },
});

Deno.test({
  name: "a pinned folder stays the same folder when a link takes its name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    await temp.write("outside/x", "secret");
    await temp.write("root/a/b/x", "content");
    using folder = pinned(temp.join("root"), ["a", "b"]);
    await Deno.rename(temp.join("root", "a"), temp.join("root", "moved"));
    await Deno.symlink(temp.join("outside"), temp.join("root", "a"));
    assert.equal(await Deno.readTextFile(`${folder.path}/x`), "content");
    await Deno.writeTextFile(`${folder.path}/y`, "");
    assert.equal(await Deno.readTextFile(temp.join("root", "moved", "b", "y")), "");
    assert.ok(folder.isSame());
  },
});
