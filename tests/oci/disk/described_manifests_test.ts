import assert from "node:assert/strict";
import { digestBytes } from "../../../src/core/digest.ts";
import { DescribedManifests } from "../../../src/oci/disk/described_manifests.ts";
import type { FileStamp } from "../../../src/oci/disk_blobs.ts";

const DIGEST = digestBytes(new TextEncoder().encode("manifest"));
const LONG_AGO = Date.parse("2026-01-01T00:00:00Z");
const SMALL: FileStamp = { size: 100, mtime: LONG_AGO, changed: LONG_AGO, ino: 7 };

/** How often a manifest is read that is asked for twice, its file being in these states. */
async function reads(first: FileStamp, second: FileStamp): Promise<number> {
  const described = new DescribedManifests();
  let count = 0;
  for (const stamp of [first, second]) {
    await described.of(DIGEST, stamp, () => {
      count++;
      return Promise.resolve({ mediaType: "a/b", digest: DIGEST, size: stamp.size });
    });
  }
  return count;
}

Deno.test("what a manifest is, is found out once while its file stays as it is", async () => {
  assert.equal(await reads(SMALL, SMALL), 1);
  const large = { ...SMALL, size: 1_000_000 };
  assert.equal(await reads(large, large), 1);
});

Deno.test("a manifest is read again when its file has another size, time or number", async () => {
  const changes: Partial<FileStamp>[] = [
    { size: 101 },
    { mtime: LONG_AGO + 1 },
    { changed: LONG_AGO + 1 },
    { ino: 8 },
  ];
  for (const change of changes) {
    assert.equal(await reads(SMALL, { ...SMALL, ...change }), 2, JSON.stringify(change));
  }
});

Deno.test("a small file that was changed just now may change again without its times", async () => {
  const young = { ...SMALL, changed: Date.now() };
  assert.equal(await reads(young, young), 2);
});
