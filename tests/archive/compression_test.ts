import { gzipSync } from "node:zlib";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import {
  type Compression,
  compressionOfMediaType,
  COMPRESSIONS,
} from "../../src/archive/compression.ts";
import type { WindowLimit } from "../../src/archive/limits.ts";
import { frameHeader } from "../../src/archive/zstd_parts.ts";
import { IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import { concatBytes, readAll, streamOf } from "../../src/core/streams.ts";

const MiB = 1024 * 1024;
const PACKED: readonly Compression[] = [COMPRESSIONS.gzip, COMPRESSIONS.zstd];

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

function compress(by: Compression, bytes: Uint8Array, chunk = MiB): Promise<Uint8Array> {
  return readAll(by.compress(streamOf(cut(bytes, chunk))), 64 * MiB);
}

function decompress(by: Compression, bytes: Uint8Array, chunk = MiB): Promise<Uint8Array> {
  return readAll(by.decompress(streamOf(cut(bytes, chunk))), 64 * MiB);
}

/** Bytes that compress, but not to nothing. */
function sample(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 7919 >> 5) & 255);
}

Deno.test("compressionOfMediaType() goes by the suffix", () => {
  assert.equal(compressionOfMediaType("application/vnd.cncf.model.weight.v1.tar").name, "none");
  assert.equal(compressionOfMediaType("application/vnd.cncf.model.weight.v1.raw").name, "none");
  assert.equal(compressionOfMediaType("application/vnd.cncf.model.doc.v1.tar+gzip").name, "gzip");
  assert.equal(compressionOfMediaType("application/vnd.cncf.model.doc.v1.tar+zstd").name, "zstd");
});

Deno.test("no compression passes the stream on", () => {
  const stream = streamOf([sample(3)]);
  assert.equal(COMPRESSIONS.none.compress(stream), stream);
  assert.equal(COMPRESSIONS.none.decompress(stream), stream);
});

for (const by of PACKED) {
  Deno.test(`${by.name} gives back what it was given, however it is cut`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 1000 }),
        async (bytes, chunk) => {
          const packed = await compress(by, bytes, chunk);
          assert.deepEqual(Buffer.from(await decompress(by, packed, chunk)), Buffer.from(bytes));
        },
      ),
      { numRuns: 40 },
    );
  });

  Deno.test(`${by.name} output does not depend on how the input is cut`, async () => {
    const bytes = sample(2 * MiB + 17);
    const whole = await compress(by, bytes);
    for (const chunk of [4096, 777_777, 4 * MiB]) {
      assert.ok(Buffer.from(whole).equals(await compress(by, bytes, chunk)), `${chunk}`);
    }
    assert.ok(Buffer.from(bytes).equals(await decompress(by, whole, 65_536)));
  });

  Deno.test(`${by.name} hands out large chunks`, async () => {
    const packed = await compress(by, sample(4 * MiB));
    let largest = 0;
    for await (const chunk of by.decompress(streamOf([packed]))) {
      largest = Math.max(largest, chunk.byteLength);
    }
    assert.ok(largest >= MiB / 8 && largest <= MiB, `${largest}`);
  });

  Deno.test(`${by.name} reads several members as one stream`, async () => {
    const one = await compress(by, sample(1000));
    const two = await compress(by, sample(500));
    for (const chunk of [7, one.byteLength, MiB]) {
      const got = await decompress(by, concatBytes([one, two]), chunk);
      assert.ok(Buffer.concat([sample(1000), sample(500)]).equals(got));
    }
  });

  Deno.test(`${by.name} refuses a stream that is cut anywhere`, async () => {
    const packed = await compress(by, sample(300_000));
    for (const missing of [1, 4, 7, 20, 300, packed.byteLength - 5, packed.byteLength]) {
      for (const chunk of [50, MiB]) {
        await assert.rejects(
          decompress(by, packed.subarray(0, packed.byteLength - missing), chunk),
          IntegrityError,
          `${missing} bytes missing`,
        );
      }
    }
  });

  Deno.test(`${by.name} refuses bytes after its end`, async () => {
    const packed = await compress(by, sample(3000));
    for (const extra of [[1], [1, 2, 3, 4, 5, 6, 7, 8, 9], [...packed.subarray(0, 3)]]) {
      for (const chunk of [packed.byteLength, MiB]) {
        await assert.rejects(
          decompress(by, concatBytes([packed, Uint8Array.from(extra)]), chunk),
          IntegrityError,
        );
      }
    }
  });

  Deno.test(`${by.name} refuses a stream with any byte changed, and never hangs`, async () => {
    const packed = await compress(by, sample(2 * MiB));
    // Bytes 3 to 9 of gzip are informative, the descriptor of a zstd frame may read as another one.
    const positions = Array.from(
      { length: 40 },
      (_, i) => 12 + i * ((packed.length - 12) / 40 | 0),
    );
    for (const at of [0, 1, ...positions, packed.length - 6, packed.length - 1]) {
      const broken = packed.slice();
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      for (const chunk of [5000, MiB]) {
        await assert.rejects(decompress(by, broken, chunk), (error) => {
          assert.ok(error instanceof IntegrityError, `byte ${at}: ${error}`);
          assert.match(error.message, new RegExp(`^Cannot decompress ${by.name} data: .*[^.]$`));
          return true;
        });
      }
    }
  });

  Deno.test(`${by.name} refuses what was never compressed`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await assert.rejects(decompress(by, bytes), IntegrityError);
      }),
      { numRuns: 50 },
    );
  });

  Deno.test(`${by.name} passes an error of its input on unchanged`, async () => {
    const failure = new RangeError("the cable was pulled");
    const packed = await compress(by, sample(3000));
    const failing = () =>
      streamOf((async function* () {
        yield packed.slice(0, 100);
        throw failure;
      })());
    for (const stream of [by.decompress(failing()), by.compress(failing())]) {
      await assert.rejects(readAll(stream, MiB), (error) => error === failure);
    }
  });

  Deno.test(`cancelling a ${by.name} stream cancels its input`, async () => {
    let cancelled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536))),
      cancel: () => void cancelled++,
    }, { highWaterMark: 0 });
    const reader = by.compress(endless).getReader();
    await reader.read();
    await reader.cancel();
    assert.equal(cancelled, 1);
  });

  Deno.test(`a slow reader of ${by.name} does not make it read ahead`, async () => {
    const packed = await compress(by, crypto.getRandomValues(new Uint8Array(65_536)));
    let read = 0;
    const source = streamOf((function* () {
      for (const part of cut(concatBytes(Array(200).fill(packed)), 8192)) {
        read += part.byteLength;
        yield part;
      }
    })());
    const reader = by.decompress(source).getReader();
    await reader.read();
    assert.ok(read < packed.byteLength * 100, `${read} bytes`);
    await reader.cancel();
  });
}

Deno.test("gzip headers carry no time, no name and no system", async () => {
  const packed = await compress(COMPRESSIONS.gzip, sample(10));
  assert.deepEqual([...packed.subarray(0, 10)], [31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
});

/** A zstd frame of nothing whose header names a window of 2 to this power. */
const emptyFrame = (power: number) => zstdFrameOf(power - 10 << 3, [[0, 0]]);

const unpack = (frame: Uint8Array, limit: WindowLimit) =>
  readAll(COMPRESSIONS.zstd.decompress(streamOf([frame]), limit), 64 * MiB);

Deno.test("zstd frames with a window above the limit are refused, and the flag that raises it is named", async () => {
  for (const [power, limit] of [[27, {}], [31, {}], [24, { maxWindow: MiB }]] as const) {
    await assert.rejects(unpack(emptyFrame(power), { ...limit, what: '"a"' }), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.ok(
        error.message.startsWith(`Cannot unpack "a": it has a zstd window of ${2 ** power} bytes`),
      );
      assert.match(String(error.facts.remedy), new RegExp(`--max-window ${2 ** power}\\b`));
      return true;
    });
  }
  for (
    const [power, limit] of [[26, {}], [31, { maxWindow: 2 ** 31 }], [20, {
      maxWindow: MiB,
    }]] as const
  ) {
    assert.equal((await unpack(emptyFrame(power), limit)).byteLength, 0, `${power}`);
  }
});

Deno.test("zstd frames whose header names more than zstd has are refused whatever is allowed", async () => {
  for (const power of [32, 36, 41]) {
    await assert.rejects(unpack(emptyFrame(power), { maxWindow: 2 ** 41 }), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.doesNotMatch(String(error.facts.remedy), /max-window/);
      return true;
    });
  }
});

/** A frame of some zeros in a window of 2 to a power, whose header says how many they are. */
function statedFrame(power: number, size: number): Uint8Array {
  const frame = zstdFrameOf(power - 10 << 3, [[1, size]]);
  const length = new Uint8Array(new Uint32Array([size]).buffer);
  return concatBytes([
    frame.subarray(0, 4),
    Uint8Array.of(0x80),
    frame.subarray(5, 6),
    length,
    frame.subarray(6),
  ]);
}

Deno.test("of a zstd frame that says how large its content is, no more than that counts", async () => {
  for (const [power, size] of [[27, 1000], [31, 100_000], [30, 131_072]] as const) {
    assert.equal((await unpack(statedFrame(power, size), {})).byteLength, size);
    await assert.rejects(
      unpack(statedFrame(power, size), { maxWindow: size - 1 }),
      InvalidInputError,
    );
  }
  // One segment is as large as its content.
  await assert.rejects(unpack(zstdSingle(20_000_000), { maxWindow: 16 * MiB }), InvalidInputError);
  assert.equal((await unpack(zstdSingle(20_000_000), {})).byteLength, 20_000_000);
});

Deno.test("frameHeader() reads every header that zstd writes, and wants all of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(100_000),
      fc.constantFrom(1, 3, 9, 19),
      fc.boolean(),
      fc.boolean(),
      fc.option(fc.integer({ min: 10, max: 27 }), { nil: undefined }),
      async (size, level, checksum, isStated, windowLog) => {
        const params = {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
          [constants.ZSTD_c_contentSizeFlag]: isStated ? 1 : 0,
          ...(windowLog === undefined ? {} : { [constants.ZSTD_c_windowLog]: windowLog }),
        };
        const packed = new Uint8Array(
          zstdCompressSync(sample(size), { params, pledgedSrcSize: size }),
        );
        const frame = frameHeader(packed);
        assert.ok(frame);
        assert.equal(frame.hasChecksum, checksum);
        assert.ok(frame.content === undefined || frame.content === size);
        assert.ok(frame.window >= Math.min(1, size) && frame.window <= 2 ** 27);
        assert.ok(frame.size <= 18);
        for (let cut = 0; cut < frame.size; cut++) {
          assert.equal(frameHeader(packed.subarray(0, cut)), undefined);
        }
        assert.ok(Buffer.from(sample(size)).equals(await unpack(packed, { maxWindow: 2 ** 27 })));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("frameHeader() takes any bytes for a header, and its sizes are none below zero", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const frame = frameHeader(bytes);
      if (frame === undefined) return assert.ok(bytes.byteLength < 18);
      assert.ok(frame.size >= 6 && frame.size <= bytes.byteLength);
      assert.ok(frame.window >= 0 && (frame.content ?? 0) >= 0);
    }),
  );
});

Deno.test("zstd reads frames of every header form, and skips skippable ones", async () => {
  const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
  const levels = [1, 3, 19].flatMap((level) =>
    [0, 1].map((flag) =>
      zstdCompressSync(sample(70_000), {
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: flag,
        },
      })
    )
  );
  for (const chunk of [1, 1000, MiB]) {
    const packed = concatBytes([skippable, ...levels, skippable]);
    const got = await decompress(COMPRESSIONS.zstd, packed, chunk);
    assert.ok(Buffer.concat(levels.map(() => sample(70_000))).equals(got));
  }
});

/** A block of a zstd frame: 0 for bytes as they are, 1 for one byte repeated, and how many. */
type ZstdBlock = readonly [type: 0 | 1, size: number];

/** A zstd frame with a window of 1 MiB. */
const zstdFrame = (...blocks: readonly ZstdBlock[]) => zstdFrameOf(80, blocks);

/** A zstd frame with a window as its header writes it. */
function zstdFrameOf(window: number, blocks: readonly ZstdBlock[]): Uint8Array {
  const parts = blocks.flatMap(([type, size], index) => {
    const header = size << 3 | type << 1 | (index === blocks.length - 1 ? 1 : 0);
    const bytes = Uint8Array.of(header & 255, header >> 8 & 255, header >> 16);
    return [bytes, new Uint8Array(type === 0 ? size : 1).fill(index)];
  });
  return concatBytes([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, window), ...parts]);
}

Deno.test("zstd reads blocks of nothing wherever they are, and millions of them in little time", async () => {
  const size = fc.oneof(fc.constant(0), fc.nat(300));
  const blocks = fc.array(fc.tuple(fc.constantFrom(0 as const, 1 as const), size), {
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(blocks, { minLength: 1, maxLength: 3 }), async (frames) => {
      const packed = frames.map((frame) => zstdFrame(...frame));
      const content = frames.flatMap((frame) =>
        frame.map(([_, size], index) => new Uint8Array(size).fill(index))
      );
      const got = await decompress(COMPRESSIONS.zstd, concatBytes(packed), 100);
      assert.ok(Buffer.concat(content).equals(got));
    }),
    { numRuns: 100 },
  );
  const many = zstdFrame(...Array<[0 | 1, number]>(100_000).fill([0, 0]), [0, 5]);
  assert.equal((await decompress(COMPRESSIONS.zstd, many, MiB)).byteLength, 5);
});

/** A zstd frame that is one segment, as large as its content. */
function zstdSingle(size: number): Uint8Array {
  const frame = zstdFrameOf(0, Array<ZstdBlock>(size / 125_000).fill([1, 125_000]));
  const length = new Uint8Array(new Uint32Array([size]).buffer);
  return concatBytes([frame.subarray(0, 4), Uint8Array.of(0xa0), length, frame.subarray(6)]);
}

/** Windows as headers write them: 16, 32 and 64 MiB, and what a content of 20 MB needs. */
const LARGE_FRAMES: Readonly<Record<string, () => Uint8Array>> = {
  "16 MiB": () => zstdFrameOf(14 << 3, Array<ZstdBlock>(40).fill([1, 131_072])),
  "32 MiB": () => zstdFrameOf(15 << 3, Array<ZstdBlock>(40).fill([1, 131_072])),
  "64 MiB": () => zstdFrameOf(16 << 3, Array<ZstdBlock>(40).fill([1, 131_072])),
  "all of the content": () => zstdSingle(20_000_000),
};

for (const [what, frame] of Object.entries(LARGE_FRAMES)) {
  Deno.test(`zstd frames with a window of ${what} are read one after the other`, async () => {
    const log: string[] = [];
    const open = () => COMPRESSIONS.zstd.decompress(streamOf(cut(frame(), MiB))).getReader();
    const [first, second, third] = [open(), open(), open()];
    await first.read();
    const later = second.read().then(() => log.push("second begins"));
    while (!(await first.read()).done);
    log.push("first ends");
    await later;
    const last = third.read().then(() => log.push("third begins"));
    log.push("second is cancelled");
    await second.cancel();
    await last;
    await third.cancel();
    assert.deepEqual(log, ["first ends", "second begins", "second is cancelled", "third begins"]);
  });
}

/** Cuts that put the end of a member of a few bytes before, at and behind the end of a chunk. */
const CUTS = [1, 7, 27, 28, 64 * 1024, MiB, 4 * MiB];

Deno.test("zeros behind a gzip stream are padding, however many and however cut", async () => {
  const member = new Uint8Array(gzipSync("content"));
  for (const zeros of [1, 511, 3_000_000]) {
    for (const size of zeros < MiB ? CUTS : CUTS.slice(2)) {
      const padded = concatBytes([member, member, new Uint8Array(zeros)]);
      let read = 0;
      const counted = streamOf((function* () {
        for (const chunk of cut(padded, size)) {
          read += chunk.byteLength;
          yield chunk;
        }
      })());
      const bytes = await readAll(COMPRESSIONS.gzip.decompress(counted), MiB);
      assert.equal(new TextDecoder().decode(bytes), "contentcontent");
      // Who verifies the compressed stream can only do so at its end.
      assert.equal(read, padded.byteLength, `${zeros} zeros, cut into ${size}`);
    }
  }
});

Deno.test("anything behind that padding is refused, wherever it is and however cut", async () => {
  const member = new Uint8Array(gzipSync("content"));
  const garbage = new TextEncoder().encode("x");
  const tails = [
    [new Uint8Array(1), garbage],
    [new Uint8Array(7000), garbage],
    [new Uint8Array(100), member],
    [new Uint8Array(64 * 1024 - member.byteLength), garbage, new Uint8Array(9)],
  ];
  for (const [index, tail] of tails.entries()) {
    for (const size of CUTS) {
      await assert.rejects(
        decompress(COMPRESSIONS.gzip, concatBytes([member, ...tail]), size),
        IntegrityError,
        `tail ${index}, cut into ${size}`,
      );
    }
  }
});
