import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { COMPRESSIONS } from "../../src/archive/compression.ts";
import { Extraction } from "../../src/archive/extract.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { ConflictError, IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { concatBytes, streamOf, verified } from "../../src/core/streams.ts";
import { packTar } from "../../src/archive/tar_writer.ts";
import { StagedFile } from "../../src/core/staged_file.ts";
import { tempFolder } from "../support/temp.ts";
import { pax, type RawEntry, rawTar, tarEntry } from "./raw_tar.ts";

/** Names of everything directly in a folder. */
async function names(root: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(root), ({ name }) => name)).sort();
}

Deno.test("extractTar() writes files and folders with their modes and times", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const archive = rawTar(
    { name: "./", type: "5", mode: 0o700 },
    { name: "./dir/", type: "5", mode: 0 },
    { name: "./dir/run", mode: 0o6755, body: "run" },
    { name: "made/on/the/way", body: "" },
  );
  assert.deepEqual(await extraction.extractTar(streamOf([archive])), {
    files: [{ path: "dir/run", size: 3 }, { path: "made/on/the/way", size: 0 }],
    unchanged: 0,
    skipped: [],
    skippedCount: 0,
  });
  const info = await Deno.stat(temp.join("dir/run"));
  assert.equal(info.mtime?.toISOString(), "2025-01-01T00:00:00.000Z");
  if (Deno.build.os !== "windows") {
    assert.equal((info.mode ?? 0) & 0o7777, 0o755);
    assert.equal(((await Deno.stat(temp.join("dir"))).mode ?? 0) & 0o777, 0o700);
  }
});

Deno.test("extractTar() passes over what other writers say of a file beside its content", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const said = pax({
    "SCHILY.xattr.user.note": "a note\nof two lines",
    "SCHILY.xattr.security.capability": "\u0001\u0002",
    "LIBARCHIVE.xattr.user.note": "YQ",
    "SCHILY.acl.access": "user::rwx",
    uid: "0",
    uname: "root",
  });
  const archive = rawTar(said, { name: "run", mode: 0o4755, body: "run" });
  const { files, skipped } = await extraction.extractTar(streamOf([archive]));
  assert.deepEqual([files, skipped], [[{ path: "run", size: 3 }], []]);
  assert.equal(await Deno.readTextFile(temp.join("run")), "run");
  if (Deno.build.os !== "windows") {
    assert.equal(((await Deno.stat(temp.join("run"))).mode ?? 0) & 0o7777, 0o755);
  }
});

for (const run of ["/", "/.", "//."]) {
  Deno.test(`extractTar() takes little time for a folder of many "${run}" and something else`, async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.path);
    const body = `.${run.repeat(100_000)}`;
    const root = rawTar(pax({ path: body }), { name: "x", type: "5" });
    const { files, skipped } = await extraction.extractTar(streamOf([root]));
    assert.deepEqual([files, skipped, await names(temp.path)], [[], [], []]);
    const hostile = rawTar(pax({ path: `${body}\u0001` }), { name: "x", type: "5" });
    await assert.rejects(extraction.extractTar(streamOf([hostile])), InvalidInputError);
  });
}

Deno.test("extractTar() leaves links and special files out and says so", async () => {
  await using temp = await tempFolder();
  const outside = await temp.write("outside/secret", "secret");
  await using extraction = await Extraction.open(temp.join("root"));
  const archive = rawTar(
    { name: "out", type: "2", link: temp.join("outside") },
    { name: "out/x", body: "inside" },
    { name: "self", type: "2", link: "." },
    { name: "self/y", body: "inside" },
    { name: "../evil", type: "2", link: "/" },
    { name: "copy", type: "1", link: outside },
    { name: "early", type: "1", link: "out/x" },
    { name: "tty", type: "3" },
    { name: "disk", type: "4" },
    { name: "pipe", type: "6" },
  );
  const { files, skipped } = await extraction.extractTar(streamOf([archive]));
  assert.deepEqual(files.map(({ path }) => path), ["out/x", "self/y", "early"]);
  assert.deepEqual(skipped, [
    { path: "out", reason: "symbolic link entries are not extracted" },
    { path: "self", reason: "symbolic link entries are not extracted" },
    { path: "../evil", reason: "symbolic link entries are not extracted" },
    {
      path: "copy",
      reason: `it is a hard link to ${JSON.stringify(outside)}, which no earlier entry is`,
    },
    { path: "tty", reason: "device entries are not extracted" },
    { path: "disk", reason: "device entries are not extracted" },
    { path: "pipe", reason: "fifo entries are not extracted" },
  ]);
  assert.deepEqual(await names(temp.join("root")), ["early", "out", "self"]);
  assert.deepEqual(await names(temp.join("outside")), ["secret"]);
  assert.deepEqual(await names(temp.path), ["outside", "root"]);
});

Deno.test("extractTar() counts all that it leaves out, and keeps the first of it by name", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const links = Array.from({ length: 2500 }, (_, n) => ({ name: `${n}`, type: "2", link: "." }));
  const archive = rawTar(...links, { name: "file", body: "x" });
  const { files, skipped, skippedCount } = await extraction.extractTar(streamOf([archive]));
  assert.deepEqual(files, [{ path: "file", size: 1 }]);
  assert.deepEqual([skippedCount, skipped.length, skipped.at(-1)?.path], [2500, 1000, "999"]);
});

const HOSTILE: Readonly<Record<string, readonly RawEntry[]>> = {
  "a parent": [{ name: "../evil", body: "x" }],
  "a hidden parent": [{ name: "a/../../evil", body: "x" }],
  "an absolute path": [{ name: "/tmp/evil", body: "x" }],
  "a drive": [{ name: "C:\\evil", body: "x" }],
  "a backslash": [{ name: "..\\evil", body: "x" }],
  "a PAX path": [pax({ path: "../evil" }), { name: "good", body: "x" }],
  "an empty PAX path": [pax({ path: "" }), { name: "good", body: "x" }],
  "a NUL in a PAX path": [pax({ path: "a\0b" }), { name: "good", body: "x" }],
  "a GNU name": [{ name: "@", type: "L", body: "../evil\0" }, { name: "good", body: "x" }],
  "a folder": [{ name: "../evil/", type: "5" }],
  "an absolute folder": [{ name: "/", type: "5" }],
  "a component of 300 bytes": [pax({ path: "x".repeat(300) }), { name: "good", body: "x" }],
  "ten thousand levels": [pax({ path: "d/".repeat(10_000) + "x" }), { name: "good", body: "x" }],
};

for (const [what, entries] of Object.entries(HOSTILE)) {
  Deno.test(`extractTar() refuses ${what}, and keeps nothing of the archive`, async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.join("root"));
    const archive = rawTar({ name: "first", body: "1" }, ...entries);
    await assert.rejects(extraction.extractTar(streamOf([archive])), InvalidInputError);
    assert.deepEqual(await names(temp.join("root")), []);
    assert.deepEqual(await names(temp.path), ["root"]);
  });
}

Deno.test("extractTar() takes a path twice with the same content only", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const twice = rawTar({ name: "a", body: "1" }, { name: "./a", body: "1" });
  assert.equal((await extraction.extractTar(streamOf([twice]))).files.length, 1);
  const conflicts: RawEntry[][] = [
    [{ name: "b", body: "1" }, { name: "b", body: "2" }],
    [{ name: "b", body: "1" }, { name: "b/", type: "5" }],
    [{ name: "b/", type: "5" }, { name: "b", body: "1" }],
    [{ name: "b", body: "1" }, { name: "b/c", body: "1" }],
    [{ name: "a", body: "2" }],
  ];
  for (const entries of conflicts) {
    await using root = await tempFolder();
    await using fresh = await Extraction.open(root.path);
    await fresh.extractTar(streamOf([twice]));
    const clash = fresh.extractTar(streamOf([rawTar(...entries)]));
    await assert.rejects(clash, ConflictError, JSON.stringify(entries));
    assert.deepEqual((await names(root.path)).filter((name) => name !== "b"), ["a"]);
  }
});

Deno.test("extractTar() gives no file its name before the whole stream proved right", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const archive = rawTar({ name: "a", body: "1" }, { name: "b", body: "2" });
  const wrong = { digest: digestBytes(new Uint8Array(3)), size: archive.length };
  const right = { digest: digestBytes(archive), size: archive.length };
  const seen: string[][] = [];
  const layer = async function* () {
    for (let at = 0; at < archive.length; at += 512) {
      seen.push((await names(temp.path)).filter((name) => !name.endsWith(".partial")));
      yield archive.subarray(at, at + 512);
    }
  };
  const attempt = (expected: typeof right) =>
    extraction.extractTar(streamOf(verified(streamOf(layer()), expected)));
  await assert.rejects(attempt(wrong), IntegrityError);
  assert.deepEqual(await names(temp.path), []);
  await attempt(right);
  assert.deepEqual(await names(temp.path), ["a", "b"]);
  assert.deepEqual(new Set(seen.flat()), new Set());
});

Deno.test("extractTar() of a broken archive leaves nothing behind", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const archive = rawTar({ name: "a", body: "1" }, { name: "b", body: "x".repeat(5000) });
  const damaged = archive.slice();
  damaged[1024] = 1;
  const broken = [archive.subarray(0, 3000), archive.subarray(0, -1024), damaged];
  for (const bytes of [...broken, concatBytes([archive, archive])]) {
    await assert.rejects(extraction.extractTar(streamOf([bytes])), IntegrityError);
    assert.deepEqual(await names(temp.path), []);
  }
});

for (const by of Object.values(COMPRESSIONS)) {
  Deno.test(`a layer packed with compression ${by.name} comes back, and a cut one does not`, async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.path);
    const body = new Uint8Array(3_000_000).map((_, index) => index * 31 >> 3);
    const source = packTar([{
      entry: tarEntry({ name: "model.bin", size: body.length }),
      content: bytesSource(body),
    }]);
    const packed = concatBytes(await Array.fromAsync(by.compress(await source.open())));
    for (const cut of [packed.length - 1, packed.length >> 1, 0]) {
      const stream = by.decompress(streamOf([packed.slice(0, cut)]));
      await assert.rejects(extraction.extractTar(stream), IntegrityError);
    }
    assert.deepEqual(await names(temp.path), []);
    await extraction.extractTar(by.decompress(streamOf([packed])));
    assert.equal(digestBytes(await Deno.readFile(temp.join("model.bin"))), digestBytes(body));
  });
}

Deno.test("a bomb stops at the limit and leaves nothing behind", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path, { maxBytes: 1 << 20 });
  const many = Array.from({ length: 40 }, (_, i) => ({ name: `${i}`, body: "\0".repeat(100_000) }));
  const bomb = gzipSync(rawTar(...many));
  assert.ok(bomb.length < 50_000);
  let read = 0;
  const stream = streamOf((function* () {
    for (const byte of bomb) {
      read++;
      yield Uint8Array.of(byte);
    }
  })());
  await assert.rejects(extraction.extractTar(COMPRESSIONS.gzip.decompress(stream)), {
    name: "InvalidInputError",
  });
  assert.ok(read <= bomb.length);
  assert.deepEqual(await names(temp.path), []);
  const crowd = rawTar(...Array.from({ length: 30 }, (_, index) => ({ name: `${index}` })));
  const counted = extraction.extractTar(streamOf([crowd]), { maxEntries: 20 });
  await assert.rejects(counted, InvalidInputError);
  assert.deepEqual(await names(temp.path), []);
});

Deno.test("an abort in the middle of an archive leaves nothing behind", async () => {
  await using temp = await tempFolder();
  const abort = new AbortController();
  const reason = new Error("enough");
  await using extraction = await Extraction.open(temp.path, { signal: abort.signal });
  const archive = rawTar({ name: "a", body: "1" }, { name: "b", body: "2" });
  const stream = streamOf((function* () {
    yield archive.subarray(0, 1500);
    abort.abort(reason);
    yield archive.subarray(1500);
  })());
  await assert.rejects(extraction.extractTar(stream), (error) => error === reason);
  assert.deepEqual(await names(temp.path), []);
});

Deno.test("files of an archive are read again only where something is in their places", async () => {
  await using temp = await tempFolder();
  await temp.write("old/same", "same");
  await temp.write("old/other", "other");
  const files = ["new/a", "new/b", "old/c", "old/same"].map((name) => ({ name, body: "same" }));
  const digest = StagedFile.prototype.digest;
  let reads = 0;
  StagedFile.prototype.digest = function (options) {
    reads++;
    return digest.call(this, options);
  };
  try {
    await using extraction = await Extraction.open(temp.path);
    const found = await extraction.extractTar(streamOf([rawTar(...files)]), { compare: {} });
    assert.deepEqual([found.files.length, found.unchanged, reads], [3, 1, 1]);
    await using again = await Extraction.open(temp.path);
    const changed = rawTar(...files, { name: "old/other", body: "more" });
    await assert.rejects(again.extractTar(streamOf([changed]), { compare: {} }), (error) => {
      assert.match(String(error), /old\/other/);
      return true;
    });
    assert.equal(await Deno.readTextFile(temp.join("old/other")), "other");
  } finally {
    StagedFile.prototype.digest = digest;
  }
});
