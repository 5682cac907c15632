import assert from "node:assert/strict";
import { shareThread } from "../../../src/core/runtime/turn.ts";
import { receiveBody } from "../../../src/server/bodies/body.ts";

/** Pieces of a body, which are there as soon as they are asked for. */
const PIECES = 60_000;

Deno.test("a body that comes as fast as it is written lets others have their turns", async () => {
  shareThread();
  let given = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (given++ < PIECES) controller.enqueue(new Uint8Array(16));
      else controller.close();
    },
  }, { highWaterMark: 0 });
  const request = new Request("http://registry.test/", { method: "PUT", body });
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns++) await new Promise((resolve) => setTimeout(resolve));
  })();
  let received = 0;
  for await (const chunk of receiveBody(request)) received += chunk.byteLength;
  isOver = true;
  await others;
  assert.equal(received, 16 * PIECES);
  assert.ok(turns > 2, `${turns} turns of others`);
});
