/** Processes of one node that share a store: each blob crosses the network once. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openProgram } from "../support/program.ts";
import { pushModel, scriptedRegistry } from "../support/scripted_registry.ts";

const MIB = 1024 * 1024;
const FILES = {
  "large.bin": Uint8Array.from({ length: 24 * MIB + 3 }, (_, at) => at * 3 + (at >> 10)),
  "middle.bin": Uint8Array.from({ length: 5 * MIB }, (_, at) => at * 7),
};
const CONTENT = Object.values(FILES).reduce((sum, bytes) => sum + bytes.byteLength, 0);

const PULLERS = 8;

Deno.test("eight processes that pull into one store receive each large blob once", async () => {
  await using registry = scriptedRegistry();
  await pushModel(registry, FILES);
  registry.ledger.length = 0;
  await using node = await openProgram();
  const name = `${registry.host}/demo:v1`;
  const runs = await Promise.all(Array.from({ length: PULLERS }, async (_, index) => {
    const output = node.home.join(`out-${index}`);
    return { output, ...await node.run(["pull", name, "--extract-dir", output, "--no-progress"]) };
  }));
  for (const { code, stderr, output } of runs) {
    assert.equal(code, 0, stderr);
    for (const [file, bytes] of Object.entries(FILES)) {
      assert.ok(Buffer.from(await Deno.readFile(`${output}/${file}`)).equals(bytes), file);
    }
  }
  const blobs = registry.ledger.filter(({ method, target }) =>
    method === "GET" && target.startsWith("blobs/")
  );
  const sent = blobs.reduce((sum, entry) => sum + entry.sent, 0);
  // Each process reads the small configuration for itself.
  assert.ok(sent >= CONTENT && sent < CONTENT + PULLERS * 2 * 4096, `${sent} bytes of ${CONTENT}`);
});
