/** Downloads from a registry that misbehaves: the right bytes in the end, or the right error. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { describeFailure } from "../../src/cli/output/failure.ts";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { ModelBackend } from "../../src/model/operations.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import {
  broken,
  changed,
  type Ending,
  pushModel,
  refusal,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
  silent,
} from "../support/scripted_registry.ts";
import { randomFrom, testSeed } from "../support/random.ts";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";

/** Enough for another thread to receive it. */
const LARGE = 4 * 1024 * 1024 + 4321;

/** The files of the model: one that a worker receives, one that passes through memory, an empty one. */
const FILES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "large.bin": Uint8Array.from({ length: LARGE }, (_, index) => index * 31 + (index >> 10)),
  "small.bin": Uint8Array.from({ length: 70_001 }, (_, index) => index * 7),
  "empty.bin": new Uint8Array(),
};

/** Never waits between tries, and soon takes silence for a lost connection. */
const IMPATIENT: RetryPolicy = { stallTime: 5_000, sleep: () => Promise.resolve() };

/** The ways to download a model, each with the folder where its files are in the end. */
const FLOWS = {
  "pull": async (backend, name, { output, signal }) => {
    await backend.pull(name, { signal });
    await backend.extract(name, { output, signal });
  },
  "pull --extract-dir": async (backend, name, { output, signal }) => {
    await backend.pull(name, { extractDir: output, signal });
  },
  "pull --extract-from-remote": async (backend, name, { output, signal }) => {
    await backend.pull(name, { extractDir: output, extractFromRemote: true, signal });
  },
  "fetch": async (backend, name, { output, signal }) => {
    await backend.fetch(name, { output, patterns: ["*.bin"], signal });
  },
} satisfies Record<
  string,
  (
    backend: ModelBackend,
    name: string,
    options: { readonly output: string; readonly signal?: AbortSignal },
  ) => Promise<void>
>;

type FlowName = keyof typeof FLOWS;
const FLOW_NAMES = Object.keys(FLOWS) as FlowName[];

/** A registry with the model. */
async function registryWithModel(): Promise<ScriptedRegistry> {
  const registry = scriptedRegistry();
  await pushModel(registry, FILES);
  return registry;
}

/** Runs a way to download once; gives the exit code that its error would have, 0 for none. */
async function runFlow(
  flow: FlowName,
  name: string,
  { folder, retry = IMPATIENT, signal }: {
    readonly folder: string;
    readonly retry?: RetryPolicy;
    readonly signal?: AbortSignal;
  },
): Promise<{ readonly code: number; readonly message: string }> {
  await using client = new RegistryClient({ retry });
  const catalog = diskCatalog(`${folder}/store`);
  const backend = createModelBackend({ catalog, connect: client.connect });
  try {
    await FLOWS[flow](backend, `${name}:v1`, { output: `${folder}/out`, signal });
    return { code: 0, message: "" };
  } catch (error) {
    return describeFailure(error, { programName: "modelops", signal });
  }
}

/** Makes sure that no file has wrong bytes, and that all are there when `whole`. */
async function checkFiles(folder: string, { whole }: { readonly whole: boolean }): Promise<void> {
  const found = await Array.fromAsync(Deno.readDir(`${folder}/out`)).catch(() => []);
  for (const { name } of found) {
    // What can be gone on with stays, hidden.
    if (!whole && name.startsWith(".modelops-")) continue;
    assert.ok(name in FILES, `${name} was left`);
    const bytes = await Deno.readFile(`${folder}/out/${name}`);
    assert.equal(Buffer.compare(bytes, FILES[name]!), 0, `${name} is wrong`);
  }
  if (!whole) return;
  assert.equal(found.length, Object.keys(FILES).length);
  assert.deepEqual(await unfinished(folder), []);
}

/** What downloads that were given up have left in the store. */
async function unfinished(folder: string): Promise<string[]> {
  const visit = async (path: string): Promise<string[]> => {
    const entries = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
    const below = entries.map(({ name, isDirectory }) =>
      isDirectory ? visit(`${path}/${name}`) : [`${path}/${name}`]
    );
    return (await Promise.all(below)).flat();
  };
  return (await visit(`${folder}/store`)).filter((path) => path.includes("/_uploads/"));
}

/** A script that changes answers with blobs of the large file; `count` is that of its requests. */
function onLarge(
  change: (
    answer: { readonly request: Request; readonly response: Response; readonly count: number },
  ) => Response | Promise<Response>,
): Script {
  let count = 0;
  return async (request, pass) => {
    const response = await pass();
    const total = response.headers.get("Content-Range")?.split("/")[1];
    const size = Number(total ?? response.headers.get("Content-Length"));
    if (request.method !== "GET" || size !== LARGE) return response;
    return await change({ request, response, count: ++count });
  };
}

for (const ending of ["cut", "end"] as const) {
  Deno.test(`every download survives a connection that is lost at any tenth (${ending})`, async () => {
    await using registry = await registryWithModel();
    const cases = FLOW_NAMES.flatMap((flow) =>
      Array.from({ length: 10 }, (_, tenth) => ({ flow, after: Math.floor(LARGE * tenth / 10) }))
    );
    await mapConcurrent(cases, async ({ flow, after }) => {
      await using folder = await tempFolder();
      const name = registry.scripted(
        onLarge(({ response, count }) =>
          count === 1 ? broken(response, { after, ending }) : response
        ),
      );
      const { code, message } = await runFlow(flow, name, { folder: folder.path });
      assert.equal(code, 0, `${flow}, cut after ${after}: ${message}`);
      await checkFiles(folder.path, { whole: true });
    }, { concurrency: 8 });
  });
}

/** What a registry does again and again, and the exit code of that. */
const ALWAYS: Readonly<Record<string, readonly [code: number, Parameters<typeof onLarge>[0]]>> = {
  "cuts before the first byte": [
    3,
    ({ response }) => broken(response, { after: 0, ending: "cut" }),
  ],
  "ends before the first byte": [
    3,
    ({ response }) => broken(response, { after: 0, ending: "end" }),
  ],
  "stalls before the first byte": [
    3,
    ({ response }) => broken(response, { after: 0, ending: "stall" }),
  ],
  "does not answer": [3, ({ request }) => silent(request)],
  "cuts after each mebibyte": [
    0,
    ({ response }) => broken(response, { after: 1024 * 1024, ending: "cut" }),
  ],
  "begins anew and cuts at half": [
    3,
    async ({ response, count }) =>
      await broken(
        count === 1 ? response : new Response(FILES["large.bin"], { headers: wholeHeaders }),
        { after: LARGE / 2, ending: "cut" },
      ),
  ],
  "changes a byte": [
    5,
    ({ response }) =>
      changed(response, { bytes: (bytes) => bytes.map((byte, at) => at === 77 ? byte ^ 1 : byte) }),
  ],
  "promises a byte more": [
    5,
    ({ response }) => changed(response, { headers: { "Content-Length": `${LARGE + 1}` } }),
  ],
  "sends a byte more": [
    5,
    async ({ response }) => {
      response.headers.delete("Content-Length");
      return await changed(response, { bytes: (bytes) => new Uint8Array([...bytes, 1]) });
    },
  ],
  "answers another range than was asked for": [
    0,
    ({ response, count }) =>
      count === 1
        ? broken(response, { after: 1000, ending: "cut" })
        : changed(response, { headers: { "Content-Range": `bytes 7-${LARGE - 1}/${LARGE}` } }),
  ],
  "refuses to go on": [
    0,
    ({ request, response, count }) =>
      count === 1
        ? broken(response, { after: 1000, ending: "cut" })
        : request.headers.has("Range")
        ? refusal(416)
        : response,
  ],
  "cuts, and refuses to go on": [
    3,
    ({ request, response }) =>
      request.headers.has("Range")
        ? refusal(416)
        : broken(response, { after: 1000, ending: "cut" }),
  ],
  "answers the right range with other bytes": [
    5,
    ({ response, count }) =>
      count === 1
        ? broken(response, { after: 1000, ending: "cut" })
        : changed(response, { bytes: (bytes) => bytes.map((byte) => byte ^ 1) }),
  ],
  "is busy": [3, () => refusal(503, { "Retry-After": "1" })],
  "has too many requests": [3, () => refusal(429, { "Retry-After": "1" })],
  "wants nobody for an hour": [3, () => refusal(429, { "Retry-After": "3600" })],
  "stalls in the words of a refusal": [
    3,
    () => broken(refusal(400), { after: 5, ending: "stall" }),
  ],
  "forbids it": [4, () => refusal(403)],
  "has lost the blob": [1, () => refusal(404)],
  "says that there is no content": [3, () => new Response(null, { status: 204 })],
  "encodes what it sends": [
    3,
    ({ response }) => changed(response, { headers: { "Content-Encoding": "br" } }),
  ],
};

const wholeHeaders = { "Content-Length": `${LARGE}` };

Deno.test("what a registry does again and again is the right error of every download", async () => {
  await using registry = await registryWithModel();
  const cases = FLOW_NAMES.flatMap((flow) =>
    Object.entries(ALWAYS).map(([what, [code, change]]) => ({ flow, what, code, change }))
  );
  await mapConcurrent(cases, async ({ flow, what, code, change }) => {
    await using folder = await tempFolder();
    const retry = { ...IMPATIENT, attempts: 2 };
    const name = registry.scripted(onLarge(change));
    const failed = await runFlow(flow, name, { folder: folder.path, retry });
    assert.equal(failed.code, code, `${flow}, it ${what}: ${failed.message}`);
    assert.doesNotMatch(failed.message, /fault of modelops/);
    await checkFiles(folder.path, { whole: code === 0 });
  }, { concurrency: 12 });
});

/** An answer that calls back when its first bytes were taken, and has no more. */
function halfThen({ headers }: Response, then: () => void): Response {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pulls === 1) controller.enqueue(FILES["large.bin"]!.subarray(0, LARGE / 2));
      else if (pulls === 2) then();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers });
}

Deno.test("a download that is stopped ends at once, before and in a body, and can be run again", async () => {
  await using registry = await registryWithModel();
  const cases = FLOW_NAMES.flatMap((flow) =>
    (["no answer", "half a body"] as const).map((at) => ({ flow, at }))
  );
  await mapConcurrent(cases, async ({ flow, at }) => {
    await using folder = await tempFolder();
    const stop = new AbortController();
    // The default of two minutes: whoever does not listen is found out.
    const retry = {};
    const name = registry.scripted(onLarge(({ request, response, count }) => {
      if (count > 1) return response;
      const abort = () => stop.abort(new DOMException("Interrupted", "AbortError"));
      if (at === "half a body") return halfThen(response, abort);
      abort();
      return silent(request);
    }));
    const { signal } = stop;
    const stopped = await runFlow(flow, name, { folder: folder.path, retry, signal });
    assert.equal(stopped.code, 130, `${flow}, ${at}: ${stopped.message}`);
    await checkFiles(folder.path, { whole: false });
    const again = await runFlow(flow, name, { folder: folder.path });
    assert.equal(again.code, 0, `${flow}, ${at}: ${again.message}`);
    await checkFiles(folder.path, { whole: true });
  }, { concurrency: 8 });
});

interface RandomFault {
  /** The exit code where the fault is not survived; 0 where it always is. */
  readonly code: number;
  readonly apply: (request: Request, response: Response) => Response | Promise<Response>;
}

/** A fault of any kind, at any place. */
function randomFault(random: () => number): RandomFault {
  const place = random();
  const breaks = (ending: Ending): RandomFault => ({
    code: 0,
    apply: async (_, response) => {
      const size = Number(response.headers.get("Content-Length"));
      return await broken(response, { after: Math.floor(size * place), ending });
    },
  });
  const kinds: readonly (() => RandomFault)[] = [
    () => breaks("cut"),
    () => breaks("cut"),
    () => breaks("end"),
    () => breaks("end"),
    () => random() < 0.3 ? breaks("stall") : breaks("cut"),
    () => random() < 0.3 ? { code: 0, apply: silent } : breaks("end"),
    () => ({ code: 0, apply: () => refusal(429, { "Retry-After": "2" }) }),
    () => ({ code: 0, apply: () => refusal(503, { "Retry-After": "1" }) }),
    () => ({ code: 0, apply: () => refusal(500) }),
    () => ({ code: 3, apply: () => refusal(503, { "Retry-After": "3600" }) }),
    () => ({
      code: 5,
      apply: (_, response) =>
        changed(response, {
          bytes: (bytes) => {
            if (bytes.byteLength > 0) bytes[Math.floor(bytes.byteLength * place)]! ^= 1;
            return bytes;
          },
        }),
    }),
    () => ({
      code: 3,
      apply: (_, response) =>
        response.status === 206
          ? changed(response, { headers: { "Content-Range": "bytes 1-2/3" } })
          : response,
    }),
  ];
  return kinds[Math.floor(random() * kinds.length)]!();
}

const SCHEDULES = 200;

Deno.test(`${SCHEDULES} random schedules of faults end right, or with the right error and then right`, async () => {
  const seed = testSeed();
  await using registry = await registryWithModel();
  await mapConcurrent(Array.from({ length: SCHEDULES }).keys(), async (number) => {
    const random = randomFrom(seed + number);
    const flow = FLOW_NAMES[Math.floor(random() * FLOW_NAMES.length)]!;
    const faults = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomFault(random));
    const what = `MODELOPS_TEST_SEED=${seed}, schedule ${number}, ${flow}`;
    let next = 0;
    const name = registry.scripted(async (request, pass) => {
      const response = await pass();
      const isBlob = request.method === "GET" && request.url.includes("/blobs/");
      const fault = isBlob ? faults[next++] : undefined;
      return fault ? await fault.apply(request, response) : response;
    });
    await using folder = await tempFolder();
    const first = await runFlow(flow, name, { folder: folder.path });
    const allowed = [0, ...faults.map(({ code }) => code)];
    assert.ok(allowed.includes(first.code), `${what}: ${first.code} ${first.message}`);
    await checkFiles(folder.path, { whole: first.code === 0 });
    if (first.code === 0) return;
    next = faults.length;
    const second = await runFlow(flow, name, { folder: folder.path });
    assert.equal(second.code, 0, `${what}, run again: ${second.message}`);
    await checkFiles(folder.path, { whole: true });
  }, { concurrency: 12 });
});

Deno.test({
  name: "a full disk is said to be full, whichever thread writes to it",
  ignore: !await mayMount(),
  async fn() {
    await using registry = await registryWithModel();
    for (const flow of FLOW_NAMES) {
      await using folder = await tempFolder();
      await using _small = await mountTmpfs(folder.path, "size=2m");
      const name = registry.scripted((_, pass) => pass());
      const { code, message } = await runFlow(flow, name, { folder: folder.path });
      assert.deepEqual([code, /no space left on the device$/.test(message)], [3, true], message);
      await checkFiles(folder.path, { whole: false });
    }
  },
});
