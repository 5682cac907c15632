import assert from "node:assert/strict";
import fc from "fast-check";
import { IntegrityError, TransferError } from "../../src/core/errors.ts";
import { TransientError } from "../../src/core/retry.ts";
import { readAll } from "../../src/core/streams.ts";
import type { AnswerBody, ResumableContent } from "../../src/transfer/resumable.ts";
import { openResuming, type ResumingOptions } from "../../src/transfer/resuming_reader.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => index);
const ATTEMPTS = 3;
const retry = { attempts: ATTEMPTS, stallTime: 2, sleep: () => Promise.resolve() };
/** Where nothing falls silent, however busy the machine is. */
const patient = { ...retry, stallTime: 60_000 };

/**
 * One answer of a server: how far before the position it begins, what it gives, and how it ends.
 */
interface Script {
  readonly back: number;
  readonly gives: number;
  readonly chunk: number;
  readonly end: "cut" | "close" | "stall";
}

const WHOLE: Script = { back: 0, gives: 1000, chunk: 1000, end: "close" };

/** A content whose server answers by scripts, the last one again and again. */
function scripted(scripts: readonly Script[], bytes = BYTES) {
  const asked: number[] = [];
  const open = new Set<AnswerBody>();
  const content: ResumableContent = {
    ask(position, watch) {
      const script = scripts[Math.min(asked.length, scripts.length - 1)]!;
      asked.push(position);
      const start = Math.max(0, position - script.back);
      let at = start;
      const last = Math.min(bytes.length, start + script.gives);
      const body: AnswerBody = {
        next() {
          if (at < last) {
            const from = at;
            at = Math.min(last, at + script.chunk);
            return Promise.resolve(bytes.slice(from, at));
          }
          if (at === bytes.length || script.end === "close") return Promise.resolve(undefined);
          if (script.end === "cut") return Promise.reject(new TypeError("connection reset"));
          return new Promise((_, reject) => {
            watch.signal.addEventListener("abort", () => reject(watch.signal.reason));
          });
        },
        close: () => void open.delete(body),
      };
      open.add(body);
      return Promise.resolve({ start, body });
    },
    explain: (error) => error instanceof TypeError ? new TransientError(error.message) : error,
    giveUp: ({ message }, { position }) => new TransferError(`${message} after ${position}`),
  };
  const read = async (options: Partial<ResumingOptions> = {}) => {
    const policy = scripts.some(({ end }) => end === "stall") ? retry : patient;
    const reading = { position: 0, end: BYTES.length, what: "it", retry: policy, ...options };
    return await readAll(await openResuming(content, reading), 1000);
  };
  return { content, asked, open, read };
}

Deno.test("whatever connections do, a reader gives the bytes or fails after losses in a row", async () => {
  const script: fc.Arbitrary<Script> = fc.record({
    back: fc.nat(120),
    gives: fc.nat(150),
    chunk: fc.integer({ min: 1, max: 60 }),
    end: fc.constantFrom("cut", "close", "cut", "close", "stall"),
  });
  const range = fc.tuple(fc.nat(100), fc.nat(100)).map((both) => both.sort((a, b) => a - b));
  const property = fc.asyncProperty(
    fc.array(script, { minLength: 1, maxLength: 12 }),
    range,
    async (scripts, [position = 0, end = 0]) => {
      fc.pre(position < end);
      const { read, asked } = scripted(scripts);
      try {
        assert.deepEqual(await read({ position, end }), BYTES.slice(position, end));
      } catch (error) {
        assert(error instanceof TransferError, String(error));
        // Silences may not come as often as losses.
        if (/^it was lost again and again|^only \d+ bytes came/.test(error.message)) return;
        // The first of the losses may have been that of a connection that had given bytes.
        const last = asked.slice(1 - ATTEMPTS);
        assert.deepEqual(last, Array(ATTEMPTS - 1).fill(last[0]));
      }
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

Deno.test("a reader counts only losses with no byte between", async () => {
  const slow = scripted([{ ...WHOLE, gives: 1, end: "cut" }]);
  assert.deepEqual(await slow.read(), BYTES);
  assert.equal(slow.asked.length, BYTES.length);
  const stuck = scripted([{ ...WHOLE, gives: 10, end: "cut" }, { ...WHOLE, gives: 0, end: "cut" }]);
  await assert.rejects(stuck.read(), /connection reset after 10/);
  assert.deepEqual(stuck.asked, [0, 10, 10]);
});

for (const gives of [1, 10, 30]) {
  Deno.test(`a server that falls silent after ${gives} bytes, each time, is given up`, async () => {
    const { read, asked, open } = scripted([{ ...WHOLE, gives, end: "stall" }]);
    await assert.rejects(read(), /it was lost again and again|only \d+ bytes came/);
    assert(asked.length <= ATTEMPTS + 1, `${asked.length} requests`);
    assert.equal(open.size, 0);
  });
}

/** A content of so many bytes, of which each of the first hundred takes its time. */
function trickling(size: number): ResumableContent {
  let at = 0;
  return {
    ask: (position) => {
      at = position;
      return Promise.resolve({
        start: position,
        body: {
          async next() {
            if (at === size) return undefined;
            if (at < 100) await new Promise((resolve) => setTimeout(resolve, 3));
            const count = at < 100 ? 1 : size - at;
            at += count;
            return new Uint8Array(count);
          },
          close: () => {},
        },
      });
    },
    explain: (error) => error,
    giveUp: ({ message }) => new TransferError(message),
  };
}

const trickled = async (size: number) => {
  const options = { position: 0, end: size, what: "it", retry: { attempts: 1, stallTime: 20 } };
  return await readAll(await openResuming(trickling(size), options), size);
};

for (const size of [200, 10_000, 4 * 1024 * 1024]) {
  Deno.test(`a document of ${size} bytes that comes byte by byte is given up`, async () => {
    await assert.rejects(trickled(size), /^TransferError: only \d+ bytes came in \d+ s$/);
  });
}

Deno.test("more than a document may come as slowly as it likes", async () => {
  const size = 4 * 1024 * 1024 + 1;
  assert.equal((await trickled(size)).byteLength, size);
});

Deno.test("a server that falls silent after each large piece is gone on with", async () => {
  const piece = 3 * 1024 * 1024;
  const bytes = new Uint8Array(6 * piece);
  const { content, asked } = scripted(
    [{ back: 0, gives: piece, chunk: piece, end: "stall" }],
    bytes,
  );
  const options = { position: 0, end: bytes.length, what: "it", retry };
  const read = await readAll(await openResuming(content, options), bytes.length);
  assert.equal(read.byteLength, bytes.length);
  assert.equal(asked.length, 6);
});

Deno.test("a reader asks for nothing before a failure, and logs why it goes on", async () => {
  const lines: string[] = [];
  const log = (_level: string, line: string) => void lines.push(line);
  const { read } = scripted([{ ...WHOLE, gives: 40, end: "stall" }, WHOLE]);
  await read({ log });
  assert.deepEqual(lines, ["Going on with it: no answer for 0.002 s after 40 of 100 bytes"]);
});

Deno.test("a reader whose end nobody knows reads to the end of the answer", async () => {
  assert.deepEqual(await scripted([WHOLE]).read({ end: undefined }), BYTES);
});

Deno.test("a reader takes no more than was asked for, and drops the connection", async () => {
  const { read, open } = scripted([{ ...WHOLE, chunk: 7 }]);
  assert.deepEqual(await read({ end: 10 }), BYTES.slice(0, 10));
  assert.equal(open.size, 0);
  const { content } = scripted([WHOLE]);
  const strict = { ...content, tooLong: () => new IntegrityError("too long") };
  const options = { position: 0, end: 10, what: "it", retry: patient };
  const stream = await openResuming(strict, options);
  await assert.rejects(readAll(stream, 1000), /too long/);
});

Deno.test("a reader compares what an answer repeats, where it is told to", async () => {
  const again: Script = { ...WHOLE, back: 1000, chunk: 7 };
  const first: Script = { ...WHOLE, gives: 30, end: "cut" };
  assert.deepEqual(await scripted([first, again]).read({ compareRepeated: true }), BYTES);
  let answers = 0;
  const { content } = scripted([first, again]);
  const changing: ResumableContent = {
    ...content,
    async ask(position, watch) {
      const answer = await content.ask(position, watch);
      if (++answers === 1) return answer;
      const next = async () => (await answer.body.next())?.map((byte) => byte ^ 1);
      return { ...answer, body: { ...answer.body, next } };
    },
  };
  const options = { position: 0, end: 100, what: "it", retry: patient, compareRepeated: true };
  const stream = await openResuming(changing, options);
  await assert.rejects(readAll(stream, 1000), /"it": it changed while it was read/);
});

Deno.test("a reader that is cancelled or stopped drops its connection", async () => {
  const { content, open } = scripted([{ ...WHOLE, gives: 10, end: "stall" }]);
  const options = { position: 0, end: 100, what: "it", retry: patient };
  await (await openResuming(content, options)).cancel();
  assert.equal(open.size, 0);
  const stop = new AbortController();
  const reason = new Error("enough");
  const reader = (await openResuming(content, { ...options, signal: stop.signal })).getReader();
  assert.equal((await reader.read()).value?.byteLength, 10);
  const waiting = reader.read();
  stop.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  assert.equal(open.size, 0);
});
