/** A server that has no file descriptors left, while clients hold what there are. */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { runOk } from "../support/command.ts";
import { openProgram } from "../support/program.ts";
import { type ServedProcess, serveInProcess } from "../support/served.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** What a client sends that holds its connection. */
const HOLDS: Readonly<Record<string, (server: ServedProcess) => string>> = {
  "say nothing": () => "",
  "send half a head": ({ address }) => `GET /v2/ HTTP/1.1\r\nHost: ${address}\r\nX: `,
  "ask once and stay": ({ address }) => `GET /v2/ HTTP/1.1\r\nHost: ${address}\r\n\r\n`,
};

/** Leaves a server so many descriptors besides those that it has. */
async function leave(server: ServedProcess, count: number): Promise<void> {
  const open = await Array.fromAsync(Deno.readDir(`/proc/${server.pid}/fd`));
  const limit = open.length + count;
  await runOk("prlimit", ["--pid", `${server.pid}`, `--nofile=${limit}:${limit}`]);
}

async function isServing(server: ServedProcess): Promise<boolean> {
  const bytes = encode(crypto.randomUUID());
  const url = `http://${server.address}/v2/a/b/blobs/uploads/?digest=${digestBytes(bytes)}`;
  const put = await fetch(url, { method: "POST", body: bytes });
  await put.body?.cancel();
  return put.status === 201;
}

for (const [what, hold] of Object.entries(HOLDS)) {
  Deno.test({
    name: `serve without descriptors goes on when clients ${what}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using operator = await openProgram();
      await using server = await serveInProcess(operator);
      assert.ok(await isServing(server));
      await leave(server, 40);
      const held: Deno.TcpConn[] = [];
      try {
        for (let index = 0; index < 200; index++) {
          const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
          held.push(conn);
          await conn.write(encode(hold(server)));
        }
        // Who is idle has made room, or whoever asks is told to come again.
        const asked = await fetch(`http://${server.address}/v2/`);
        await asked.body?.cancel();
        assert.ok([200, 503].includes(asked.status), `${asked.status}`);
      } finally {
        for (const conn of held) conn.close();
      }
      while (!await isServing(server));
    },
  });
}
