import assert from "node:assert/strict";
import { join } from "node:path";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { FolderListings } from "../../../src/oci/disk/folder_listings.ts";
import { tempFolder } from "../../support/temp.ts";

const LONG_AGO = new Date("2026-01-01T00:00:00Z");

/**
 * Makes folders, when the times of the file system are others than those of what was made before.
 */
async function make(root: string, ...paths: readonly string[]): Promise<void> {
  await nextTime();
  for (const path of paths) await Deno.mkdir(join(root, path), { recursive: true });
}

/** Waits until files that are written have another time; that of changes is told in seconds. */
async function nextTime(which: "mtime" | "ctime" = "mtime"): Promise<void> {
  await using folder = await tempFolder();
  const time = async () => (await Deno.stat(await folder.write("file", "")))[which]?.getTime();
  for (const begun = await time(); await time() === begun;);
}

/** A runtime whose clock is ahead, so that what was just made has settled. */
function later(): Disposable {
  const { now } = Date;
  Date.now = () => now() + 60_000;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}

Deno.test("FolderListings remembers folders that do not change, and reads those that do", async () => {
  using _later = later();
  await using folder = await tempFolder();
  await make(folder.path, "a", "b");
  const listings = new FolderListings();
  assert.deepEqual([...await listings.names(folder.path)].sort(), ["a", "b"]);
  assert.equal(listings.size, 1);
  assert.equal(await listings.areSame(), true);
  await make(folder.path, "c");
  assert.equal(await listings.areSame(), false);
  assert.deepEqual([...await listings.names(folder.path)].sort(), ["a", "b", "c"]);
  await nextTime();
  await Deno.remove(folder.join("a"));
  assert.deepEqual([...await listings.names(folder.path)].sort(), ["b", "c"]);
  listings.keep(new Set());
  assert.equal(listings.size, 0);
});

Deno.test("FolderListings does not trust times that have just changed, or are set back", async () => {
  await using folder = await tempFolder();
  await make(folder.path, "a");
  const listings = new FolderListings();
  await listings.names(folder.path);
  assert.equal(listings.size, 0, "it changed less than two seconds ago");
  using _later = later();
  await listings.names(folder.path);
  assert.equal(listings.size, 1);
  await nextTime("ctime");
  await Deno.utime(folder.path, LONG_AGO, LONG_AGO);
  assert.equal(await listings.areSame(), false);
  await listings.names(folder.path);
  await nextTime("ctime");
  await make(folder.path, "b");
  await Deno.utime(folder.path, LONG_AGO, LONG_AGO);
  assert.deepEqual([...await listings.names(folder.path)].sort(), ["a", "b"]);
});

Deno.test("FolderListings reads folders with links each time, and has none of what is not there", async () => {
  using _later = later();
  await using folder = await tempFolder();
  await make(folder.path, "root", "elsewhere");
  await Deno.symlink(folder.join("elsewhere"), folder.join("root/link"));
  const listings = new FolderListings();
  assert.deepEqual(await listings.names(folder.join("root")), ["link"]);
  await Deno.remove(folder.join("elsewhere"));
  assert.deepEqual(await listings.names(folder.join("root")), []);
  assert.deepEqual(await listings.names(folder.join("none")), []);
  assert.equal(listings.size, 0);
});

Deno.test("a catalogue tells of every repository that came, went or was nested in another", async () => {
  using _later = later();
  await using folder = await tempFolder();
  const root = folder.join("content.v1/docker/registry/v2/repositories");
  const catalog = diskCatalog(folder.path);
  const names = () => Array.fromAsync(catalog.repositories());
  await make(root, "localhost/b/_manifests", "localhost/a/x/_manifests", "localhost/c/_uploads");
  assert.deepEqual(await names(), ["localhost/a/x", "localhost/b"]);
  assert.deepEqual(await names(), ["localhost/a/x", "localhost/b"]);
  await make(
    root,
    "localhost/a/x/y/_manifests",
    "localhost/c/_manifests",
    "other.test/d/_manifests",
  );
  const all = ["localhost/a/x", "localhost/a/x/y", "localhost/b", "localhost/c", "other.test/d"];
  assert.deepEqual(await Promise.all([names(), names(), names()]), [all, all, all]);
  await nextTime();
  await Deno.remove(join(root, "localhost/a"), { recursive: true });
  await Deno.remove(join(root, "localhost/b/_manifests"));
  assert.deepEqual(await names(), ["localhost/c", "other.test/d"]);
});

Deno.test("FolderListings remembers as many names as it has room for, those that were asked for last", async () => {
  using _later = later();
  await using folder = await tempFolder();
  const four = ["1", "2", "3", "4"];
  for (const parent of ["a", "b", "c"]) await make(folder.join(parent), ...four);
  const listings = new FolderListings(10);
  for (const parent of ["a", "b", "a", "c"]) {
    assert.deepEqual(await listings.names(folder.join(parent)), four);
  }
  assert.equal(listings.size, 2);
  await nextTime();
  await Deno.remove(folder.join("b/1"));
  assert.equal(await listings.areSame(), true, "the one that was not asked for is forgotten");
  await make(folder.path, "a/5");
  assert.equal(await listings.areSame(), false);
  await make(folder.join("d"), ...four, "5", "6", "7", "8", "9", "10");
  await listings.names(folder.join("d"));
  assert.equal(listings.size, 0, "a folder that is too large is not remembered");
});

Deno.test("tags come in pages, and every change of them is seen at once", async () => {
  using _later = later();
  await using folder = await tempFolder();
  const root = folder.join("content.v1/docker/registry/v2/repositories/localhost/x");
  const tags = join(root, "_manifests/tags");
  const repository = diskCatalog(folder.path).repository("localhost/x");
  const add = async (tag: string) => {
    await make(tags, `${tag}/current`);
    await Deno.writeTextFile(join(tags, tag, "current/link"), `sha256:${"0".repeat(64)}`);
  };
  const behind = (after?: string) => Array.fromAsync(repository.tags({ after }));
  for (const tag of ["v10", "v2", "B", "a"]) await add(tag);
  assert.deepEqual(await behind(""), ["B", "a", "v10", "v2"]);
  for (const [after, found] of [["B", 3], ["Z", 3], ["a", 2], ["v2", 0], ["zz", 0]] as const) {
    assert.equal((await behind(after)).length, found, `behind ${after}`);
    assert.deepEqual(await behind(after), ["B", "a", "v10", "v2"].slice(4 - found));
  }
  await add("b");
  assert.deepEqual(await behind("a"), ["b", "v10", "v2"]);
  await nextTime();
  await Deno.remove(join(tags, "v10"), { recursive: true });
  assert.deepEqual(await behind("a"), ["b", "v2"]);
  // A tag whose link is not there yet, or not there any more, is none.
  await Deno.remove(join(tags, "b/current/link"));
  assert.deepEqual(await behind("a"), ["v2"]);
  assert.deepEqual(await behind(), ["B", "a", "v2"]);
});

Deno.test("FolderListings reads a folder once for all who ask while it is read", async () => {
  await using folder = await tempFolder();
  await make(folder.path, "a");
  const listings = new FolderListings();
  const lists = await Promise.all(Array.from({ length: 4 }, () => listings.names(folder.path)));
  assert.deepEqual(lists[0], ["a"]);
  assert.ok(lists.slice(2).every((list) => list === lists[1]), "one list, made once");
  assert.equal(listings.size, 0, "and not remembered: the folder has just changed");
});
