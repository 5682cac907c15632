/** The program is killed while it pulls a large blob; run again, it goes on from there. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists, readTextIfExists } from "../../src/core/files.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { openProgram, type Program } from "../support/program.ts";
import {
  broken,
  pushModel,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";

const MIB = 1024 * 1024;
const SIZE = 40 * MIB + 12_345;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 31 + (index >> 12));
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

/** What may come twice: the journal is written every 8 MiB. */
const GRANULARITY = 8 * MIB;

/** The folders of what is not finished in the store of a program. */
async function uploads({ home }: Program, name: string): Promise<string[]> {
  const folder = home.join(".modctl/content.v1/docker/registry/v2/repositories", name, "_uploads");
  return (await readDirIfExists(folder)).map((entry) => `${folder}/${entry.name}`);
}

/** Waits until the journal of the only unfinished blob says that enough of it is written. */
async function journalSays(program: Program, name: string, bytes: number): Promise<void> {
  for (;;) {
    const [folder] = await uploads(program, name);
    const journal = folder && await readTextIfExists(`${folder}/data.journal`);
    const [, ...lines] = journal?.split("\n") ?? [];
    const noted = Number(lines.at(-2)?.split(" ")[1] ?? 0);
    if (journal && noted >= bytes) return;
    await delay(5);
  }
}

/** Pulls, is killed when so many bytes came, pulls again. */
async function killAndFinish(registry: ScriptedRegistry, after: number): Promise<void> {
  await using program = await openProgram();
  let killing = true;
  const name = registry.scripted(async (request, pass) => {
    const response = await pass();
    const isLarge = request.method === "GET" && request.url.endsWith(BLOB.digest);
    return isLarge && killing ? await broken(response, { after, ending: "stall" }) : response;
  });
  const args = ["pull", `${name}:v1`];
  const child = program.spawn(args);
  const output = child.output();
  await child.stdin.close();
  // What the journal does not say soon after all of it is written is less than its granularity.
  await journalSays(program, name, after - GRANULARITY + 1);
  child.kill("SIGKILL");
  await output;
  killing = false;
  await program.ok(args);

  const asked = registry.ledger.filter(({ repository, target }) =>
    name.endsWith(`/${repository}`) && target.endsWith(BLOB.digest)
  );
  const twice = asked.reduce((sum, { sent }) => sum + sent, 0) - SIZE;
  assert.ok(twice <= GRANULARITY, `killed after ${after} bytes: ${twice} came twice`);
  const store = diskCatalog(program.home.join(".modctl")).repository(name);
  assert.equal(digestBytes(await Deno.readFile(store.filePath(BLOB))), BLOB.digest);
  assert.deepEqual(await uploads(program, name), []);
}

Deno.test("a pull that is killed at any tenth of a blob goes on from there", async () => {
  await using registry = scriptedRegistry();
  await pushModel(registry, { "large.bin": BYTES });
  const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  await mapConcurrent(tenths, async (tenth) => {
    await killAndFinish(registry, Math.floor(SIZE * tenth / 10));
  }, { concurrency: 3 });
});
