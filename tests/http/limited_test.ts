import assert from "node:assert/strict";
import fc from "fast-check";
import { rateLimit } from "../../src/core/rate_limit.ts";
import { concatBytes, readAll, streamOf } from "../../src/core/streams.ts";
import { limited, type Sleep } from "../../src/http/limited.ts";
import type { Transport } from "../../src/http/transport_options.ts";

const MIB = 1024 * 1024;

/** A transport that sends back what it gets, and the waits that a limit made. */
function echo(rate: number) {
  const waits: number[] = [];
  const wait: Sleep = (milliseconds) => Promise.resolve(waits.push(milliseconds));
  const transport: Transport = async (request) =>
    new Response(request.body && await request.bytes(), { headers: { "X-Sent": request.url } });
  return { send: limited(transport, rateLimit(rate), wait), waits };
}

Deno.test("both directions share a limit, and no byte of them changes", async () => {
  const { send, waits } = echo(MIB);
  const bytes = Uint8Array.from({ length: 2 * MIB }, (_, index) => index * 7);
  const request = new Request("http://a.test/x", { method: "POST", body: bytes });
  const response = await send(request);
  assert.equal(response.headers.get("X-Sent"), "http://a.test/x");
  assert.deepEqual(await response.bytes(), bytes);
  // Four MiB at one a second, of which the first tenth is free; this clock hardly moves.
  assert.ok(Math.max(...waits) > 3000, `${Math.max(...waits)}`);
  assert.ok(waits.length >= 38, `${waits.length}`);
});

Deno.test("answers without a body, and a transport without a limit, are left as they are", async () => {
  const answer = new Response(null, { status: 204 });
  const transport: Transport = () => Promise.resolve(answer);
  const send = limited(transport, rateLimit(1000));
  assert.equal(await send(new Request("http://a.test/")), answer);
  assert.equal(limited(transport, undefined), transport);
});

Deno.test("a wait ends when the operation is stopped, with its reason", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const transport: Transport = () =>
    Promise.resolve(new Response(streamOf([new Uint8Array(4000)])));
  const send = limited(transport, rateLimit(1));
  const { body } = await send(new Request("http://a.test/", { signal: stop.signal }));
  const reading = readAll(body!, MIB);
  stop.abort(reason);
  await assert.rejects(reading, (error) => error === reason);
});

Deno.test("a stream comes whole at any rate, in pieces of a tenth of a second", async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
  const property = fc.asyncProperty(
    chunks,
    fc.integer({ min: 1, max: 2000 }),
    async (all, rate) => {
      const transport: Transport = () => Promise.resolve(new Response(streamOf(all)));
      const send = limited(transport, rateLimit(rate), () => Promise.resolve());
      const { body } = await send(new Request("http://a.test/"));
      const pieces = await Array.fromAsync(body!);
      assert.deepEqual(concatBytes(pieces), concatBytes(all));
      const most = Math.max(1, Math.floor(rate / 10));
      assert.ok(pieces.every((piece) => piece.byteLength <= most));
    },
  );
  await fc.assert(property);
});
