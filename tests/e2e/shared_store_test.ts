/** Processes of one node that share a store: each blob crosses the network once. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openProgram, type Program } from "../support/program.ts";
import {
  pushModel,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Content of every size that the store has a way of its own for, and many small files. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "large.bin": Uint8Array.from({ length: 24 * MIB + 3 }, (_, at) => at * 3 + (at >> 10)),
  "middle.bin": Uint8Array.from({ length: 5 * MIB }, (_, at) => at * 7),
  "medium.bin": Uint8Array.from({ length: 3 * MIB }, (_, at) => at * 5),
  "small.bin": Uint8Array.from({ length: 700 * KIB }, (_, at) => at * 9),
  ...Object.fromEntries(Array.from({ length: 200 }, (_, index) => [
    `part-${index}.txt`,
    new TextEncoder().encode(`part ${index}\n`.repeat(90)),
  ])),
};

/** Each file, and the configuration. */
const BLOBS = Object.keys(FILES).length + 1;

const PULLERS = 8;

const isBlob = ({ method, target }: { method: string; target: string }) =>
  method === "GET" && target.startsWith("blobs/");

/** How often each blob was asked for, under all names of the registry. */
function asked({ ledger }: ScriptedRegistry): number[] {
  const targets = ledger.filter(isBlob).map(({ target }) => target);
  return [...Map.groupBy(targets, (target) => target).values()].map(({ length }) => length);
}

/** Pulls into the store of the program, and compares every byte. */
async function pull({ home, run }: Program, name: string, folder: string): Promise<void> {
  const output = home.join(folder);
  const { code, stderr } = await run(["pull", name, "--extract-dir", output, "--no-progress"]);
  assert.equal(code, 0, stderr);
  for (const [file, bytes] of Object.entries(FILES)) {
    assert.ok(Buffer.from(await Deno.readFile(`${output}/${file}`)).equals(bytes), file);
  }
}

async function world(...scripts: Script[]) {
  const stack = new AsyncDisposableStack();
  const registry = stack.use(scriptedRegistry());
  await pushModel(registry, FILES);
  registry.ledger.length = 0;
  const names = scripts.map((script) => `${registry.scripted(script)}:v1`);
  return {
    registry,
    node: stack.use(await openProgram()),
    names,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const asItIs: Script = (_request, pass) => pass();

Deno.test("eight processes that pull into one store receive each blob once, however small", async () => {
  await using shared = await world(asItIs);
  const [name = ""] = shared.names;
  await Promise.all(
    Array.from({ length: PULLERS }, (_, index) => pull(shared.node, name, `out-${index}`)),
  );
  assert.deepEqual(asked(shared.registry), Array.from({ length: BLOBS }, () => 1));
});

Deno.test("processes that pull from different repositories receive what both have once", async () => {
  await using shared = await world(asItIs, asItIs, asItIs);
  await Promise.all(shared.names.map((name, index) => pull(shared.node, name, `out-${index}`)));
  assert.deepEqual(asked(shared.registry), Array.from({ length: BLOBS }, () => 1));
});

Deno.test("what a killed process was receiving is received by those who wait for it", async () => {
  const held = Promise.withResolvers<void>();
  const stop = new AbortController();
  let isHeld = true;
  await using shared = await world(async ({ method, url }, pass) => {
    if (!isHeld || method !== "GET" || !url.includes("/blobs/")) return await pass();
    held.resolve();
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    return await pass();
  });
  const { node, names: [name = ""], registry } = shared;
  const doomed = node.spawn(["pull", name, "--no-progress"]);
  await held.promise;
  isHeld = false;
  const waiting = [0, 1, 2].map((index) => pull(node, name, `out-${index}`));
  // They have all that the first one does not hold, and wait for that.
  while (asked(registry).length < BLOBS) await Promise.race([...waiting, tick()]);
  doomed.kill("SIGKILL");
  await Promise.all([doomed.stdin.close(), doomed.stdout.cancel(), doomed.stderr.cancel()]);
  await doomed.status;
  stop.abort();
  await Promise.all(waiting);
  assert.ok(asked(registry).every((times) => times <= 2), `${asked(registry)}`);
  // What was left of its turns goes with the next prune.
  await node.ok(["prune"]);
  await assert.rejects(
    Deno.stat(node.home.join(".modctl/content.v1/docker/registry/v2/_turns")),
    Deno.errors.NotFound,
  );
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
