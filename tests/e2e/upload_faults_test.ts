/** Uploads to a registry that misbehaves: the right bytes in the end, or the right error. */
import assert from "node:assert/strict";
import { createBundles } from "../../src/bundle/operations.ts";
import { describeFailure } from "../../src/cli/output/failure.ts";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { readContent } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import {
  type ConnectionFault,
  type CuttingProxy,
  startCuttingProxy,
} from "../support/cutting_proxy.ts";
import { randomFrom, testSeed } from "../support/random.ts";
import {
  changed,
  refusal,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

/** More than a part, so that it is noted and gone on with. */
const LARGE = 6 * 1024 * 1024 + 4321;

const BYTES = Uint8Array.from({ length: LARGE }, (_, index) => index * 41 + (index >> 9));

/** Never waits between tries, and soon takes silence for a lost connection. */
const IMPATIENT: RetryPolicy = { stallTime: 2_000, sleep: () => Promise.resolve() };

/** Milliseconds in which a flow ends, whatever befalls it; all tries and silences fit in. */
const DEADLINE = 60_000;

const SPEC = `apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0", description: A model }
spec:
  layers: [{ name: data, type: data, files: ["data/**"] }]
  roles: { default: [data] }
`;

interface Scene {
  readonly folder: TempFolder;
  readonly client: RegistryClient;
  /** The repository, with its host. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** A way to upload: what it does, and the repository and tag that it makes at the registry. */
interface Flow {
  /** What is there before, without faults. */
  readonly before?: (scene: Scene) => Promise<unknown>;
  readonly run: (scene: Scene) => Promise<unknown>;
  readonly made: readonly [repository: string, tag: string];
}

function backendOf({ folder, client }: Scene) {
  return createModelBackend({
    catalog: diskCatalog(folder.join("store")),
    connect: client.connect,
  });
}

const build = (scene: Scene, outputRemote: boolean) =>
  backendOf(scene).build(scene.folder.join("ws"), {
    targets: [`${scene.name}:v1`],
    outputRemote,
    digestCache: false,
    signal: scene.signal,
  });

const FLOWS: Readonly<Record<string, Flow>> = {
  "push": {
    run: async (scene) => {
      await build(scene, false);
      await backendOf(scene).push(`${scene.name}:v1`, { signal: scene.signal });
    },
    made: ["demo", "v1"],
  },
  "build to the registry": { run: (scene) => build(scene, true), made: ["demo", "v1"] },
  "attach": {
    before: async (scene) => {
      const small = scene.folder.join("small");
      await scene.folder.write("small/a.json", "{}");
      await scene.folder.write("small/Modelfile", "NAME demo\nCONFIG a.json\n");
      const targets = [`${scene.name}:v1`];
      await backendOf(scene).build(small, { targets, outputRemote: true, digestCache: false });
    },
    run: (scene) =>
      backendOf(scene).attach(scene.folder.join("ws/large.bin"), {
        source: `${scene.name}:v1`,
        target: `${scene.name}:v2`,
        outputRemote: true,
        signal: scene.signal,
      }),
    made: ["demo", "v2"],
  },
  "bundle push": {
    run: async ({ folder, client, name, signal }) => {
      const [registry = "", repository = ""] = name.split("/");
      const bundles = createBundles({
        settings: { registry, repository },
        open: (path) => client.repository(`${registry}/${path.replace(/^.*\/(?=run-)/, "")}`),
      });
      await bundles.push(folder.join("work"), { signal });
    },
    made: ["demo/demo", "1.0.0"],
  },
};

const FLOW_NAMES = Object.keys(FLOWS);

/** A fault of a request, or of the connection under it. */
type Fault =
  | { readonly kind: "connection"; readonly fault: ConnectionFault }
  | {
    readonly kind: "answer";
    /** The exit code where it is not survived; 0 where it always is. */
    readonly code: number;
    readonly script: Script;
  };

const answer = (code: number, script: Script): Fault => ({ kind: "answer", code, script });

/** A fault of any kind, at any place; no answer at all is one, until all is over. */
function randomFault(random: () => number, over: Promise<void>): Fault {
  const place = random();
  const connection = (
    direction: ConnectionFault["direction"],
    ending: ConnectionFault["ending"],
  ): Fault => ({
    kind: "connection",
    fault: {
      direction,
      ending,
      after: Math.floor(place * (direction === "sending" ? LARGE : 600)),
    },
  });
  const kinds: readonly (() => Fault)[] = [
    () => connection("sending", "cut"),
    () => connection("sending", "cut"),
    () => connection("sending", random() < 0.3 ? "stall" : "cut"),
    () => connection("receiving", random() < 0.3 ? "stall" : "cut"),
    () => answer(0, () => refusal(503, { "Retry-After": "1" })),
    () => answer(0, () => refusal(429, { "Retry-After": "2" })),
    () => answer(0, () => refusal(500)),
    () => answer(3, () => refusal(503, { "Retry-After": "3600" })),
    () => answer(0, (request) => request.method === "HEAD" ? refusal(404) : refusal(502)),
    // The answer is lost after the work was done.
    () => answer(0, async (_, pass) => (await pass(), refusal(504))),
    () => answer(0, () => over.then(() => new Response())),
    () =>
      answer(5, async (request, pass) => {
        const response = await pass();
        if (request.method !== "PUT") return response;
        const other = digestBytes(new Uint8Array([1]));
        return await changed(response, { headers: { "Docker-Content-Digest": other } });
      }),
    // Whoever asks where an upload stands is told too much.
    () =>
      answer(0, async (request, pass) => {
        const response = await pass();
        if (!request.url.includes("/uploads/") || request.method !== "GET") return response;
        return await changed(response, { headers: { "Range": `0-${LARGE * 2}` } });
      }),
    () => answer(4, (request, pass) => request.method === "PUT" ? refusal(403) : pass()),
  ];
  return kinds[Math.floor(random() * kinds.length)]!();
}

/** Runs a flow once; gives the exit code that its error would have, 0 for none. */
async function runFlow(
  flow: Flow,
  name: string,
  folder: TempFolder,
): Promise<{ readonly code: number; readonly message: string }> {
  const deadline = new AbortController();
  const late = setTimeout(() => deadline.abort(new Error("It goes on for ever")), DEADLINE);
  const { signal } = deadline;
  const cacheFolder = folder.join("cache");
  await using client = new RegistryClient({ retry: IMPATIENT, cacheFolder });
  try {
    await flow.run({ folder, client, name, signal });
    return { code: 0, message: "" };
  } catch (error) {
    assert.ok(!signal.aborted, `It goes on for ever: ${error}`);
    return describeFailure(error, { programName: "modelops" });
  } finally {
    clearTimeout(late);
  }
}

/** Makes sure that what has a tag is there, all of it; without one, that nothing has the tag. */
async function checkRegistry(
  { catalog }: ScriptedRegistry,
  [repository, tag]: Flow["made"],
  { whole }: { readonly whole: boolean },
): Promise<void> {
  const store = catalog.repository(repository);
  const root = await store.resolve(tag).catch(() => undefined);
  assert.ok(root !== undefined || !whole, "the tag is missing");
  if (root === undefined) return;
  const manifest = parseManifest(await readContent(store, root));
  assert.ok(manifest.kind === "manifest");
  const blobs = [manifest.config, ...manifest.layers].filter((blob) => blob !== undefined);
  for (const blob of blobs) {
    assert.equal(
      digestBytes(await readContent(store, blob, { limit: LARGE * 2 })),
      blob.digest,
    );
  }
}

/** What uploads that are over have left in the cache folder. */
async function notes(folder: TempFolder): Promise<string[]> {
  return (await readDirIfExists(folder.join("cache/uploads"))).map(({ name }) => name);
}

const SCHEDULES = 200;

/** One schedule: a registry of its own, a proxy in front, faults one after the other. */
async function runSchedule(seed: number, number: number): Promise<void> {
  const random = randomFrom(seed + number);
  const flowName = FLOW_NAMES[Math.floor(random() * FLOW_NAMES.length)]!;
  const flow = FLOWS[flowName]!;
  const over = Promise.withResolvers<void>();
  const count = 1 + Math.floor(random() * 3);
  const faults = Array.from({ length: count }, () => randomFault(random, over.promise));
  const what = `MODELOPS_TEST_SEED=${seed}, schedule ${number}, ${flowName}`;
  await using folder = await tempFolder();
  await folder.write("ws/large.bin", BYTES);
  await folder.write("ws/small.bin", BYTES.subarray(0, 70_001));
  await folder.write("ws/empty.bin", new Uint8Array());
  await folder.write("ws/Modelfile", "NAME demo\nMODEL *.bin\n");
  await folder.write("work/modelops.yaml", SPEC);
  await folder.write("work/data/large.bin", BYTES);
  await folder.write("work/data/small.bin", "small");
  await using registry = scriptedRegistry();
  using _over = { [Symbol.dispose]: () => over.resolve() };
  {
    await using client = new RegistryClient();
    const { signal } = new AbortController();
    await flow.before?.({ folder, client, name: `${registry.host}/demo`, signal });
  }
  const connections = faults.filter((each) => each.kind === "connection");
  const answers = faults.filter((each) => each.kind === "answer");
  // An answer is changed now and then, not with the first requests alone.
  const scripted = registry.scripted((request, pass) => {
    const next = random() < 0.4 ? answers.shift() : undefined;
    return next === undefined ? pass() : next.script(request, pass);
  });
  await using proxy: CuttingProxy = startCuttingProxy(
    registry.host,
    () => connections.shift()?.fault,
  );
  const name = scripted.replace(registry.host, proxy.address);

  const allowed = [0, ...answers.map(({ code }) => code)];
  const first = await runFlow(flow, name, folder);
  assert.ok(allowed.includes(first.code), `${what}: ${first.code} ${first.message}`);
  assert.doesNotMatch(first.message, /fault of modelops/, what);
  await checkRegistry(registry, flow.made, { whole: first.code === 0 });
  answers.length = 0;
  connections.length = 0;
  const second = await runFlow(flow, name, folder);
  assert.equal(second.code, 0, `${what}, run again: ${second.message}`);
  await checkRegistry(registry, flow.made, { whole: true });
  assert.deepEqual(await notes(folder), [], what);
}

Deno.test(`${SCHEDULES} random schedules of faults of uploads end right, or with the right error and then right`, async () => {
  const seed = testSeed();
  await mapConcurrent(
    Array.from({ length: SCHEDULES }).keys(),
    (number) => runSchedule(seed, number),
    { concurrency: 16 },
  );
});
