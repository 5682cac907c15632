/** The program is killed while it pushes a large blob; run again, it goes on from there. */
import assert from "node:assert/strict";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { readAll } from "../../src/core/streams.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { partSize } from "../../src/transfer/parts.ts";
import { openGate } from "../support/gate.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { accountSettings, scriptedAccount } from "../support/scripted_account.ts";
import {
  type LedgerEntry,
  refusal,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { serveInProcess } from "../support/served.ts";
import { bundleSpecOf } from "./download_flows.ts";

const MIB = 1024 * 1024;
const SIZE = 40 * MIB + 12_345;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 29 + (index >> 11));
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

/** What may be sent twice: one in fifty bytes. */
const TWICE = SIZE / 50;

/** What all requests but those with the blob have at most, and the heads of those, in bytes. */
const HEADS = 100_000;

/** A program whose store has a model with one large file. */
async function built(name: string): Promise<Program> {
  const program = await openProgram();
  await program.home.write("ws/large.bin", BYTES);
  await program.home.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
  await program.ok(["build", "-t", `${name}:v1`, program.home.join("ws")]);
  return program;
}

/** What came to the registry under a name, request by request: the large blob, and its config. */
function received({ ledger }: ScriptedRegistry, name: string): LedgerEntry[] {
  return ledger.filter((entry) =>
    name.endsWith(`/${entry.repository}`) && entry.target.startsWith("blobs/uploads/")
  );
}

interface Killed {
  readonly program: Program;
  /** All bytes of the blob that came, in both runs. */
  readonly sent: number;
}

/** Pushes, is killed when the registry has so many bytes, pushes again. */
async function killAndFinish(
  registry: ScriptedRegistry,
  after: number,
  script: Script = (_, pass) => pass(),
): Promise<Killed> {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let killing = true;
  const name = registry.scripted(script, async (entry) => {
    if (!killing || entry.received < after) return;
    reached.resolve();
    await released.promise;
  });
  const program = await built(name);
  const args = ["push", `${name}:v1`];
  const child = program.spawn(args);
  const output = child.output();
  await child.stdin.close();
  await reached.promise;
  child.kill("SIGKILL");
  await output;
  killing = false;
  released.resolve();
  await program.ok(args);
  const stored = await registry.catalog.repository("demo").open(BLOB);
  assert.equal(digestBytes(await readAll(stored, SIZE)), BLOB.digest);
  const sent = received(registry, name).reduce((sum, entry) => sum + entry.received, 0);
  return { program, sent };
}

/** The notes of uploads that a program has. */
async function notes({ home }: Program): Promise<string[]> {
  const folder = home.join(".cache/modelops/uploads");
  return (await readDirIfExists(folder)).map(({ name }) => name);
}

Deno.test("a push that is killed at any tenth of a blob goes on from there", async () => {
  const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  await mapConcurrent(tenths, async (tenth) => {
    // A registry that had the blob already would be sent nothing.
    await using registry = scriptedRegistry();
    const { program, sent } = await killAndFinish(registry, Math.floor(SIZE * tenth / 10));
    await using _program = program;
    const twice = sent - SIZE;
    assert.ok(twice >= 0 && twice <= TWICE, `killed at ${tenth} tenths: ${twice} came twice`);
  }, { concurrency: 3 });
});

Deno.test("a push whose upload the registry has lost begins again, once", async () => {
  await using registry = scriptedRegistry();
  const { program, sent } = await killAndFinish(
    registry,
    SIZE / 2,
    (request, pass) => request.method === "GET" ? refusal(404) : pass(),
  );
  await using _program = program;
  // What was on its way when the program was killed still comes.
  assert.ok(sent <= 1.5 * SIZE + 8 * MIB, `${sent} bytes`);
  assert.deepEqual(await notes(program), []);
});

Deno.test("the note of an upload is the user's alone, and nothing is noted of small blobs", async () => {
  await using registry = scriptedRegistry();
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const name = registry.scripted((_, pass) => pass(), async (entry) => {
    if (entry.received < SIZE / 2) return;
    reached.resolve();
    await released.promise;
  });
  await using program = await built(name);
  const child = program.spawn(["push", `${name}:v1`]);
  const output = child.output();
  await child.stdin.close();
  await reached.promise;
  const folder = program.home.join(".cache/modelops/uploads");
  const found = await notes(program);
  assert.equal(found.filter((file) => !file.endsWith(".lock")).length, 1);
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  for (const file of found.filter((each) => !each.endsWith(".lock"))) {
    assert.equal((await Deno.stat(`${folder}/${file}`)).mode! & 0o777, 0o600);
  }
  child.kill("SIGKILL");
  await output;
  released.resolve();
});

/**
 * Pushes over a slow line, is killed when so many bytes have passed, and pushes again; gives how
 * many bytes passed more than there are.
 */
async function killOnLine(
  { port, tenth }: {
    readonly port: number;
    readonly tenth: number;
  },
): Promise<number> {
  await using gate = openGate(port, Math.floor(SIZE * tenth / 10));
  const name = `${gate.address}/demo`;
  await using program = await built(name);
  const args = ["push", `${name}:v1`];
  const child = program.spawn(args);
  const output = child.output();
  await child.stdin.close();
  await gate.reached;
  child.kill("SIGKILL");
  assert.equal((await output).signal, "SIGKILL");
  gate.release();
  await program.ok(args);
  const { passed } = gate;
  assert.deepEqual(await notes(program), []);
  await program.ok(["pull", `${name}:v1`, "--extract-from-remote", "--extract-dir", "out"]);
  const stored = await Deno.readFile(program.home.join("out/large.bin"));
  assert.equal(digestBytes(stored), BLOB.digest);
  return passed - SIZE;
}

Deno.test("a push to serve that is killed goes on from there, byte for byte", async () => {
  for (const tenth of [3, 7]) {
    await using host = await openProgram();
    await using server = await serveInProcess(host);
    const twice = await killOnLine({ port: server.port, tenth });
    assert.ok(twice <= TWICE + HEADS, `killed at ${tenth} tenths: ${twice} came twice`);
  }
});

// It drops an upload of which it has more than the state in its URL says, which a line that is lost
// in a body leaves: there is nothing to go on with.
e2eTest(
  "a push to docker-registry that is killed sends the blob once more at most, and ends right",
  { needs: ["docker-registry"] },
  async () => {
    for (const tenth of [3, 7]) {
      await using registry = await startRegistry();
      const port = Number(registry.address.split(":")[1]);
      const twice = await killOnLine({ port, tenth });
      // The system takes as much of a line that is held back as it likes, but no run sends more.
      assert.ok(twice <= SIZE + HEADS, `killed at ${tenth} tenths: ${twice} came twice`);
    }
  },
);

Deno.test("a bundle push that is killed sends no block of an object twice that had arrived", async () => {
  await using registry = scriptedRegistry();
  await using account = scriptedAccount();
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let arrived = 0;
  let first: LedgerEntry | undefined;
  const firstArrived = Promise.withResolvers<void>();
  const name: string = account.scripted(async (request, pass) => {
    const response = await pass();
    const isBlock = new URL(request.url).searchParams.get("comp") === "block";
    // Of a request that was cut the account keeps nothing.
    if (!isBlock || !response.ok) return response;
    arrived++;
    firstArrived.resolve();
    return response;
  }, async (entry) => {
    if (entry.received > BLOCK / 2 && entry !== (first ??= entry)) await firstArrived.promise;
    if (arrived === 0 || sentTo(account.ledger) < SIZE / 2) return;
    reached.resolve();
    await released.promise;
  });
  await using program = await openProgram();
  await program.home.write("work/large.bin", BYTES);
  await program.home.write("work/modelops.yaml", bundleSpecOf("demo", "az://data"));
  const { account: own, sas, endpoint } = accountSettings(name);
  const env = {
    REGISTRY_REPO: `${registry.host}/demo`,
    ...{ AZURE_STORAGE_ACCOUNT: own!, AZURE_STORAGE_SAS_TOKEN: sas! },
    AZURE_STORAGE_ENDPOINT: endpoint!,
  };
  const args = ["bundle", "push", "work"];
  const child = program.spawn(args, { env });
  const output = child.output();
  await child.stdin.close();
  await reached.promise;
  child.kill("SIGKILL");
  assert.equal((await output).signal, "SIGKILL");
  const had = arrived;
  released.resolve();
  const before = account.ledger.length;
  await program.ok(args, { env });
  const [stored] = account.blobs.values();
  assert.equal(digestBytes(stored!.bytes), BLOB.digest);
  const again = sentTo(account.ledger.slice(before));
  assert.ok(again <= SIZE - had * BLOCK + HEADS, `${again} bytes, ${had} were there`);
});

/** Size of the blocks of an object, in bytes. */
const BLOCK = partSize(SIZE);

function sentTo(ledger: readonly LedgerEntry[]): number {
  return ledger.reduce((sum, { received }) => sum + received, 0);
}
