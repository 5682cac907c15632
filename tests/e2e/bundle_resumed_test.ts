/** Materializing is killed while it receives a large file; run again, it goes on from there. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists, readTextIfExists } from "../../src/core/files.ts";
import { openProgram, type Program } from "../support/program.ts";
import { broken, type ScriptedRegistry, scriptedRegistry } from "../support/scripted_registry.ts";

const MIB = 1024 * 1024;
const SIZE = 40 * MIB + 54_321;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 37 + (index >> 10));
const DIGEST = digestBytes(BYTES);

/** Bytes that may come twice: two of a hundred. */
const ALLOWED = SIZE / 50;

const SPEC = `apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0", description: A model }
spec:
  layers: [{ name: data, type: data, files: ["data/**"] }]
  roles: { default: [data] }
`;

async function pushBundle({ host }: ScriptedRegistry): Promise<void> {
  await using program = await openProgram();
  await program.home.write("work/modelops.yaml", SPEC);
  await program.home.write("work/data/large.bin", BYTES);
  await program.home.write("work/data/small.txt", "small");
  await program.ok(["bundle", "push", "work"], { env: { REGISTRY_REPO: `${host}/demo` } });
}

/** Bytes that the journal of an unfinished file says are written; 0 when there is none. */
async function noted(folder: string): Promise<number> {
  const names = (await readDirIfExists(folder)).map(({ name }) => name);
  const journal = names.find((name) => name.endsWith(".journal"));
  const text = journal && await readTextIfExists(`${folder}/${journal}`);
  return Math.max(
    0,
    ...(text?.split("\n").slice(1, -1) ?? []).map((line) => Number(line.split(" ")[1])),
  );
}

/** Materializes, is killed when so many bytes of the large file are noted, and does it again. */
async function killAndFinish(
  { program, registry, flags, unfinished }: {
    readonly program: Program;
    readonly registry: ScriptedRegistry;
    readonly flags: readonly string[];
    readonly unfinished: string;
  },
  after: number,
): Promise<void> {
  let killing = true;
  const name = registry.scripted(async (request, pass) => {
    const response = await pass();
    const isLarge = request.method === "GET" && request.url.endsWith(DIGEST);
    return isLarge && killing ? await broken(response, { after, ending: "stall" }) : response;
  });
  const env = { REGISTRY_REPO: name };
  const args = ["bundle", "materialize", "demo:1.0.0", "out", ...flags];
  const child = program.spawn(args, { env });
  const output = child.output();
  let ended = false;
  output.finally(() => ended = true);
  await child.stdin.close();
  while (!ended && await noted(program.home.join(unfinished)) < after - ALLOWED) await delay(5);
  child.kill("SIGKILL");
  assert.equal((await output).signal, "SIGKILL");
  killing = false;
  await program.ok(args, { env });

  const asked = registry.ledger.filter(({ repository, target }) =>
    name.endsWith(`/${repository}`) && target.endsWith(DIGEST)
  );
  const twice = asked.reduce((sum, { sent }) => sum + sent, 0) - SIZE;
  assert.ok(twice <= ALLOWED, `killed after ${after} bytes: ${twice} came twice`);
  assert.equal(digestBytes(await Deno.readFile(program.home.join("out/data/large.bin"))), DIGEST);
  const left = await readDirIfExists(program.home.join("out/.mops"));
  assert.deepEqual(left.map(({ name }) => name), [".mops-manifest.json"]);
}

Deno.test("materializing without a cache goes on where it was killed", async () => {
  await using registry = scriptedRegistry();
  await pushBundle(registry);
  await mapConcurrent([1, 3, 5, 7, 9], async (tenth) => {
    await using program = await openProgram();
    const flags = ["--no-cache"];
    const world = { program, registry, flags, unfinished: "out/.mops/.download" };
    await killAndFinish(world, Math.floor(SIZE * tenth / 10));
  }, { concurrency: 2 });
});
