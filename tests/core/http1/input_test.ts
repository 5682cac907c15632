import assert from "node:assert/strict";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { BadMessage } from "../../../src/core/http1/bad_message.ts";
import { Input, type ReadInto } from "../../../src/core/http1/input.ts";

/** What comes in, in pieces of any size. */
function inputOf(text: string, pieces: readonly number[] = [text.length]): Input {
  const bytes = Buffer.from(text, "latin1");
  let [at, index] = [0, 0];
  return new Input((into) => {
    const size = Math.max(1, pieces[index++ % pieces.length] ?? 1);
    const piece = bytes.subarray(at, at + Math.min(size, into.byteLength));
    into.set(piece);
    at += piece.byteLength;
    return Promise.resolve(piece.byteLength);
  });
}

async function readText(read: ReadInto, size = 7): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(size);
  for (let count; (count = await read(buffer)) > 0;) {
    text += Buffer.from(buffer.subarray(0, count)).toString("latin1");
  }
  return text;
}

const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

Deno.test("Input gives heads and bodies apart, however they come in", async () => {
  const chunked = "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  const text = `one\r\nA: b\r\n\r\nhello${"two"}\r\n\r\n${chunked}three\r\n\r\n`;
  await fc.assert(fc.asyncProperty(pieces, async (sizes) => {
    const input = inputOf(text, sizes);
    let begun = 0;
    const head = () => input.head(() => begun++);
    assert.equal(await head(), "one\r\nA: b");
    assert.equal(await readText(input.sizedBody(5)), "hello");
    assert.equal(await head(), "two");
    assert.equal(await readText(input.chunkedBody()), "abc0123456789");
    assert.equal(await head(), "three");
    assert.equal(await head(), undefined);
    assert.equal(begun, 3);
  }));
});

Deno.test("Input reads back any body that was cut into chunks", async () => {
  const bodies = fc.array(fc.string({ unit: "binary-ascii", minLength: 1 }));
  await fc.assert(fc.asyncProperty(bodies, pieces, async (parts, sizes) => {
    const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
    const input = inputOf(`${chunks}0\r\n\r\n`, sizes);
    assert.equal(await readText(input.chunkedBody()), parts.join(""));
  }));
});

Deno.test("Input takes tiny chunks together, whatever stands behind their sizes", async () => {
  const parts = [
    "1\r\na\r\n",
    "01\r\nb\r\n",
    "1;x\r\nc\r\n",
    '1 ; x = "y"\r\nd\r\n',
    "1\t\r\ne\r\n",
    "A\r\n0123456789\r\n",
    "a\r\n9876543210\r\n",
  ];
  const input = inputOf(`${parts.join("").repeat(100)}0\r\n\r\n`);
  const read = input.chunkedBody();
  const buffer = new Uint8Array(64 * 1024);
  let [text, reads] = ["", 0];
  for (let count; (count = await read(buffer)) > 0; reads++) {
    text += Buffer.from(buffer.subarray(0, count)).toString("latin1");
  }
  assert.equal(text, "abcde01234567899876543210".repeat(100));
  assert.ok(reads < 50, `${reads} reads for 700 chunks`);
});

Deno.test("Input refuses a body that is cut off or malformed", async () => {
  const isBad = (error: unknown) => error instanceof BadMessage;
  await assert.rejects(readText(inputOf("abc").sizedBody(4)), isBad);
  for (
    const text of [
      ...[
        "",
        "3\r\nab",
        "3\r\nabcd\r\n0\r\n\r\n",
        "x\r\n",
        "-1\r\n",
        "0x3\r\nabc\r\n",
        "3 4\r\nabc",
      ],
      ...[
        "\r\n0\r\n\r\n",
        "1234567890abc\r\n",
        "3\nabc\n0\n\n",
        `${"1".repeat(5000)}\r\n`,
        "0\r\nX: y",
      ],
      `0\r\n${"X: y\r\n".repeat(60)}\r\n`,
    ]
  ) await assert.rejects(readText(inputOf(text).chunkedBody()), isBad, JSON.stringify(text));
});

Deno.test("Input bounds what stands around the chunks of a body, and takes signatures of chunks", async () => {
  const line = (length: number) => `1;${"a".repeat(length - 2)}\r\nx\r\n`;
  for (const chunks of [line(4000).repeat(5), line(40).repeat(2000)]) {
    await assert.rejects(
      readText(inputOf(`${chunks}0\r\n\r\n`).chunkedBody()),
      /around the chunks/,
    );
  }
  const signed = `400;chunk-signature=${"f".repeat(64)}\r\n${"x".repeat(1024)}\r\n`.repeat(500);
  assert.equal((await readText(inputOf(`${signed}0\r\n\r\n`).chunkedBody())).length, 512_000);
});

Deno.test("Input bounds a head, and tells one that is cut off from none", async () => {
  const tooLong = inputOf(`GET / HTTP/1.1\r\nX: ${"a".repeat(40_000)}\r\n\r\n`);
  await assert.rejects(
    tooLong.head(() => {}),
    (error) => error instanceof BadMessage && error.status === 431,
  );
  const cut = inputOf("GET / HT");
  await assert.rejects(cut.head(() => {}), BadMessage);
  assert.equal(await inputOf("").head(() => assert.fail("nothing came")), undefined);
});

Deno.test("Input knows another protocol by its first byte, and does not wait for lines of it", async () => {
  // The greeting of TLS, that of HTTP/2 over TLS, one of SQL, and zeros.
  for (const bytes of ["\x16\x03\x01\x02", "\x80\x2e", "\n\0", "\0", " GET / HTTP/1.1\r\n\r\n"]) {
    await assert.rejects(inputOf(bytes).head(() => {}), /This is not HTTP/);
  }
});
