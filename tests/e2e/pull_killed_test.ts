/** The program is killed while it receives a large blob; run again, it goes on from there. */
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

/** Bytes that may come twice: two of a hundred. */
const ALLOWED = SIZE / 50;

/** A way to receive the blob: its arguments, and the folder of what is not finished. */
interface Way {
  readonly args: (name: string) => string[];
  readonly unfinished: (program: Program, name: string) => Promise<string[]>;
  /** The path of the whole file. */
  readonly file: (program: Program, name: string) => string;
}

const outFolder: Omit<Way, "args"> = {
  unfinished: async ({ home }) =>
    (await readDirIfExists(home.join("out"))).map(({ name }) => home.join("out", name))
      .filter((path) => !path.endsWith("/large.bin")),
  file: ({ home }) => home.join("out/large.bin"),
};

const WAYS: Readonly<Record<string, Way>> = {
  "pull": {
    args: (name) => ["pull", `${name}:v1`],
    unfinished: async ({ home }, name) => {
      const repositories = home.join(".modctl/content.v1/docker/registry/v2/repositories");
      const uploads = `${repositories}/${name}/_uploads`;
      const folders = await readDirIfExists(uploads);
      const found = folders.map(async (folder) =>
        (await readDirIfExists(`${uploads}/${folder.name}`))
          .map((entry) => `${uploads}/${folder.name}/${entry.name}`)
      );
      return (await Promise.all(found)).flat();
    },
    file: ({ home }, name) => diskCatalog(home.join(".modctl")).repository(name).filePath(BLOB),
  },
  "pull --extract-from-remote": {
    ...outFolder,
    args: (name) => ["pull", `${name}:v1`, "--extract-from-remote", "--extract-dir", "out"],
  },
  "fetch": {
    ...outFolder,
    args: (name) => ["fetch", `${name}:v1`, "--patterns", "*.bin", "--output", "out"],
  },
};

/** Bytes of the blob that the journal says are written; 0 when there is none. */
async function noted(way: Way, program: Program, name: string): Promise<number> {
  const journal = (await way.unfinished(program, name)).find((path) => path.endsWith(".journal"));
  const lines = (journal && await readTextIfExists(journal))?.split("\n").slice(1, -1) ?? [];
  return Math.max(0, ...lines.map((line) => Number(line.split(" ")[1])));
}

/** Runs the program, kills it when so many bytes came, runs it again. */
async function killAndFinish(way: Way, registry: ScriptedRegistry, after: number): Promise<void> {
  await using program = await openProgram();
  let killing = true;
  const name = registry.scripted(async (request, pass) => {
    const response = await pass();
    const isLarge = request.method === "GET" && request.url.endsWith(BLOB.digest);
    return isLarge && killing ? await broken(response, { after, ending: "stall" }) : response;
  });
  const args = way.args(name);
  const child = program.spawn(args);
  const output = child.output();
  await child.stdin.close();
  while (await noted(way, program, name) < after - ALLOWED) await delay(5);
  child.kill("SIGKILL");
  await output;
  killing = false;
  await program.ok(args);

  const asked = registry.ledger.filter(({ repository, target }) =>
    name.endsWith(`/${repository}`) && target.endsWith(BLOB.digest)
  );
  const twice = asked.reduce((sum, { sent }) => sum + sent, 0) - SIZE;
  assert.ok(twice <= ALLOWED, `killed after ${after} bytes: ${twice} came twice`);
  assert.equal(digestBytes(await Deno.readFile(way.file(program, name))), BLOB.digest);
  assert.deepEqual(await way.unfinished(program, name), []);
}

for (const [what, way] of Object.entries(WAYS)) {
  Deno.test(`${what} that is killed at any tenth of a blob goes on from there`, async () => {
    await using registry = scriptedRegistry();
    await pushModel(registry, { "large.bin": BYTES });
    const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    await mapConcurrent(tenths, async (tenth) => {
      await killAndFinish(way, registry, Math.floor(SIZE * tenth / 10));
    }, { concurrency: 3 });
  });
}
