import assert from "node:assert/strict";
import { pieceSize } from "../../../src/core/content/piece_size.ts";
import { answerBody } from "../../../src/transfer/resumable.ts";

const sizeFor = (value?: string) =>
  pieceSize(new Headers(value === undefined ? {} : { "Content-Length": value }));

Deno.test("a piece has as many bytes as the body, from one to 64 KiB", () => {
  const sizes = ["0", "1", "100", "65536", "65537", "9007199254740993"].map(sizeFor);
  assert.deepEqual(sizes, [1, 1, 100, 65536, 65536, 65536]);
});

Deno.test("a size that is none counts as unknown", () => {
  for (const value of [undefined, "", "-1", "1.5", "1, 1", "0x10", "nonsense"]) {
    assert.equal(sizeFor(value), 65536, value);
  }
});

/** The answer of a server's program with what each read of its body offers to fill. */
function observedAnswer(bytes: Uint8Array, told: number) {
  const offered: number[] = [];
  let at = 0;
  const body = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 65536,
    pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array;
      offered.push(view.byteLength);
      const count = Math.min(view.byteLength, bytes.byteLength - at);
      view.set(bytes.subarray(at, at + count));
      at += count;
      if (count === 0) controller.close();
      controller.byobRequest!.respond(count);
    },
  });
  return { response: new Response(body, { headers: { "Content-Length": `${told}` } }), offered };
}

for (const told of [100, 1, 0, 1000]) {
  Deno.test(`a body of 100 bytes whose answer says ${told} is read whole in small memory`, async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
    const { response, offered } = observedAnswer(bytes, told);
    const body = answerBody(response);
    const read: number[] = [];
    for (let piece; (piece = await body.next()) !== undefined;) read.push(...piece);
    assert.deepEqual(read, [...bytes]);
    assert.ok(offered.every((size) => size <= Math.max(1, told)), `${offered}`);
  });
}
