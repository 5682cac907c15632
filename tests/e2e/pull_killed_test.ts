/** The program is killed while it receives a large blob; run again, it goes on from there. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists, readTextIfExists } from "../../src/core/files.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { openProgram, type Program } from "../support/program.ts";
import { accountSettings, scriptedAccount } from "../support/scripted_account.ts";
import {
  broken,
  type Script,
  scriptedRegistry,
  type ScriptedServer,
} from "../support/scripted_registry.ts";
import { publish } from "./download_flows.ts";

const MIB = 1024 * 1024;
const SIZE = 40 * MIB + 12_345;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 31 + (index >> 12));
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

/** Bytes that may come twice: two of a hundred. */
const ALLOWED = SIZE / 50;

/** The servers that have the blob. */
interface World extends AsyncDisposable {
  readonly registry: ScriptedServer;
  readonly account: ScriptedServer;
}

/** A way to receive the blob. */
interface Way {
  /** Where the blob comes from. */
  readonly from: "registry" | "account";
  readonly args: (name: string) => string[];
  /** The path of the whole file; that of the large one in `out` when absent. */
  readonly file?: (program: Program, name: string) => string;
  /** The tenths after which it is killed. Ways that share what receives the blob share them. */
  readonly tenths: readonly number[];
}

const EVERY_TENTH = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const WAYS: Readonly<Record<string, Way>> = {
  "pull": {
    from: "registry",
    args: (name) => ["pull", `${name}:v1`],
    file: ({ home }, name) => diskCatalog(home.join(".modctl")).repository(name).filePath(BLOB),
    tenths: EVERY_TENTH,
  },
  "pull --extract-dir": {
    from: "registry",
    args: (name) => ["pull", `${name}:v1`, "--extract-dir", "out"],
    tenths: [3, 7],
  },
  "pull --extract-from-remote": {
    from: "registry",
    args: (name) => ["pull", `${name}:v1`, "--extract-from-remote", "--extract-dir", "out"],
    tenths: EVERY_TENTH,
  },
  "fetch": {
    from: "registry",
    args: (name) => ["fetch", `${name}:v1`, "--patterns", "*.bin", "--output", "out"],
    tenths: [1, 5, 9],
  },
  "bundle materialize": {
    from: "registry",
    args: () => ["bundle", "materialize", "plain:1.0.0", "out"],
    tenths: [3, 7],
  },
  "bundle materialize --no-cache": {
    from: "registry",
    args: () => ["bundle", "materialize", "plain:1.0.0", "out", "--no-cache"],
    tenths: [1, 5, 9],
  },
  "bundle materialize, objects in Azure": {
    from: "account",
    args: () => ["bundle", "materialize", "outside:1.0.0", "out", "--prefetch-external"],
    tenths: EVERY_TENTH,
  },
};

/** Starts the servers, each with the blob. */
async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(scriptedRegistry());
  const account = stack.use(scriptedAccount());
  await publish({ "large.bin": BYTES }, { registry, account });
  const open = stack.move();
  return { registry, account, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** The files of what is not finished, of stores and of folders. */
async function unfinished({ home }: Program): Promise<string[]> {
  const below = async (path: string): Promise<string[]> => {
    const entries = await readDirIfExists(path);
    const found = entries.map(({ name, isDirectory }) =>
      isDirectory ? below(`${path}/${name}`) : [`${path}/${name}`]
    );
    return (await Promise.all(found)).flat();
  };
  const all = [...await below(home.join(".modctl")), ...await below(home.join("out"))];
  return all.filter((path) => /\/_uploads\/|\.(?:journal|partial)$/.test(path));
}

/** Bytes of the blob that the journal says are written; 0 when there is none. */
async function noted(program: Program): Promise<number> {
  const journal = (await unfinished(program)).find((path) => path.endsWith(".journal"));
  const lines = (journal && await readTextIfExists(journal))?.split("\n").slice(1, -1) ?? [];
  // The last note of a part counts.
  const parts = new Map(lines.map((line) => line.split(" ").map(Number) as [number, number]));
  return [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Lets so many bytes of the blob pass, and then no more, as long as that is wanted. */
function passing(after: number, wanted: () => boolean): Script {
  let left = after;
  return async (request, pass) => {
    const response = await pass();
    const total = response.headers.get("Content-Range")?.split("/")[1];
    const isBlob = Number(total ?? response.headers.get("Content-Length")) === SIZE;
    if (request.method !== "GET" || !isBlob || !wanted()) return response;
    const passed = Math.min(left, Number(response.headers.get("Content-Length")));
    left -= passed;
    return left > 0 ? response : await broken(response, { after: passed, ending: "stall" });
  };
}

/** Runs the program, kills it when so many bytes came, runs it again. */
async function killAndFinish(way: Way, world: World, after: number): Promise<void> {
  await using program = await openProgram();
  let killing = true;
  const server = world[way.from];
  const name = server.scripted(passing(after, () => killing));
  const azure = accountSettings(name);
  const env = {
    REGISTRY_REPO: way.from === "registry" ? name : `${world.registry.host}/demo`,
    AZURE_STORAGE_ACCOUNT: azure.account!,
    AZURE_STORAGE_SAS_TOKEN: azure.sas!,
    AZURE_STORAGE_ENDPOINT: azure.endpoint!,
  };
  const args = way.args(name);
  const child = program.spawn(args, { env });
  let ended = false;
  const output = child.output().finally(() => ended = true);
  await child.stdin.close();
  while (!ended && await noted(program) < after - ALLOWED) await delay(5);
  if (!ended) child.kill("SIGKILL");
  const { signal, stderr } = await output;
  assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
  killing = false;
  await program.ok(args, { env });

  const sent = server.ledger.filter(({ repository, target, method }) =>
    method === "GET" && name.endsWith(`/${repository}`) &&
    (target.endsWith(BLOB.digest) || target.endsWith("large.bin"))
  ).reduce((sum, { sent }) => sum + sent, 0);
  const twice = sent - SIZE;
  assert.ok(twice <= ALLOWED, `killed after ${after} bytes: ${twice} came twice`);
  const file = way.file?.(program, name) ?? program.home.join("out/large.bin");
  assert.equal(digestBytes(await Deno.readFile(file)), BLOB.digest);
  assert.deepEqual(await unfinished(program), []);
}

for (const [what, way] of Object.entries(WAYS)) {
  Deno.test(`${what} that is killed at a tenth of a blob goes on from there`, async () => {
    await using world = await openWorld();
    await mapConcurrent(way.tenths, async (tenth) => {
      await killAndFinish(way, world, Math.floor(SIZE * tenth / 10));
    }, { concurrency: 3 });
  });
}
