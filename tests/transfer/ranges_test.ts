/** A large blob of a registry: in several ranges at once, and in one stream. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { anonymousBlob, type ContentStore, storeSource } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { digestCheck } from "../../src/transfer/content_check.ts";
import { transferToFile } from "../../src/transfer/to_file.ts";
import { countWorkers } from "../../src/work/pool.ts";
import { withinDeadline } from "../support/deadline.ts";
import {
  broken,
  refusal,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;

/** Two whole ranges and a short one. */
const SIZE = 128 * MIB + 4321;

function noise(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 2654435761);
  return new Uint8Array(words.buffer, 0, size);
}

const BYTES = noise(SIZE);
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

async function registryWithBlob(): Promise<ScriptedRegistry> {
  const registry = scriptedRegistry();
  await registry.catalog.repository("demo").write(BLOB, bytesSource(BYTES));
  return registry;
}

/** The requests for the blob, and why it did not come. */
interface Outcome {
  readonly asked: readonly ScriptedRegistry["ledger"][number][];
  readonly error?: unknown;
}

/** Receives the blob, by whatever takes it from its repository. */
async function receive(
  registry: ScriptedRegistry,
  script: Script,
  take: (repository: ContentStore) => Promise<string>,
): Promise<Outcome> {
  const name = registry.scripted(script);
  await using client = new RegistryClient({ retry: { firstWait: 1 } });
  const asked = () =>
    registry.ledger.filter(({ repository, target, method }) =>
      name.endsWith(`/${repository}`) && target.endsWith(BLOB.digest) && method === "GET"
    );
  try {
    const file = await take(client.repository(name));
    assert.equal(digestBytes(await Deno.readFile(file)), BLOB.digest);
    return { asked: asked() };
  } catch (error) {
    return { asked: asked(), error };
  } finally {
    await withinDeadline(noWorkers);
  }
}

/** A worker whose request was stopped before its answer ends when it hears of it. */
async function noWorkers(signal: AbortSignal): Promise<void> {
  while (countWorkers().running > 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Receives the blob in ranges, on a machine of any number of cores. */
async function copy(registry: ScriptedRegistry, folder: string, script: Script): Promise<Outcome> {
  const file = join(folder, "file");
  return await receive(registry, script, async (repository) => {
    await transferToFile(storeSource(repository, BLOB), file, {
      what: "the blob",
      check: digestCheck(BLOB.digest),
      partialBase: join(folder, "kept"),
      parallel: true,
    });
    return file;
  });
}

/**
 * Receives the blob into a store, where it is alone: in one stream, unless there are more cores.
 */
async function pull(registry: ScriptedRegistry, folder: string, script: Script): Promise<Outcome> {
  return await receive(registry, script, async (repository) => {
    const store = diskCatalog(folder).repository("demo");
    await copyGraph(repository, store, BLOB);
    return store.filePath(BLOB);
  });
}

const sum = (asked: readonly { sent: number }[]) => asked.reduce((all, { sent }) => all + sent, 0);

Deno.test("a large blob comes in ranges, each once", async () => {
  await using registry = await registryWithBlob();
  await using folder = await tempFolder();
  const { asked, error } = await copy(registry, folder.path, (_, pass) => pass());
  assert.equal(error, undefined);
  assert.deepEqual(asked.map(({ range }) => range).sort(), [
    `bytes=0-${64 * MIB - 1}`,
    `bytes=${128 * MIB}-${SIZE - 1}`,
    `bytes=${64 * MIB}-${128 * MIB - 1}`,
  ]);
  assert.equal(sum(asked), SIZE);
});

for (
  const [what, answer] of [
    ["sends all of it for a range", (pass: () => Promise<Response>) => pass()],
    ["refuses ranges", () => Promise.resolve(refusal(416))],
    ["answers ranges without saying which", async (pass: () => Promise<Response>) => {
      const { body } = await pass();
      return new Response(body, { status: 206 });
    }],
  ] as const
) {
  Deno.test(`a large blob comes in one stream from a registry that ${what}`, async () => {
    await using registry = await registryWithBlob();
    await using folder = await tempFolder();
    const { asked, error } = await copy(registry, folder.path, async (request, pass) => {
      if (!request.headers.has("Range")) return await pass();
      return await answer(async () => {
        const whole = await pass();
        const headers = { "Content-Length": `${SIZE}` };
        await whole.body?.cancel();
        return new Response(BYTES, { headers });
      });
    });
    assert.equal(error, undefined);
    assert.ok(asked.length <= 4, `${asked.length} requests`);
    assert.equal(asked.at(-1)!.range, null);
  });
}

Deno.test("ranges that are cut go on where they were, also in another run", async () => {
  await using registry = await registryWithBlob();
  await using folder = await tempFolder();
  const cutting = await copy(registry, folder.path, async (request, pass) => {
    const first = Number(/=(\d+)-/.exec(request.headers.get("Range") ?? "")?.[1]);
    const at = first % (64 * MIB) === 0 ? 20 * MIB : 0;
    return request.method === "GET"
      ? await broken(await pass(), { after: at, ending: "cut" })
      : pass();
  });
  assert.match(String(cutting.error), /bytes$/);
  const again = await copy(registry, folder.path, (_, pass) => pass());
  assert.equal(again.error, undefined);
  const twice = sum(cutting.asked) + sum(again.asked) - SIZE;
  assert.ok(twice < SIZE / 50, `${twice} bytes came twice`);
});

Deno.test("a large blob starts no more workers than there are cores, however it comes", async () => {
  await using registry = await registryWithBlob();
  for (const way of [copy, pull]) {
    await using folder = await tempFolder();
    const before = countWorkers().started;
    const { error } = await way(registry, folder.path, (_, pass) => pass());
    assert.equal(error, undefined);
    assert.ok(countWorkers().started - before <= navigator.hardwareConcurrency);
  }
});

for (
  const [what, first, second, accepted] of [
    ["right bytes in place of wrong ones", "wrong", "right", true],
    ["right bytes once more", "right", "right", true],
    ["wrong bytes in place of right ones", "right", "wrong", false],
  ] as const
) {
  Deno.test(`what is hashed is what is in the file when a server begins anew with ${what}`, async () => {
    await using registry = await registryWithBlob();
    await using folder = await tempFolder();
    const bytesOf = { right: BYTES, wrong: BYTES.map((byte, at) => at < MIB ? byte ^ 1 : byte) };
    let requests = 0;
    const { error } = await pull(registry, folder.path, async (request, pass) => {
      if (request.method !== "GET") return await pass();
      // Every request is answered with all bytes from the first one on, whatever it asked for.
      const answer = (bytes: Uint8Array<ArrayBuffer>) =>
        new Response(bytes, { headers: { "Content-Length": `${SIZE}` } });
      if (++requests > 1) return answer(bytesOf[second]);
      return await broken(answer(bytesOf[first]), { after: 48 * MIB, ending: "cut" });
    });
    if (accepted) assert.equal(error, undefined);
    else assert.ok(error instanceof IntegrityError, String(error));
    const kept = diskCatalog(folder.path).repository("demo");
    assert.equal(await kept.has(BLOB), accepted);
  });
}
