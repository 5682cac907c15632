import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { readSource, readVerified } from "../../src/core/content/read_source.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { concatBytes, pieceReader, readAll } from "../../src/core/streams.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("fileSource() gives the same bytes as bytesSource(), for any range, any number of times", async () => {
  await using folder = await tempFolder();
  const bytes = crypto.getRandomValues(new Uint8Array(5000));
  const file = await fileSource(await folder.write("model.bin", bytes));
  const memory = bytesSource(bytes);
  await fc.assert(
    fc.asyncProperty(fc.nat(5000), fc.nat(5000), async (a, b) => {
      const range = { start: Math.min(a, b), end: Math.max(a, b) };
      const read = async (source: typeof memory) =>
        await readAll(await source.open({ range }), 1 << 20);
      const found = await read(file);
      assert.deepEqual(found, bytes.slice(range.start, range.end));
      assert.deepEqual(found, await read(memory));
      assert.deepEqual(found, await readSource(file, { range }));
      assert.deepEqual(found, await readSource({ ...memory, read: undefined }, { range }));
      const pieces = pieceReader(await file.open({ range }), 999);
      const copied: Uint8Array[] = [];
      for (let piece; !(piece = await pieces.read()).done;) copied.push(piece.value!.slice());
      assert.deepEqual(concatBytes(copied), found);
      assert((await pieces.read()).done);
    }),
    { numRuns: 40 },
  );
});

Deno.test("a range outside the content is refused", async () => {
  for (
    const range of [{ start: -1 }, { start: 4 }, { start: 2, end: 1 }, { start: 0, end: 9 }, {
      start: 0.5,
    }, { start: NaN }]
  ) {
    await assert.rejects(
      async () => await bytesSource(new Uint8Array(3)).open({ range }),
      InvalidInputError,
    );
  }
});

Deno.test("a missing file, a directory and a device are refused with their state", async () => {
  await using folder = await tempFolder();
  await assert.rejects(
    fileSource(folder.join("none")),
    (error: Error) => error instanceof NotFoundError && /no such file/.test(error.message),
  );
  await assert.rejects(fileSource(folder.path), /it is a directory/);
  await assert.rejects(fileSource("/dev/null"), /it is not a regular file/);
});

const CHANGES: [string, (path: string) => Promise<void>][] = [
  ["grows", (path) => Deno.writeFile(path, new Uint8Array(10), { append: true })],
  ["shrinks", (path) => Deno.truncate(path, 100)],
  ["is touched", (path) => Deno.utime(path, 1, 1)],
  ["is replaced", async (path) => {
    await Deno.remove(path);
    await Deno.writeFile(path, new Uint8Array(3 << 20).fill(9));
    await Deno.utime(path, 2, 2);
  }],
];
for (const [what, change] of CHANGES) {
  Deno.test(`a file that ${what} before it is opened is an error`, async () => {
    await using folder = await tempFolder();
    const path = await folder.write("model.bin", new Uint8Array(3 << 20));
    const source = await fileSource(path);
    await change(path);
    await assert.rejects(async () => readAll(await source.open(), 1 << 30), ConflictError);
  });
}

for (const [what, change] of CHANGES.slice(0, 3)) {
  Deno.test(`a file that ${what} while it is read is an error`, async () => {
    await using folder = await tempFolder();
    const path = folder.join("model.bin");
    const readers = [
      (stream: ReadableStream<Uint8Array>) => stream.getReader(),
      (stream: ReadableStream<Uint8Array>) => pieceReader(stream),
    ];
    for (const readerOf of readers) {
      await Deno.writeFile(path, new Uint8Array(3 << 20));
      const reader = readerOf(await (await fileSource(path)).open());
      await reader.read();
      await change(path);
      await assert.rejects(async () => {
        while (!(await reader.read()).done);
      }, ConflictError);
    }
  });
}

Deno.test("reading stops with the signal, and the file is closed", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("model.bin", new Uint8Array(3 << 20));
  const controller = new AbortController();
  const stream = await (await fileSource(path)).open({ signal: controller.signal });
  const reader = stream.getReader();
  await reader.read();
  controller.abort(new Error("stop"));
  await assert.rejects(reader.read(), /stop/);
});

for (const [change, text] of [["grew", "weights!"], ["shrank", "w"], ["vanished", undefined]]) {
  Deno.test(`a file that ${change} after it was looked at is not read at once`, async () => {
    await using folder = await tempFolder();
    const path = await folder.write("model.bin", "weights");
    const source = await fileSource(path);
    if (text === undefined) await Deno.remove(path);
    else await Deno.writeTextFile(path, text);
    const wanted = text === undefined ? NotFoundError : ConflictError;
    await assert.rejects(source.read(), wanted);
  });
}

Deno.test("readVerified() refuses other bytes, fewer and more, at once and from a stream", async () => {
  const bytes = new TextEncoder().encode("weights");
  const expected = { digest: digestBytes(bytes), size: bytes.byteLength };
  for (const found of ["weighty", "weight", "weights and more", ""]) {
    const source = bytesSource(new TextEncoder().encode(found));
    await assert.rejects(readVerified(source, expected), IntegrityError);
    await assert.rejects(readVerified({ ...source, read: undefined }, expected), IntegrityError);
  }
  assert.deepEqual(await readVerified(bytesSource(bytes), expected), bytes);
});

Deno.test("readVerified() reads nothing that should be larger than it may be, or that is larger than it should be", async () => {
  const bytes = new Uint8Array(100);
  const expected = { digest: digestBytes(bytes), size: bytes.byteLength };
  let readWhole = 0;
  const source = bytesSource(bytes);
  const read = (options?: { signal?: AbortSignal }) => {
    readWhole++;
    return source.read!(options);
  };
  await assert.rejects(readVerified({ ...source, read }, expected, { limit: 99 }), /than 99 bytes/);
  const shorter = { ...expected, size: 10 };
  await assert.rejects(readVerified({ ...source, read }, shorter), IntegrityError);
  assert.equal(readWhole, 0);
  assert.deepEqual(await readVerified({ ...source, read }, expected, { limit: 100 }), bytes);
  assert.equal(readWhole, 1);
});

Deno.test("fileSource() keeps no more of a file than tells it from another", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("model.bin", "weights");
  for (const options of [{}, { refuseLinks: true }, { shownPath: "shown" }]) {
    const source = await fileSource(path, options);
    assert.deepEqual(Object.keys(source).sort(), ["mode", "mtime", "path", "size"]);
    assert.equal(await new Response(await source.open()).text(), "weights");
  }
});
