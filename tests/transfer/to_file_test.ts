import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError } from "../../src/core/errors.ts";
import { bytesSource, type OpenOptions } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { type ContentCheck, digestCheck } from "../../src/transfer/content_check.ts";
import { PartialFile } from "../../src/transfer/partial_file.ts";
import { transferToFile } from "../../src/transfer/to_file.ts";
import type { TransferSource } from "../../src/transfer/transfer_options.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;

/** Bytes that repeat nowhere near, so that bytes in a wrong place are found. */
function noise(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0, state = 1; index < words.length; index++) {
    words[index] = state = Math.imul(state, 1664525) + 1013904223 | 0;
  }
  return new Uint8Array(words.buffer, 0, size);
}

const BYTES = noise(100_000);

/** A source whose first streams break after so many bytes, and the positions it was opened at. */
function breaking(bytes: Uint8Array, lengths: readonly number[]) {
  const opened: number[] = [];
  const whole = bytesSource(bytes);
  const open = async (options?: OpenOptions) => {
    const length = lengths[opened.length];
    opened.push(options?.range?.start ?? 0);
    const stream = await whole.open(options);
    return length === undefined ? stream : streamOf(cut(stream, length));
  };
  return { opened, source: { size: bytes.byteLength, open } };
}

async function* cut(stream: ReadableStream<Uint8Array>, length: number) {
  for await (const chunk of stream) yield chunk.subarray(0, length);
  throw new Error("cut");
}

function place(folder: TempFolder) {
  return { path: folder.join("out", "file"), partialBase: folder.join("kept", "file") };
}

async function names(folder: TempFolder, name: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder.join(name)), (entry) => entry.name)).sort();
}

const check = digestCheck(digestBytes(BYTES));
const what = '"the file"';

Deno.test("a transfer in one stream goes on at the byte where the last one stopped", async () => {
  await using folder = await tempFolder();
  const { path, partialBase } = place(folder);
  const { source, opened } = breaking(BYTES, [1000, 500]);
  const options = { what, check, partialBase };
  await assert.rejects(transferToFile(source, path, options), /cut/);
  await assert.rejects(transferToFile(source, path, options), /cut/);
  assert.deepEqual(await names(folder, "kept"), ["file.journal", "file.partial"]);
  const seen: number[] = [];
  const onBytes = (bytes: number) => void seen.push(bytes);
  assert.equal(await transferToFile(source, path, { ...options, onBytes }), BYTES.byteLength);
  assert.deepEqual(opened, [0, 1000, 1500]);
  assert.deepEqual([seen[0], seen.at(-1)], [1500, BYTES.byteLength]);
  assert.deepEqual(await Deno.readFile(path), BYTES);
  assert.deepEqual(await names(folder, "kept"), []);
});

Deno.test("wherever transfers in parts are cut, the file is whole in the end", async () => {
  const bytes = noise(20 * MIB + 3);
  const digest = digestCheck(digestBytes(bytes));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(9 * MIB), { maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (lengths, concurrency) => {
        await using folder = await tempFolder();
        const { path, partialBase } = place(folder);
        const { source, opened } = breaking(bytes, lengths);
        const options = { what, check: digest, partialBase, parallel: true, concurrency };
        for (let tries = 0;; tries++) {
          try {
            await transferToFile(source, path, options);
            break;
          } catch (error) {
            assert.match(String(error), /cut/);
            assert(tries <= lengths.length);
          }
        }
        assert.deepEqual(await Deno.readFile(path), bytes);
        assert(opened.length <= lengths.length + 3 + concurrency * lengths.length);
        assert.deepEqual(await names(folder, "kept"), []);
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("any hash can be the promise, and nothing stays of what breaks it", async () => {
  const gitHash = () => {
    const hash = createHash("sha1").update(`blob ${BYTES.byteLength}\0`);
    return {
      update: (bytes: Uint8Array) => void hash.update(bytes),
      digest: () => hash.digest("hex"),
    };
  };
  const hash = gitHash();
  hash.update(BYTES);
  const promise: ContentCheck = { name: "git object id", expected: hash.digest(), start: gitHash };
  await using folder = await tempFolder();
  const { path, partialBase } = place(folder);
  const options = { what, check: promise, partialBase };
  const wrong = bytesSource(BYTES.map((byte) => byte ^ 1));
  await assert.rejects(transferToFile(wrong, path, options), (error) => {
    assert(error instanceof IntegrityError);
    assert.match(
      error.message,
      /^Cannot accept "the file": got git object id \w{40}, want \w{40}$/,
    );
    return true;
  });
  assert.deepEqual([await names(folder, "out"), await names(folder, "kept")], [[], []]);
  await transferToFile(bytesSource(BYTES), path, options);
  assert.deepEqual(await Deno.readFile(path), BYTES);
});

Deno.test("without a promise or a size nothing is kept of a transfer that fails", async () => {
  const sized = breaking(BYTES, [1000]).source;
  const unsized: TransferSource = { open: breaking(BYTES, [1000]).source.open };
  for (const [source, promise] of [[sized, undefined], [unsized, check]] as const) {
    await using folder = await tempFolder();
    const { path, partialBase } = place(folder);
    const options = { what, check: promise, partialBase };
    await assert.rejects(transferToFile(source, path, options), /cut/);
    assert.deepEqual([await names(folder, "out"), await names(folder, "kept")], [[], []]);
    assert.equal(await transferToFile(source, path, options), BYTES.byteLength);
    assert.deepEqual(await Deno.readFile(path), BYTES);
  }
});

Deno.test("an empty file is asked for as well, since it may not be there", async () => {
  await using folder = await tempFolder();
  const { path } = place(folder);
  const digest = digestCheck(digestBytes(new Uint8Array()));
  const missing = { size: 0, open: () => Promise.reject(new Error("not there")) };
  await assert.rejects(transferToFile(missing, path, { what, check: digest }), /not there/);
  assert.equal(
    await transferToFile(bytesSource(new Uint8Array()), path, { what, check: digest }),
    0,
  );
  assert.deepEqual(await names(folder, "out"), ["file"]);
});

Deno.test("what was written but not verified when a run was killed is verified, not fetched again", async () => {
  await using folder = await tempFolder();
  const { path, partialBase } = place(folder);
  await Deno.mkdir(folder.join("kept"));
  const size = BYTES.byteLength;
  {
    const content = { hash: check.expected, size, partSize: size };
    await using partial = (await PartialFile.open(partialBase, content))!;
    await partial.write(partial.parts[0]!, streamOf([BYTES]));
  }
  const source = {
    ...bytesSource(BYTES),
    toFile: () => Promise.reject(new Error("fetched again")),
  };
  assert.equal(await transferToFile(source, path, { what, check, partialBase }), size);
  assert.deepEqual(await Deno.readFile(path), BYTES);
  assert.deepEqual(await names(folder, "kept"), []);
});
