/** Looks at a whole store, while others wait for answers of the same thread. */
import assert from "node:assert/strict";
import { digestBytes } from "../../../src/core/digest.ts";
import { dirname } from "../../../src/core/runtime/path.ts";
import { shareThread } from "../../../src/core/runtime/turn.ts";
import { DiskStore } from "../../../src/oci/disk_store.ts";
import { DiskRepository } from "../../../src/oci/disk_repository.ts";
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

/** Lets every question of the time take as long as a turn of the thread may. */
function slowClock(): Disposable {
  const own = performance.now;
  let now = performance.now();
  performance.now = () => now += 5;
  return { [Symbol.dispose]: () => void (performance.now = own) };
}

Deno.test("however many look at all tags at once, others have a turn after a few of those", async () => {
  shareThread();
  await using folder = await tempFolder();
  const store = new DiskStore(folder.path);
  const { layout } = store;
  const repository = new DiskRepository("registry.test/many", store);
  const digests = Array.from({ length: 50 }, (_, at) => digestBytes(new Uint8Array(at)));
  for (const [at, digest] of digests.entries()) {
    const path = layout.tagCurrent("registry.test/many", `v${at}`);
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(path, digest);
  }
  const looks = {
    tags: () => Array.fromAsync(repository.tags()),
    tagsOf: () => repository.tagLinks.of(digests[0]!),
  };
  using _clock = slowClock();
  for (const [name, look] of Object.entries(looks)) {
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    await Promise.all([look(), look(), look()]);
    clearInterval(others);
    assert.ok(turns > digests.length / 2, `${name}: ${turns}`);
  }
});

Deno.test("the tags of manifests that many ask for at once are found in few looks, and none is missed", async () => {
  await using folder = await tempFolder();
  const store = new DiskStore(folder.path);
  const name = "registry.test/many";
  const repository = () => new DiskRepository(name, store).tagLinks;
  const digests = Array.from({ length: 8 }, (_, at) => digestBytes(new Uint8Array(at)));
  for (const [at, digest] of digests.entries()) await repository().give(`v${at}`, digest);
  const { readDir } = Deno;
  let looks = 0;
  Deno.readDir = (path) => {
    if (path === store.layout.tags(name)) looks++;
    return readDir(path);
  };
  try {
    const first = digests.slice(0, 7).map((digest) => repository().of(digest));
    // Given while a look goes on, and before the next one.
    await repository().give("late", digests[7]!);
    const last = repository().of(digests[7]!);
    const found = await Promise.all([...first, last]);
    assert.deepEqual(found.map((tags) => tags.toSorted()), [
      ...Array.from({ length: 7 }, (_, at) => [`v${at}`]),
      ["late", "v7"],
    ]);
    assert.ok(looks <= 3, `${looks} looks`);
    assert.deepEqual(await repository().of(digestBytes(new Uint8Array(99))), []);
  } finally {
    Deno.readDir = readDir;
  }
});
