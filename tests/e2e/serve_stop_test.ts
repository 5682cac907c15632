/** A server that is stopped while a push comes in over a slow line; real processes, both. */
import assert from "node:assert/strict";
import { openGate } from "../support/gate.ts";
import { openProgram, type Program } from "../support/program.ts";
import { serveInProcess } from "../support/served.ts";

const MIB = 1024 * 1024;
const SIZE = 20 * MIB + 12_345;

/** A program whose store has a model with one large file. */
async function built(name: string): Promise<Program> {
  const program = await openProgram();
  const bytes = Uint8Array.from({ length: SIZE }, (_, index) => index * 31 + (index >> 12));
  await program.home.write("ws/large.bin", bytes);
  await program.home.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
  await program.ok(["build", "-t", name, program.home.join("ws")]);
  return program;
}

/** Waits until nobody listens on a port any more. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
      // It was in the queue of a listener that was just closed; the next one is refused.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }
}

Deno.test("an upload over a slow line ends while the server drains", async () => {
  await using operator = await openProgram();
  await using first = await serveInProcess(operator, ["--drain-timeout", "5m"]);
  await using line = openGate(first.port, 8 * MIB);
  const name = `${line.address}/models/demo:v1`;
  await using author = await built(name);
  const pushing = author.run(["push", name]);
  await line.reached;
  first.stop();
  await untilRefused(first.port);
  line.release();
  assert.equal((await first.status).code, 0);
  await using second = await serveInProcess(operator, ["--address", `127.0.0.1:${first.port}`]);
  // It found nobody between the two, and may have given up.
  await pushing;
  await author.ok(["push", name]);
  assert.ok(line.passed < SIZE + MIB, `${line.passed} bytes for ${SIZE}`);
  await using reader = await openProgram();
  await reader.ok(["pull", `${second.address}/models/demo:v1`]);
});

Deno.test("an upload that is cut when the time to drain is over goes on after a restart", async () => {
  await using operator = await openProgram();
  await using first = await serveInProcess(operator, ["--drain-timeout", "100ms"]);
  await using line = openGate(first.port, 14 * MIB);
  const name = `${line.address}/models/demo:v1`;
  await using author = await built(name);
  const pushing = author.run(["push", name]);
  await line.reached;
  first.stop();
  assert.equal((await first.status).code, 0, "it does not wait for the line");
  await using second = await serveInProcess(operator, ["--address", `127.0.0.1:${first.port}`]);
  line.release();
  await pushing;
  await author.ok(["push", name]);
  assert.ok(line.passed < SIZE + 4 * MIB, `${line.passed} bytes for ${SIZE}`);
  await using reader = await openProgram();
  await reader.ok(["pull", `${second.address}/models/demo:v1`]);
});
