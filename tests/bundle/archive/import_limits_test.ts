/** Archives that become more than anybody wants: refused before the first byte is written. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ArchiveLimits } from "../../../src/archive/limits.ts";
import { importArchive } from "../../../src/bundle/archive/import.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { type RawEntry, rawTar } from "../../archive/raw_tar.ts";
import { tempFolder } from "../../support/temp.ts";

const MIB = 1024 * 1024;

const zeros = (name: string, mib: number): RawEntry => ({ name, body: new Uint8Array(mib * MIB) });

const small = (count: number): RawEntry[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${index}`, body: "" }));

interface Row {
  readonly archive: () => Uint8Array;
  readonly limits?: ArchiveLimits;
  readonly reason: RegExp;
  /** What lets it in all the same. */
  readonly raised: ArchiveLimits;
}

const RATIO = { reason: /become more than/, raised: { maxRatio: 100_000 } };

const ROWS: Readonly<Record<string, Row>> = {
  "one file in zstd": { ...RATIO, archive: () => zstdCompressSync(rawTar(zeros("a", 40))) },
  "one file in gzip": { ...RATIO, archive: () => gzipSync(rawTar(zeros("a", 40))) },
  "many files": {
    ...RATIO,
    archive: () =>
      zstdCompressSync(rawTar(...Array.from({ length: 40 }, (_, index) => zeros(`${index}`, 1)))),
  },
  "entries without content": {
    archive: () => rawTar(...small(6)),
    limits: { maxEntries: 5 },
    reason: /entries/,
    raised: { maxEntries: 6 },
  },
  "folders alone": {
    archive: () => rawTar(...[1, 2, 3].map((index) => ({ name: `${index}/`, type: "5" }))),
    limits: { maxEntries: 2 },
    reason: /entries/,
    raised: { maxEntries: 3 },
  },
  "more bytes than are wanted": {
    archive: () => rawTar(zeros("a", 1), zeros("b", 2)),
    limits: { maxSize: 3 * MIB - 1 },
    reason: /its files exceed 3145727 bytes in all$/,
    raised: { maxSize: 3 * MIB },
  },
};

for (const [what, { archive, limits, reason, raised }] of Object.entries(ROWS)) {
  Deno.test(`import refuses an archive of ${what}, unless its limit is raised`, async () => {
    await using temp = await tempFolder();
    const path = await temp.write("in.tar", new Uint8Array(archive()));
    const dest = temp.join("w");
    for (const dryRun of [true, false]) {
      await assert.rejects(importArchive(path, { dest, dryRun, ...limits }), (error) => {
        assert.ok(error instanceof InvalidInputError, String(error));
        assert.match(error.message, reason);
        const [limit] = Object.keys(raised);
        const flag = `--max-${limit?.slice(3).toLowerCase()}`;
        assert.ok(error.facts.remedy?.endsWith(`raise the limit with ${flag}`), error.facts.remedy);
        return true;
      });
    }
    await assert.rejects(Deno.lstat(dest), Deno.errors.NotFound);
    await importArchive(path, { dest, ...raised });
    assert.ok((await Array.fromAsync(Deno.readDir(dest))).length > 0);
  });
}
