/** Downloads from servers that misbehave: the right bytes in the end, or the right error. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { describeFailure } from "../../src/cli/output/failure.ts";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { withinDeadline } from "../support/deadline.ts";
import {
  broken,
  changed,
  type Ending,
  flipped,
  refusal,
  type Script,
  silent,
} from "../support/scripted_server.ts";
import { randomFrom, testSeed } from "../support/random.ts";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";
import {
  type DownloadScene,
  type DownloadWorld,
  downloadWorld,
  FILES,
  FLOW_NAMES,
  FLOWS,
  LARGE,
  type Origin,
} from "./download_flows.ts";

/** Never waits between tries, and soon takes silence for a lost connection. */
const IMPATIENT: RetryPolicy = { stallTime: 5_000, sleep: () => Promise.resolve() };

/** What differs from run to run. */
type RunOptions =
  & Pick<DownloadScene, "name" | "folder">
  & Partial<Pick<DownloadScene, "retry" | "signal">>;

/** Downloads once; gives the exit code that the error would have, 0 for none. */
async function runFlow(
  flow: string,
  { registry }: DownloadWorld,
  { retry = IMPATIENT, signal, ...scene }: RunOptions,
): Promise<{ readonly code: number; readonly message: string }> {
  return await withinDeadline(async (deadline) => {
    const both = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      await FLOWS[flow]!.run({ ...scene, registry, retry, signal: both });
      return { code: 0, message: "" };
    } catch (error) {
      return describeFailure(error, { programName: "modelops", signal });
    }
  });
}

/** What a workspace of bundles has besides the files. */
const WORKSPACE_FOLDER = ".mops";

/** Makes sure that no file has wrong bytes, and that all are there when `whole`. */
async function checkFiles(folder: string, { whole }: { readonly whole: boolean }): Promise<void> {
  const all = await Array.fromAsync(Deno.readDir(`${folder}/out`)).catch(() => []);
  const found = all.filter(({ name }) => name !== WORKSPACE_FOLDER);
  for (const { name } of found) {
    // What can be gone on with stays, hidden.
    if (!whole && /^\.modelops-|\.(?:partial|journal)$/.test(name)) continue;
    assert.ok(name in FILES, `${name} was left`);
    const bytes = await Deno.readFile(`${folder}/out/${name}`);
    assert.equal(Buffer.compare(bytes, FILES[name]!), 0, `${name} is wrong`);
  }
  if (!whole) return;
  assert.equal(found.length, Object.keys(FILES).length);
  const kept = await Array.fromAsync(Deno.readDir(`${folder}/out/${WORKSPACE_FOLDER}`))
    .catch(() => []);
  const known = [".mops-manifest.json", "ptr"];
  assert.deepEqual(kept.filter(({ name }) => !known.includes(name)), []);
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
    if (request.method !== "GET") return response;
    const total = response.headers.get("Content-Range")?.split("/")[1];
    const size = Number(total ?? response.headers.get("Content-Length"));
    if (size !== LARGE) return response;
    return await change({ request, response, count: ++count });
  };
}

/** Whether a request asks for a part of a content. */
function isRange({ headers }: Request): boolean {
  return headers.has("Range") || headers.has("x-ms-range");
}

/** Whether a request asks for a file, or what describes files. */
function asksForFiles({ method, url }: Request): boolean {
  return method === "GET" && /\/(?:blobs|data|resolve)\//.test(url);
}

for (const ending of ["cut", "end"] as const) {
  Deno.test(`every download survives a connection that is lost at any tenth (${ending})`, async () => {
    await using world = await downloadWorld();
    const cases = FLOW_NAMES.flatMap((flow) =>
      Array.from({ length: 10 }, (_, tenth) => ({ flow, after: Math.floor(LARGE * tenth / 10) }))
    );
    await mapConcurrent(cases, async ({ flow, after }) => {
      await using folder = await tempFolder();
      const name = world.scripted(
        FLOWS[flow]!,
        onLarge(({ response, count }) =>
          count === 1 ? broken(response, { after, ending }) : response
        ),
      );
      const { code, message } = await runFlow(flow, world, { name, folder: folder.path });
      assert.equal(code, 0, `${flow}, cut after ${after}: ${message}`);
      await checkFiles(folder.path, { whole: true });
    }, { concurrency: 8 });
  });
}

Deno.test("every download finds a byte that is changed at any tenth, and can be run again", async () => {
  await using world = await downloadWorld();
  const cases = FLOW_NAMES.flatMap((flow) =>
    Array.from({ length: 10 }, (_, tenth) => ({ flow, place: tenth / 10 }))
  );
  await mapConcurrent(cases, async ({ flow, place }) => {
    await using folder = await tempFolder();
    const name = world.scripted(
      FLOWS[flow]!,
      onLarge(({ response, count }) =>
        count === 1 ? changed(response, { bytes: flipped(place) }) : response
      ),
    );
    const { code, message } = await runFlow(flow, world, { name, folder: folder.path });
    // What is read through a cache is read once more, past it.
    const allowed = flow === "bundle materialize" ? 0 : 5;
    assert.equal(code, allowed, `${flow}, changed at ${place}: ${message}`);
    await checkFiles(folder.path, { whole: code === 0 });
    const again = await runFlow(flow, world, { name, folder: folder.path });
    assert.equal(again.code, 0, `${flow}, run again: ${again.message}`);
    await checkFiles(folder.path, { whole: true });
  }, { concurrency: 8 });
});

/** An exit code, and what it is at the servers, or with bundles, where that differs. */
type Codes =
  | number
  | Readonly<{ registry: number } & Partial<Record<Origin | "bundle", number>>>;

function codeOf(codes: Codes, flow: string): number {
  if (typeof codes === "number") return codes;
  const ofBundle = flow.startsWith("bundle") ? codes.bundle : undefined;
  return ofBundle ?? codes[FLOWS[flow]!.from] ?? codes.registry;
}

/** What a server does again and again, and the exit code of that. */
const ALWAYS: Readonly<Record<string, readonly [code: Codes, Parameters<typeof onLarge>[0]]>> = {
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
    ({ response }) => changed(response, { bytes: flipped(0.3) }),
  ],
  "promises a byte more": [
    5,
    ({ response }) => changed(response, { headers: { "Content-Length": `${LARGE + 1}` } }),
  ],
  // The SDK takes nothing that does not say how long it is.
  "sends a byte more, and no length": [
    { registry: 5, account: 3 },
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
        : isRange(request)
        ? refusal(416)
        : response,
  ],
  "cuts, and refuses to go on": [
    3,
    ({ request, response }) =>
      isRange(request) ? refusal(416) : broken(response, { after: 1000, ending: "cut" }),
  ],
  "answers the right range with other bytes": [
    5,
    ({ response, count }) =>
      count === 1
        ? broken(response, { after: 1000, ending: "cut" })
        : changed(response, { bytes: (bytes) => bytes.map((byte) => byte ^ 1) }),
  ],
  "says that there is another version": [
    { registry: 0, account: 5 },
    ({ response, count }) =>
      count === 1
        ? broken(tagged(response, "one"), { after: 1000, ending: "cut" })
        : tagged(response, "two"),
  ],
  "is busy": [3, () => refusal(503, { "Retry-After": "1" })],
  "has too many requests": [3, () => refusal(429, { "Retry-After": "1" })],
  "wants nobody for an hour": [3, () => refusal(429, { "Retry-After": "3600" })],
  "stalls in the words of a refusal": [
    3,
    () => broken(refusal(400), { after: 5, ending: "stall" }),
  ],
  "forbids it": [4, () => refusal(403)],
  "has lost the blob": [{ registry: 1, bundle: 3 }, () => refusal(404)],
  "says that there is no content": [3, () => new Response(null, { status: 204 })],
  // There the bytes come as they are stored, whatever is said of them; they are right.
  "encodes what it sends": [
    { registry: 3, account: 0, hub: 0 },
    ({ response }) => changed(response, { headers: { "Content-Encoding": "br" } }),
  ],
};

function tagged({ body, status, headers }: Response, tag: string): Response {
  const told = new Headers(headers);
  told.set("ETag", `"${tag}"`);
  return new Response(body, { status, headers: told });
}

const wholeHeaders = { "Content-Length": `${LARGE}` };

Deno.test("what a server does again and again is the right error of every download", async () => {
  await using world = await downloadWorld();
  const cases = FLOW_NAMES.flatMap((flow) =>
    Object.entries(ALWAYS).map(([what, [code, change]]) => ({ flow, what, code, change }))
  );
  await mapConcurrent(cases, async ({ flow, what, code, change }) => {
    await using folder = await tempFolder();
    const retry = { ...IMPATIENT, attempts: 2 };
    const name = world.scripted(FLOWS[flow]!, onLarge(change));
    const failed = await runFlow(flow, world, { name, folder: folder.path, retry });
    const expected = codeOf(code, flow);
    assert.equal(failed.code, expected, `${flow}, it ${what}: ${failed.message}`);
    assert.doesNotMatch(failed.message, /fault of modelops/);
    await checkFiles(folder.path, { whole: expected === 0 });
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
  await using world = await downloadWorld();
  const cases = FLOW_NAMES.flatMap((flow) =>
    (["no answer", "half a body"] as const).map((at) => ({ flow, at }))
  );
  await mapConcurrent(cases, async ({ flow, at }) => {
    await using folder = await tempFolder();
    const stop = new AbortController();
    // The default of two minutes: whoever does not listen is found out.
    const retry = {};
    const name = world.scripted(
      FLOWS[flow]!,
      onLarge(({ request, response, count }) => {
        if (count > 1) return response;
        const abort = () => stop.abort(new DOMException("Interrupted", "AbortError"));
        if (at === "half a body") return halfThen(response, abort);
        abort();
        return silent(request);
      }),
    );
    const { signal } = stop;
    const stopped = await runFlow(flow, world, { name, folder: folder.path, retry, signal });
    assert.equal(stopped.code, 130, `${flow}, ${at}: ${stopped.message}`);
    await checkFiles(folder.path, { whole: false });
    const again = await runFlow(flow, world, { name, folder: folder.path });
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
      apply: (_, response) => changed(response, { bytes: flipped(place) }),
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
  await using world = await downloadWorld();
  await mapConcurrent(Array.from({ length: SCHEDULES }).keys(), async (number) => {
    const random = randomFrom(seed + number);
    const flow = FLOW_NAMES[Math.floor(random() * FLOW_NAMES.length)]!;
    const faults = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomFault(random));
    const what = `MODELOPS_TEST_SEED=${seed}, schedule ${number}, ${flow}`;
    let next = 0;
    const name = world.scripted(FLOWS[flow]!, async (request, pass) => {
      const response = await pass();
      const fault = asksForFiles(request) ? faults[next++] : undefined;
      return fault ? await fault.apply(request, response) : response;
    });
    await using folder = await tempFolder();
    const first = await runFlow(flow, world, { name, folder: folder.path });
    const allowed = [0, ...faults.map(({ code }) => code)];
    assert.ok(allowed.includes(first.code), `${what}: ${first.code} ${first.message}`);
    await checkFiles(folder.path, { whole: first.code === 0 });
    if (first.code === 0) return;
    next = faults.length;
    const second = await runFlow(flow, world, { name, folder: folder.path });
    assert.equal(second.code, 0, `${what}, run again: ${second.message}`);
    await checkFiles(folder.path, { whole: true });
  }, { concurrency: 12 });
});

Deno.test({
  name: "a disk that fills on the way is said to be full, whichever thread writes to it",
  ignore: !await mayMount(),
  async fn() {
    await using world = await downloadWorld();
    for (const flow of FLOW_NAMES) {
      await using folder = await tempFolder();
      await using _small = await mountTmpfs(folder.path, "size=6m");
      // There is room when that is looked at, and somebody else takes it then.
      const filler = new Uint8Array(5 * 1024 * 1024);
      const name = world.scripted(FLOWS[flow]!, async (request, pass) => {
        const response = await pass();
        const isLarge = Number(response.headers.get("Content-Length")) > 1024 * 1024;
        if (isLarge && request.method === "GET") {
          await Deno.writeFile(`${folder.path}/filler`, filler).catch(() => {});
        }
        return response;
      });
      const { code, message } = await runFlow(flow, world, { name, folder: folder.path });
      assert.deepEqual([code, /no space left on the device$/.test(message)], [3, true], message);
      await checkFiles(folder.path, { whole: false });
    }
  },
});
