import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { digestBytes } from "../../../src/core/digest.ts";
import { IntegrityError } from "../../../src/core/errors.ts";
import { streamOf } from "../../../src/core/streams.ts";
import type { Ingest } from "../../../src/oci/capabilities.ts";
import { CORES, countWorkers } from "../../../src/work/pool.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import type { LocalRepository } from "../../../src/oci/parts/repository.ts";
import { tempFolder } from "../../support/temp.ts";

const MIB = 1024 * 1024;

/** Pieces of 1 MiB that differ. */
function pieces(count: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, index) => new Uint8Array(MIB).fill(index + 1));
}

function joined(list: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(list));
}

/** Workers that were started while `work` ran. */
async function startedBy(work: () => Promise<void>): Promise<number> {
  const before = countWorkers().started;
  await work();
  return countWorkers().started - before;
}

/** A stream that breaks after these chunks. */
async function* broken(chunks: readonly Uint8Array<ArrayBuffer>[]) {
  yield* chunks;
  throw new Error("the line was cut");
}

async function withStore(
  work: (store: LocalRepository) => Promise<void>,
): Promise<void> {
  await using folder = await tempFolder();
  await work(diskCatalog(folder.path).repository("registry.test/x"));
}

Deno.test("the rest of a large upload is hashed on another core, and has the same digest", () =>
  withStore(async (store) => {
    const content = pieces(24);
    const started = await startedBy(async () => {
      await using ingest = await store.ingest();
      await ingest.append(streamOf(content), { isRest: true });
      const blob = await ingest.commit(digestBytes(joined(content)));
      assert.equal(blob.size, 24 * MIB);
    });
    assert.equal(started, CORES > 1 ? 1 : 0);
    assert.equal(countWorkers().running, 0, "no worker outlives the upload");
  }));

Deno.test("small uploads, and parts with others behind them, are hashed where they come", () =>
  withStore(async (store) => {
    const content = pieces(20);
    const uploads: ((ingest: Ingest) => Promise<void>)[] = [
      (ingest) => ingest.append(streamOf(content.slice(0, 4)), { isRest: true }),
      (ingest) => ingest.append(streamOf(content)),
      async (ingest) => {
        await ingest.append(streamOf(content.slice(0, 10)), { isRest: false });
        await ingest.append(streamOf(content.slice(10, 13)), { isRest: true });
      },
    ];
    const sizes = [4, 20, 13];
    for (const [index, upload] of uploads.entries()) {
      const started = await startedBy(async () => {
        await using ingest = await store.ingest();
        await upload(ingest);
        await ingest.commit(digestBytes(joined(content.slice(0, sizes[index]))));
      });
      assert.equal(started, 0);
    }
  }));

Deno.test("a large upload that was cut goes on, and its digest is that of all of it", () =>
  withStore(async (store) => {
    const content = pieces(40);
    for (const cut of [12, 20, 31]) {
      const ingest = await store.ingest();
      const first = streamOf(broken(content.slice(0, cut)));
      await assert.rejects(ingest.append(first, { isRest: true }), /the line was cut/);
      await ingest[Symbol.asyncDispose]();
      await using resumed = await store.resumeIngest(ingest.id);
      assert.equal(resumed.size, cut * MIB);
      await resumed.append(streamOf(content.slice(cut)), { isRest: true });
      await resumed.commit(digestBytes(joined(content)));
    }
    assert.equal(countWorkers().running, 0);
  }));

Deno.test("wrong bytes that another core has hashed do not become a blob", () =>
  withStore(async (store) => {
    const expected = digestBytes(joined(pieces(24)));
    for (const place of [0, 9, 23]) {
      const wrong = pieces(24);
      wrong[place]![17]! ^= 1;
      await using ingest = await store.ingest();
      await ingest.append(streamOf(wrong), { isRest: true });
      await assert.rejects(ingest.commit(expected), IntegrityError);
    }
    assert.equal(countWorkers().running, 0);
  }));

Deno.test("more uploads at once than other cores take all have their digests", () =>
  withStore(async (store) => {
    const content = pieces(16);
    const digest = digestBytes(joined(content));
    await Promise.all(Array.from({ length: 20 }, async () => {
      await using ingest = await store.ingest();
      await ingest.append(streamOf(content), { isRest: true });
      await ingest.commit(digest);
    }));
    assert.equal(countWorkers().running, 0);
  }));

Deno.test("a large upload can be asked for under SHA-512 as well", () =>
  withStore(async (store) => {
    const content = pieces(12);
    await using ingest = await store.ingest();
    await ingest.append(streamOf(content), { isRest: true });
    const blob = await ingest.commit(digestBytes(joined(content), "sha512"));
    assert.equal(blob.digest, digestBytes(joined(content), "sha512"));
  }));
