import assert from "node:assert/strict";
import { ReplacedListener } from "../../../src/server/http1/replaced_listener.ts";

const HOST = { hostname: "127.0.0.1" };

/** A listener on a port that the system chose, and that port. */
function listening() {
  const first = Deno.listen({ ...HOST, port: 0 });
  const { port } = first.addr as Deno.NetAddr;
  return { listener: new ReplacedListener(first), port };
}

/** Connects, and closes what both ends have. */
async function exchange(accepted: Promise<Deno.Conn>, port: number): Promise<void> {
  using _client = await Deno.connect({ ...HOST, port });
  using _server = await accepted;
}

Deno.test("who waits for a connection gets it from the listener that there is then", async () => {
  const { listener, port } = listening();
  for (let count = 0; count < 5; count++) {
    const next = listener.accept();
    await listener.replace(() => Promise.resolve(Deno.listen({ ...HOST, port })));
    await exchange(next, port);
  }
  await exchange(listener.accept(), port);
  listener.close();
});

Deno.test("what was taken before goes on", async () => {
  const { listener, port } = listening();
  using client = await Deno.connect({ ...HOST, port });
  using server = await listener.accept();
  await listener.replace(() => Promise.resolve(Deno.listen({ ...HOST, port })));
  await client.write(Uint8Array.of(7));
  const bytes = new Uint8Array(1);
  await server.read(bytes);
  assert.equal(bytes[0], 7);
  listener.close();
});

Deno.test("a listener that cannot be opened leaves who waits waiting, until one can", async () => {
  const { listener, port } = listening();
  const next = listener.accept();
  for (let count = 0; count < 2; count++) {
    await assert.rejects(listener.replace(() => Promise.reject(new Error("refused"))), /refused/);
  }
  await listener.replace(() => Promise.resolve(Deno.listen({ ...HOST, port })));
  await exchange(next, port);
  listener.close();
});

Deno.test("a closed listener takes nothing, and neither does what was to replace it", async () => {
  const { listener, port } = listening();
  const next = listener.accept();
  const replaced = listener.replace(() => {
    listener.close();
    return Promise.resolve(Deno.listen({ ...HOST, port }));
  });
  await assert.rejects(next, Deno.errors.BadResource);
  await replaced;
  await assert.rejects(listener.accept(), Deno.errors.BadResource);
  await listener.replace(() => assert.fail("the port may be another's by now"));
  Deno.listen({ ...HOST, port }).close();
});

Deno.test("a failure of the listener that there is, is told", async () => {
  const failing = { accept: () => Promise.reject(new Error("no descriptor")), close() {} };
  await assert.rejects(new ReplacedListener(failing).accept(), /no descriptor/);
});
