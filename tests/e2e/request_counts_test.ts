/** Requests and bytes of each way of moving a model: none may cost a round trip more. */
import assert from "node:assert/strict";
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { type ScriptedRegistry, scriptedRegistry } from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const LARGE = 4 * 1024 * 1024 + 99;
const FILES = { "large.bin": LARGE, "one.bin": 1000, "two.bin": 70_000 };
const CONTENT = Object.values(FILES).reduce((sum, size) => sum + size);

const FILE_COUNT = Object.keys(FILES).length;

/** The files and the configuration. */
const BLOBS = FILE_COUNT + 1;

/** What was asked since the last look: requests by method and kind, and bytes of blobs. */
function taken({ ledger }: ScriptedRegistry) {
  const requests: Record<string, number> = {};
  let [up, down] = [0, 0];
  for (const { method, target, received, sent } of ledger) {
    const kind = target.startsWith("blobs/uploads") ? "uploads" : target.split("/")[0] || "base";
    const key = `${method} ${kind}`;
    requests[key] = (requests[key] ?? 0) + 1;
    if (kind === "uploads") up += received;
    if (method === "GET" && kind === "blobs") down += sent;
  }
  ledger.length = 0;
  return { requests, up, down };
}

Deno.test("a push, a pull and what is asked again cost so many requests and bytes, and no more", async () => {
  await using registry = scriptedRegistry();
  await using folder = await tempFolder();
  for (const [name, size] of Object.entries(FILES)) {
    await folder.write(`ws/${name}`, Uint8Array.from({ length: size }, (_, at) => at * 13 + size));
  }
  const models = Object.keys(FILES).map((name) => `MODEL ${name}\n`).join("");
  await folder.write("ws/Modelfile", `NAME demo\n${models}`);
  const name = `${registry.host}/demo:v1`;
  const run = async (
    store: string,
    work: (backend: ReturnType<typeof createModelBackend>) => Promise<unknown>,
  ) => {
    await using client = new RegistryClient();
    const catalog = diskCatalog(folder.join(store));
    await work(createModelBackend({ catalog, connect: client.connect }));
    return taken(registry);
  };
  const built = await run("here", (models) => models.build(folder.join("ws"), { targets: [name] }));
  assert.deepEqual(built, { requests: {}, up: 0, down: 0 });
  const pushed = await run("here", (models) => models.push(name));
  assert.deepEqual(pushed.requests, {
    "HEAD manifests": 1,
    "HEAD blobs": BLOBS,
    "POST uploads": BLOBS,
    "PUT uploads": BLOBS,
    "PUT manifests": 1,
  });
  const again = await run("here", (models) => models.push(name));
  assert.deepEqual(again, {
    requests: { "HEAD manifests": 1, "PUT manifests": 1 },
    up: 0,
    down: 0,
  });
  const pulled = await run("there", (models) => models.pull(name));
  assert.deepEqual(pulled, {
    requests: { "GET manifests": 1, "GET blobs": BLOBS },
    up: 0,
    down: pushed.up,
  });
  const unchanged = await run("there", (models) => models.pull(name));
  assert.deepEqual(unchanged, { requests: { "GET manifests": 1 }, up: 0, down: 0 });
  const extract = { extractDir: folder.join("out"), extractFromRemote: true };
  const extracted = await run("none", (models) => models.pull(name, extract));
  assert.deepEqual(extracted, {
    requests: { "GET manifests": 1, "GET blobs": FILE_COUNT },
    up: 0,
    down: CONTENT,
  });
  const extractedAgain = await run("none", (models) => models.pull(name, extract));
  assert.deepEqual(extractedAgain, unchanged);
  const one = { output: folder.join("fetched"), patterns: ["one.bin"] };
  const fetched = await run("none", (models) => models.fetch(name, one));
  assert.deepEqual(fetched, {
    requests: { "GET manifests": 1, "GET blobs": 1 },
    up: 0,
    down: FILES["one.bin"],
  });
});
