import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { DigestCache, type FileIdentity } from "../../src/work/digest_cache.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = 1_900_000_000_000;
const OLD = NOW - 10_000;
const DIGEST = digestBytes(new TextEncoder().encode("content"));

function identity(changes: Partial<FileIdentity> = {}): FileIdentity {
  return { dev: 1, ino: 2, size: 7, mtime: OLD, ctime: OLD, ...changes };
}

Deno.test("DigestCache knows after another opening what was saved", async () => {
  await using folder = await tempFolder();
  const path = folder.join("cache", "digests");
  const cache = await DigestCache.open(path, () => NOW);
  cache.add(identity(), DIGEST);
  await cache.save();
  assert.equal((await DigestCache.open(path)).find(identity()), DIGEST);
});

Deno.test("DigestCache does not know a file of which any fact is another", async () => {
  await using folder = await tempFolder();
  const cache = await DigestCache.open(folder.join("digests"), () => NOW);
  cache.add(identity(), DIGEST);
  for (const fact of ["dev", "ino", "size", "mtime", "ctime"] as const) {
    assert.equal(cache.find(identity({ [fact]: 1_000 })), undefined, fact);
  }
});

Deno.test("DigestCache does not remember a file that changed just before it was hashed", async () => {
  await using folder = await tempFolder();
  const cache = await DigestCache.open(folder.join("digests"), () => NOW);
  for (const racy of [identity({ mtime: NOW - 1_999 }), identity({ ctime: NOW - 1_999 })]) {
    cache.add(racy, DIGEST);
    assert.equal(cache.find(racy), undefined);
  }
  cache.add(identity({ mtime: NOW + 60_000 }), DIGEST);
  assert.equal(cache.find(identity({ mtime: NOW + 60_000 })), undefined, "a time in the future");
});

Deno.test("DigestCache keeps what several processes append, and passes damaged lines over", async () => {
  await using folder = await tempFolder();
  const path = folder.join("digests");
  const [one, two] = [
    await DigestCache.open(path, () => NOW),
    await DigestCache.open(path, () => NOW),
  ];
  one.add(identity({ ino: 10 }), DIGEST);
  two.add(identity({ ino: 20 }), DIGEST);
  await one.save();
  await Deno.writeTextFile(path, "1 2 3 sha256:nonsense\n\0\0\n", { append: true });
  await two.save();
  const both = await DigestCache.open(path);
  assert.equal(both.find(identity({ ino: 10 })), DIGEST);
  assert.equal(both.find(identity({ ino: 20 })), DIGEST);
});

Deno.test("DigestCache keeps the newest entries when there are too many", async () => {
  await using folder = await tempFolder();
  const path = folder.join("digests");
  const cache = await DigestCache.open(path, () => NOW);
  for (let ino = 1; ino <= 50_001; ino++) cache.add(identity({ ino }), DIGEST);
  await cache.save();
  const kept = await DigestCache.open(path);
  assert.equal(kept.find(identity({ ino: 1 })), undefined);
  assert.equal(kept.find(identity({ ino: 50_001 })), DIGEST);
  assert.equal((await Deno.readTextFile(path)).trim().split("\n").length, 25_000);
});

Deno.test({
  name: "DigestCache is readable for nobody else",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await tempFolder();
    const path = folder.join("cache", "digests");
    const cache = await DigestCache.open(path, () => NOW);
    cache.add(identity(), DIGEST);
    await cache.save();
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(folder.join("cache"))).mode! & 0o777, 0o700);
  },
});

Deno.test("look() finds a file that was left alone, and not one that was written over", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "one");
  await Deno.utime(path, 1_000, 1_000);
  const later = Date.now() + 60_000;
  const cache = await DigestCache.open(folder.join("digests"), () => later);
  const first = await cache.look(path);
  assert.equal(first.digest, undefined);
  await first.remember(DIGEST);
  assert.equal((await cache.look(path)).digest, DIGEST);
  await Deno.writeTextFile(path, "two");
  assert.equal((await cache.look(path)).digest, undefined);
});

Deno.test("look() does not remember a file that changed after it was looked up", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "one");
  await Deno.utime(path, 1_000, 1_000);
  const later = Date.now() + 60_000;
  const cache = await DigestCache.open(folder.join("digests"), () => later);
  const file = await cache.look(path);
  await Deno.writeTextFile(path, "two and more");
  await file.remember(DIGEST);
  assert.equal((await cache.look(path)).digest, undefined);
});

const FORM = "f".repeat(64);
const PACKED = { digest: DIGEST, size: 12, diffId: DIGEST };

Deno.test("what a file becomes when it is packed is remembered by the form", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "one");
  await Deno.utime(path, 1_000, 1_000);
  const later = Date.now() + 60_000;
  const cache = await DigestCache.open(folder.join("digests"), () => later);
  await (await cache.look(path)).rememberPacked(FORM, PACKED);
  await cache.save();
  const opened = await DigestCache.open(folder.join("digests"), () => later);
  const found = await opened.look(path);
  assert.deepEqual(found.packed(FORM), PACKED);
  assert.equal(found.packed("e".repeat(64)), undefined);
  assert.equal(found.digest, undefined);
  await Deno.writeTextFile(path, "two");
  assert.equal((await opened.look(path)).packed(FORM), undefined);
});

for (const known of [`${DIGEST} 12`, `${DIGEST} x ${DIGEST}`, `x 12 ${DIGEST}`, `${DIGEST} 12 x`]) {
  Deno.test(`a line of a packed file that cannot be read is passed over: ${known.slice(-30)}`, async () => {
    await using folder = await tempFolder();
    const path = await folder.write("file", "one");
    const { dev, ino, size, mtime, ctime } = await Deno.stat(path);
    const key = [dev, ino, size, mtime!.getTime(), ctime!.getTime(), FORM].join(" ");
    const digests = await folder.write("digests", `${key} ${known}\n`);
    const cache = await DigestCache.open(digests);
    assert.equal((await cache.look(path)).packed(FORM), undefined);
  });
}
