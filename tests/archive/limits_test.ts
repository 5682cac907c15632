import assert from "node:assert/strict";
import { type CompressionName, COMPRESSIONS } from "../../src/archive/compression.ts";
import { Extraction } from "../../src/archive/extract.ts";
import { type ArchiveLimits, limitedExpansion } from "../../src/archive/limits.ts";
import { readTar } from "../../src/archive/tar_reader.ts";
import { packUstar } from "../../src/archive/tar_writer.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { readAll, streamOf } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";
import { rawTar } from "./raw_tar.ts";

const MIB = 1024 * 1024;

/** Unpacks so many MiB of zeros under limits, and gives how many came. */
async function unpack(
  name: CompressionName,
  mib: number,
  options: ArchiveLimits & { readonly stated?: number } = {},
): Promise<number> {
  const { compress, decompress } = COMPRESSIONS[name];
  const zeros = streamOf(Array.from({ length: mib }, () => new Uint8Array(MIB)));
  const packed = await readAll(compress(zeros), 64 * MIB);
  const facts = { size: packed.byteLength, stated: options.stated, what: "a layer" };
  let bytes = 0;
  for await (const chunk of limitedExpansion(decompress(streamOf([packed])), facts, options)) {
    bytes += chunk.byteLength;
  }
  return bytes;
}

for (const name of ["gzip", "zstd"] as const) {
  Deno.test(`${name}: what becomes far more than its size is refused on the way`, async () => {
    await assert.rejects(unpack(name, 100), InvalidInputError);
    await assert.rejects(unpack(name, 100, { maxRatio: 2 }), /raise|become more than/);
    await assert.rejects(unpack(name, 100, { stated: 20 * MIB }), InvalidInputError);
  });

  Deno.test(`${name}: little, stated and allowed expansion is fine`, async () => {
    assert.equal(await unpack(name, 16), 16 * MIB);
    assert.equal(await unpack(name, 40, { stated: 40 * MIB }), 40 * MIB);
    assert.equal(await unpack(name, 40, { maxRatio: 100_000 }), 40 * MIB);
  });
}

/** Unpacks an archive of so many files of so many zeros each, and gives how many entries came. */
async function unpackMany(count: number, size: number): Promise<number> {
  const file = { type: "file", size, mode: 0o644 } as const;
  const tar = packUstar(Array.from({ length: count }, (_, index) => (
    { entry: { ...file, name: `file-${index}` }, content: bytesSource(new Uint8Array(size)) }
  )));
  const { compress, decompress } = COMPRESSIONS.zstd;
  const packed = await readAll(compress(await tar.open(), { level: 3 }), 64 * MIB);
  let entries = 0;
  const facts = { size: packed.byteLength, what: "an archive", entries: () => entries };
  const unpacked = limitedExpansion(decompress(streamOf([packed])), facts, {});
  for await (const _member of readTar(unpacked, { onEntry: () => entries++ }));
  return entries;
}

Deno.test("what a small file takes at least is none of a bomb, however many there are", async () => {
  for (const [count, size] of [[18_000, 1], [8000, 2000], [4200, 4096]] as const) {
    assert.equal(await unpackMany(count, size), count);
  }
  for (const [count, size] of [[1, 32 * MIB], [500, 128 * 1024], [2000, 20_000]] as const) {
    await assert.rejects(unpackMany(count, size), /become more than/, `${count} of ${size}`);
  }
});

Deno.test("an archive is made again each time that it is opened, from any byte", async () => {
  const contents = ["", "a", "b".repeat(512), "c".repeat(2000)].map((text) =>
    new TextEncoder().encode(text)
  );
  const tar = packUstar(contents.map((bytes, index) => ({
    entry: { name: `file-${index}`, type: "file", size: bytes.byteLength, mode: 0o644 },
    content: bytesSource(bytes),
  })));
  const whole = await readAll(await tar.open(), MIB);
  assert.equal(whole.byteLength, tar.size);
  for (
    const [start, end] of [[0, 1], [511, 513], [1000, 4000], [tar.size - 1, tar.size]] as const
  ) {
    const part = await readAll(await tar.open({ range: { start, end } }), MIB);
    assert.deepEqual(part, whole.slice(start, end));
  }
});

Deno.test("an archive that lacks its end is whole where that is allowed, and cut elsewhere", async () => {
  const archive = rawTar({ name: "a", body: "1" }, { name: "b", body: "2" });
  const whole = archive.byteLength - 1024;
  const list = async (size: number, mayLackEnd: boolean, ...more: number[]) => {
    const names: string[] = [];
    const onMissingEnd = mayLackEnd ? () => names.push("!") : undefined;
    const stream = streamOf([archive.slice(0, size), Uint8Array.from(more)]);
    for await (const { name } of readTar(stream, { onMissingEnd })) {
      names.push(name);
    }
    return names.join("");
  };
  assert.equal(await list(archive.byteLength, true), "ab");
  for (const size of [whole + 1023, whole + 600, whole + 512, whole + 1, whole, whole - 500]) {
    assert.equal(await list(size, true), "ab!", `${size}`);
  }
  for (const size of [whole - 512, whole - 600, 512, 100, 0]) {
    await assert.rejects(list(size, true), /truncated/, `${size}`);
  }
  for (const size of [whole, whole + 600]) await assert.rejects(list(size, true, 1), /truncated/);
  for (const size of [whole + 600, whole + 512, whole + 1, whole, whole - 500]) {
    await assert.rejects(list(size, false), /truncated/, `${size}`);
  }
});

Deno.test("second names of earlier entries are files of their own", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const archive = rawTar(
    { name: "d/a", body: "content" },
    { name: "b", type: "1", link: "d/a" },
    { name: "c", type: "1", link: "./b" },
    { name: "late", type: "1", link: "z" },
    { name: "up", type: "1", link: "../d/a" },
    { name: "z", body: "z" },
  );
  const { files, skipped } = await extraction.extractTar(streamOf([archive]));
  assert.deepEqual(files.map(({ path }) => path), ["d/a", "b", "c", "z"]);
  assert.deepEqual(skipped.map(({ path }) => path), ["late", "up"]);
  await Deno.writeTextFile(temp.join("b"), "other");
  assert.equal(await Deno.readTextFile(temp.join("d/a")), "content");
  assert.equal(await Deno.readTextFile(temp.join("c")), "content");
});
