/** One blob that is most of what is moved comes in several ranges at once. @module */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
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

/** Copies the blob into a store in `folder`; gives the ranges that were asked for. */
async function copy(registry: ScriptedRegistry, folder: string, script: Script) {
  const name = registry.scripted(script);
  await using client = new RegistryClient({ retry: { firstWait: 1 } });
  const store = diskCatalog(folder).repository("demo");
  const asked = () =>
    registry.ledger.filter(({ repository, target, method }) =>
      name.endsWith(`/${repository}`) && target.endsWith(BLOB.digest) && method === "GET"
    );
  try {
    await copyGraph(client.repository(name), store, BLOB);
    assert.equal(digestBytes(await Deno.readFile(store.filePath(BLOB))), BLOB.digest);
    return { asked: asked(), error: undefined };
  } catch (error) {
    return { asked: asked(), error };
  }
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
