import assert from "node:assert/strict";
import { createTransport } from "../../src/http/transport.ts";

Deno.test("uploads whose answers have no body share a connection", async () => {
  const ports = new Set<number>();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using server = Deno.serve(options, async (request, { remoteAddr }) => {
    ports.add(remoteAddr.port);
    await request.arrayBuffer();
    return new Response(null, { status: 201 });
  });
  using transport = createTransport();
  for (let count = 0; count < 20; count++) {
    const url = `http://127.0.0.1:${server.addr.port}/${count}`;
    const headers = { "Content-Length": "1000" };
    const body = new Uint8Array(1000);
    const answer = await transport.send(new Request(url, { method: "PUT", headers, body }));
    assert.equal(answer.status, 201);
    await answer.body?.cancel();
  }
  assert.equal(ports.size, 1);
});
