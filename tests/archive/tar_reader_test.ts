import assert from "node:assert/strict";
import fc from "fast-check";
import { packTar as packByOther } from "modern-tar";
import { readTar, type ReadTarOptions } from "../../src/archive/tar_reader.ts";
import { packTar } from "../../src/archive/tar_writer.ts";
import { IntegrityError, InvalidInputError, UnsupportedError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { concatBytes, readAll, streamOf } from "../../src/core/streams.ts";
import { pax, type RawEntry, rawEntry, rawTar, tarEntry } from "./raw_tar.ts";

function cut(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return streamOf((function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  })());
}

/** Every entry as `type name = content`, with `-> target` for links. */
async function list(bytes: Uint8Array, chunk = 1 << 20, options: ReadTarOptions = {}) {
  const lines: string[] = [];
  for await (const member of readTar(cut(bytes, chunk), options)) {
    const content = new TextDecoder().decode(await readAll(member.body, 1 << 20));
    const link = member.linkName === undefined ? "" : ` -> ${member.linkName}`;
    lines.push(`${member.type} ${member.name}${link} = ${content}`);
  }
  return lines;
}

Deno.test("readTar() gives entries of every type in their order, however the stream is cut", async () => {
  const archive = rawTar(
    { name: "dir/", type: "5" },
    { name: "dir/file", body: "hello" },
    { name: "old", type: "\0", body: "v7" },
    { name: "contiguous", type: "7", body: "c" },
    { name: "soft", type: "2", link: "/etc/passwd" },
    { name: "hard", type: "1", link: "dir/file" },
    { name: "tty", type: "3" },
    { name: "disk", type: "4" },
    { name: "pipe", type: "6" },
    { name: "label", type: "V" },
    { name: "folder-in-disguise/", body: "" },
    { name: "empty" },
  );
  for (const chunk of [1, 100, 512, 1000, 1 << 20]) {
    assert.deepEqual(await list(archive, chunk), [
      "directory dir/ = ",
      "file dir/file = hello",
      "file old = v7",
      "file contiguous = c",
      "symbolic link soft -> /etc/passwd = ",
      "hard link hard -> dir/file = ",
      "device tty = ",
      "device disk = ",
      "fifo pipe = ",
      "other label = ",
      "directory folder-in-disguise/ = ",
      "file empty = ",
    ]);
  }
});

Deno.test("readTar() takes long names from PAX and GNU headers, for one entry only", async () => {
  const long = "long/".repeat(50) + "name";
  const archive = rawTar(
    pax({ path: long, mtime: "1700000000.25" }),
    { name: "short", body: "1" },
    { name: "././@LongLink", type: "L", body: `${long}\0` },
    { name: "short", body: "2" },
    { name: "././@LongLink", type: "K", body: `${long}\0` },
    { name: "link", type: "2", link: "short" },
    { name: "plain", body: "3" },
  );
  assert.deepEqual(await list(archive), [
    `file ${long} = 1`,
    `file ${long} = 2`,
    `symbolic link link -> ${long} = `,
    "file plain = 3",
  ]);
});

Deno.test("readTar() gives metadata, and applies global PAX records until they end", async () => {
  const archive = rawTar(
    pax({ mtime: "1700000000.25" }, "g"),
    { name: "a", mode: 0o4755 },
    pax({ mtime: "5" }),
    { name: "b" },
    { name: "c" },
  );
  const seen: unknown[] = [];
  for await (const { name, mode, mtime, size } of readTar(cut(archive, 700))) {
    seen.push([name, mode, mtime, size]);
  }
  assert.deepEqual(seen, [
    ["a", 0o4755, 1_700_000_000.25, 0],
    ["b", 0o644, 5, 0],
    ["c", 0o644, 1_700_000_000.25, 0],
  ]);
});

Deno.test("readTar() reads sizes above 8 GiB as numbers, in both forms", async () => {
  const size = 9 * 1024 ** 3;
  const base256 = new Uint8Array(12);
  new DataView(base256.buffer).setBigUint64(4, BigInt(size));
  base256[0] = 0x80;
  for (
    const entries of [
      [{ name: "big", patch: [{ at: 124, bytes: base256 }] }],
      [pax({ size: String(size) }), { name: "big" }],
    ] satisfies RawEntry[][]
  ) {
    const members = readTar(cut(rawTar(...entries), 512));
    assert.equal((await members.next()).value?.size, size);
    await assert.rejects(members.next(), /Cannot read tar archive: it is truncated/);
  }
});

Deno.test("readTar() skips what is not read of a body", async () => {
  const archive = rawTar({ name: "a", body: "x".repeat(2000) }, { name: "b", body: "y" });
  const names: string[] = [];
  for await (const { name, body } of readTar(cut(archive, 100))) {
    names.push(name);
    const reader = body.getReader();
    await reader.read();
    if (name === "a") await reader.cancel();
  }
  assert.deepEqual(names, ["a", "b"]);
});

Deno.test("readTar() reads what the writer writes", async () => {
  const file = fc.record({
    name: fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }), {
      minLength: 1,
      maxLength: 4,
    }).map((parts) => parts.map((part) => part.replace(/[\0/]/g, "_")).join("/")),
    content: fc.uint8Array({ maxLength: 1500 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 5 }),
      fc.integer({ min: 1, max: 999 }),
      async (files, chunk) => {
        const archive = packTar(files.map(({ name, content }) => ({
          entry: tarEntry({ name, size: content.length }),
          content: bytesSource(content),
        })));
        const bytes = await readAll(await archive.open(), 1 << 20);
        const seen: unknown[] = [];
        for await (const { name, body } of readTar(cut(bytes, chunk))) {
          seen.push({ name, content: Uint8Array.from(await readAll(body, 1 << 20)) });
        }
        assert.deepEqual(
          seen,
          files.map(({ name, content }) => ({ name, content: Uint8Array.from(content) })),
        );
      },
    ),
    { numRuns: 100 },
  );
});

const archive = rawTar({ name: "a", body: "a".repeat(700) }, pax({ path: "p" }), {
  name: "b",
  body: "b",
});

Deno.test("readTar() refuses an archive that is cut anywhere before its end", async () => {
  for (let size = 0; size < archive.length; size += 64) {
    await assert.rejects(list(archive.subarray(0, size)), {
      name: "IntegrityError",
      message: "Cannot read tar archive: it is truncated",
    }, `${size}`);
  }
});

Deno.test("readTar() accepts zeros after the end, and nothing else", async () => {
  assert.equal((await list(concatBytes([archive, new Uint8Array(10_000)]))).length, 2);
  for (const tail of [Uint8Array.of(1), archive, concatBytes([new Uint8Array(512), archive])]) {
    await assert.rejects(list(concatBytes([archive, tail]), 512), IntegrityError);
  }
  const hidden = concatBytes([rawEntry({ name: "a" }), new Uint8Array(512), rawTar({ name: "b" })]);
  await assert.rejects(list(hidden), IntegrityError);
});

Deno.test("readTar() refuses corrupt headers", async () => {
  const corrupt: Uint8Array[] = [];
  for (const at of [0, 100, 124, 130, 150, 156, 300]) {
    const copy = archive.slice();
    copy[at] = (copy[at] ?? 0) ^ 1;
    corrupt.push(copy);
  }
  corrupt.push(rawTar({ name: "x", patch: [{ at: 124, bytes: "not a number" }] }));
  corrupt.push(
    rawTar({ name: "x", patch: [{ at: 124, bytes: Uint8Array.from(Array(12).fill(255)) }] }),
  );
  corrupt.push(rawTar({ name: "x", type: "x", patch: [{ at: 124, bytes: "zzzzzzzzzzz" }] }));
  corrupt.push(rawTar({ name: "a" }, pax({ path: "nothing follows" })));
  for (const type of ["0", "\0", "7"]) {
    corrupt.push(rawTar({ name: "folder/", type, body: "whose content would be lost" }));
  }
  for (const bytes of corrupt) await assert.rejects(list(bytes), IntegrityError);
});

Deno.test("readTar() takes sums of bytes with and without a sign", async () => {
  for (const name of ["é", "日本", "x"]) {
    const archive = rawTar({ name });
    const high = archive.subarray(0, 512).filter((byte) => byte >= 0x80).length;
    const sum = parseInt(new TextDecoder().decode(archive.subarray(148, 154)), 8);
    const put = (value: number) =>
      archive.set(new TextEncoder().encode(value.toString(8).padStart(6, "0")), 148);
    put(sum - 256 * high);
    assert.deepEqual(await list(archive), [`file ${name} = `]);
    put(sum - 256 * high - 1);
    await assert.rejects(list(archive), IntegrityError);
  }
});

Deno.test("readTar() never fails otherwise on bytes of any kind", async () => {
  const mutation = fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(mutation, async (changes) => {
      const bytes = archive.slice();
      for (const [at, value] of changes) bytes[at] = value;
      try {
        await list(bytes);
      } catch (error) {
        const known = [IntegrityError, InvalidInputError, UnsupportedError];
        assert.ok(known.some((type) => error instanceof type), String(error));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("readTar() refuses sparse files, which it would read wrongly", async () => {
  for (
    const entries of [
      [{ name: "holes", type: "S", body: "x" }],
      [pax({ "GNU.sparse.major": "1", "GNU.sparse.name": "holes" }), { name: "x", body: "x" }],
      [pax({ "SCHILY.realsize": "5" }), { name: "x", body: "x" }],
      [pax({ "SUN.holesdata": " 0 1 5" }), { name: "x", body: "x" }],
    ] satisfies RawEntry[][]
  ) {
    await assert.rejects(list(rawTar(...entries)), UnsupportedError);
  }
});

Deno.test("readTar() holds its limits on entries and metadata", async () => {
  const many = rawTar(...Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` })));
  assert.equal((await list(many, 1 << 20, { maxEntries: 11 })).length, 11);
  await assert.rejects(list(many, 1 << 20, { maxEntries: 10 }), {
    name: "InvalidInputError",
    message: "Cannot read tar archive: it has more than 10 entries",
  });
  const claimsTwoGiB = rawTar({ name: "x", type: "x", patch: [{ at: 124, bytes: "20000000000" }] });
  const adds = rawTar(...Array.from({ length: 20 }, () => pax({ comment: "x".repeat(900) })), {
    name: "a",
  });
  const globals = rawTar(
    ...Array.from({ length: 20 }, () => pax({ comment: "x".repeat(900) }, "g")),
    { name: "a" },
  );
  for (const bytes of [claimsTwoGiB, adds, globals]) {
    await assert.rejects(list(bytes, 1 << 20, { maxMetadata: 10_000 }), InvalidInputError);
  }
});

Deno.test("global PAX records have a limit in all, which the error tells", async () => {
  const global = (key: string) => [pax({ [key]: "x".repeat(9000) }, "g"), { name: key }];
  await assert.rejects(list(rawTar(...global("a"), ...global("b"))), {
    name: "InvalidInputError",
    message: "Cannot read tar archive: it has more than 16384 bytes of global PAX records",
  });
});

Deno.test("global PAX records may be the last of an archive, or all of it", async () => {
  const global = pax({ comment: "a commit" }, "g");
  assert.deepEqual(await list(rawTar({ name: "a" }, global)), ["file a = "]);
  assert.deepEqual(await list(rawTar(global)), []);
  const onMissingEnd = () => {};
  const open = concatBytes([{ name: "a" }, global].map(rawEntry));
  assert.deepEqual(await list(open, 1 << 20, { onMissingEnd }), ["file a = "]);
});

Deno.test("readTar() stops on its signal and cancels the stream", async () => {
  const abort = new AbortController();
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(rawEntry({ name: "again" })),
    cancel: () => void cancelled++,
  }, { highWaterMark: 0 });
  const reason = new Error("enough");
  await assert.rejects(async () => {
    let count = 0;
    for await (const _ of readTar(stream, { signal: abort.signal })) {
      if (++count === 3) abort.abort(reason);
    }
  }, (error) => error === reason);
  assert.equal(cancelled, 1);
});

Deno.test("readTar() reads what another writer writes", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 })
    .map((name) => name.replaceAll("\0", "").replace(/[\ud800-\udfff]|\/+$/gu, "") || "a");
  const header = fc.record({
    name: text,
    type: fc.constantFrom("file" as const, "symlink" as const, "directory" as const),
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.nat(10_000_000),
    mtime: fc.integer({ min: 0, max: 8 ** 11 - 1 }).map((seconds) => new Date(seconds * 1000)),
    linkname: text,
    body: fc.uint8Array({ maxLength: 1500 }),
  });
  await fc.assert(fc.asyncProperty(fc.array(header, { maxLength: 4 }), async (headers) => {
    const entries = headers.map(({ body, linkname, ...header }) => {
      const size = header.type === "file" ? body.byteLength : 0;
      const link = header.type === "symlink" ? { linkname } : {};
      return { header: { ...header, ...link, size }, body: size === 0 ? undefined : body };
    });
    const found: unknown[] = [];
    for await (const member of readTar(streamOf([await packByOther(entries)]))) {
      const { name, mode, mtime, linkName, size } = member;
      found.push([name, mode, mtime, linkName, size, await readAll(member.body, 2000)]);
    }
    const wanted = entries.map(({ header, body = new Uint8Array() }) => {
      const { name, mode, size } = header;
      const mtime = header.mtime.getTime() / 1000;
      return [name, mode, mtime, "linkname" in header ? header.linkname : undefined, size, body];
    });
    assert.deepEqual(found, wanted);
  }));
});

Deno.test("readTar() reads times before 1970, in both forms, and none that are nonsense", async () => {
  const before = new Uint8Array(12).fill(0xff);
  before[11] = 0xfe;
  const archive = rawTar(
    { name: "gnu", patch: [{ at: 136, bytes: before }] },
    pax({ mtime: "-1.5" }),
    { name: "pax" },
    pax({ mtime: "yesterday" }),
    { name: "nonsense" },
  );
  const times: number[] = [];
  for await (const { mtime } of readTar(cut(archive, 600))) times.push(mtime);
  assert.deepEqual(times, [-2, -1.5, NaN]);
});

Deno.test("readTar() refuses numbers and records of no form", async () => {
  const field = (at: number, text: string) => [{ at, bytes: new TextEncoder().encode(text) }];
  const negative = [{ at: 124, bytes: new Uint8Array(12).fill(0xff) }];
  for (
    const entries of [
      [{ name: "a", patch: field(124, "0000000008 \0") }],
      [{ name: "a", patch: field(124, "12 34 56 7 \0") }],
      [{ name: "a", patch: negative }],
      [{ name: "a", type: "L", patch: negative }],
      [{ name: "a", type: "g", patch: negative }],
      [pax({ size: "-1" }), { name: "a" }],
      [pax({ size: "1e3" }), { name: "a" }],
      [pax({ "": "b" }), { name: "a" }],
      ...["5 a=b\n", "7 a=b\n", "99999999999 a=b\n", "a=b\n", "6 a=bc", "6 abc\n", "-6 a=b\n"].map(
        (body) => [{ name: "x", type: "x", body }, { name: "a" }],
      ),
    ] satisfies RawEntry[][]
  ) {
    await assert.rejects(list(rawTar(...entries)), IntegrityError, JSON.stringify(entries));
  }
  assert.deepEqual(
    await list(rawTar(pax({ mtime: "", size: "" }), { name: "kept", body: "1" })),
    ["file kept = 1"],
    "a record without a value says nothing",
  );
});

Deno.test("a name of GNU tar counts before one of PAX, whichever comes first", async () => {
  const gnu = { name: "././@LongLink", type: "L", body: "gnu\0" };
  for (const before of [[gnu, pax({ path: "pax" })], [pax({ path: "pax" }), gnu]]) {
    assert.deepEqual(await list(rawTar(...before, { name: "short" })), ["file gnu = "]);
  }
  const twice = [pax({ path: "one", size: "9" }), pax({ path: "two" })];
  assert.deepEqual(await list(rawTar(...twice, { name: "a", body: "b" })), ["file two = b"]);
});

Deno.test("to look whether an archive ends takes nothing from what comes", async () => {
  const archive = rawTar(...Array.from({ length: 50 }, (_, at) => ({ name: `f${at}`, body: "x" })));
  let missing = 0;
  const options = { onMissingEnd: () => missing++ };
  for (const size of [1, 511, 4096, 1 << 20]) {
    assert.equal((await list(archive.subarray(0, 50 * 1024), size, options)).length, 50);
    assert.equal((await list(archive, size, options)).length, 50);
  }
  assert.equal(missing, 4);
});
