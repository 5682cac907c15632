/** Uploads to servers that misbehave: the right bytes in the end, or the right error. */
import assert from "node:assert/strict";
import { describeFailure } from "../../src/cli/output/failure.ts";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { type ConnectionFault, startCuttingProxy } from "../support/cutting_proxy.ts";
import { withinDeadline } from "../support/deadline.ts";
import { randomFrom, testSeed } from "../support/random.ts";
import { changed, flipped, refusal, type Script } from "../support/scripted_server.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import {
  checkServers,
  FLOW_NAMES,
  FLOWS,
  LARGE,
  type UploadFlow,
  uploadWorld,
} from "./upload_flows.ts";

/** Never waits between tries, and soon takes silence for a lost connection. */
const IMPATIENT: RetryPolicy = { stallTime: 5_000, sleep: () => Promise.resolve() };

/** A fault of a request, or of the connection under it. */
type Fault =
  | { readonly kind: "connection"; readonly fault: ConnectionFault }
  | {
    readonly kind: "answer";
    /** The exit codes where it is not survived; 0 where it always is. */
    readonly codes: readonly number[];
    readonly script: Script;
  };

const answer = (codes: number | readonly number[], script: Script): Fault => ({
  kind: "answer",
  codes: [codes].flat(),
  script,
});

/** Whether a request carries a content. */
function carries({ method, url }: Request): boolean {
  return /^(?:PUT|PATCH)$/.test(method) && !url.includes("/manifests/");
}

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
    // An account that has just taken an object may not deny it.
    () => answer([0, 1], (request) => request.method === "HEAD" ? refusal(404) : refusal(502)),
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
    // A list of blocks goes without a digest, and is refused for good.
    () => answer([0, 3, 5], (request, pass) => pass(carries(request) ? flipped(place) : undefined)),
    () => answer(4, (request, pass) => request.method === "PUT" ? refusal(403) : pass()),
  ];
  return kinds[Math.floor(random() * kinds.length)]!();
}

/** How an upload ended: with the exit code that its error would have, 0 for none. */
interface Outcome {
  readonly code: number;
  readonly message: string;
}

/** Uploads of one flow to servers of their own. */
interface Stage extends AsyncDisposable {
  /** Uploads once. */
  run(): Promise<Outcome>;
  /** Looks at the servers, and at what is left of uploads that are over. */
  check(options: { readonly whole: boolean }): Promise<void>;
}

/** Sets the servers up; every answer goes through the script, and `next` is as a proxy has it. */
async function openStage(
  flow: UploadFlow,
  script: Script,
  next: () => ConnectionFault | undefined,
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  for (const [path, content] of Object.entries(flow.files)) await folder.write(path, content);
  const world = stack.use(uploadWorld());
  const server = world[flow.to];
  const registry = world.registry.host;
  const scene = { folder, registry };
  const { signal } = new AbortController();
  await flow.before?.({ ...scene, name: `${registry}/demo`, retry: {}, signal });
  const proxy = stack.use(startCuttingProxy(server.host, next));
  const name = server.scripted(script).replace(server.host, proxy.address);
  const open = stack.move();
  return {
    run: () =>
      withinDeadline(async (signal) => {
        try {
          await flow.run({ ...scene, name, retry: IMPATIENT, signal });
          return { code: 0, message: "" };
        } catch (error) {
          return describeFailure(error, { programName: "modelops" });
        }
      }),
    check: async ({ whole }) => {
      await checkServers(world, flow, { whole });
      if (whole) assert.deepEqual(await notes(folder), []);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What uploads that are over have left in the cache folder. */
async function notes(folder: TempFolder): Promise<string[]> {
  return (await readDirIfExists(folder.join("cache/uploads"))).map(({ name }) => name);
}

/** Ways whose blobs go as those of a push do: not every tenth of them tells something new. */
const LIKE_PUSH = ["attach", "bundle push"];

const CASES = FLOW_NAMES.flatMap((flow) =>
  Array.from({ length: 10 }, (_, tenth) => ({ flow, place: tenth / 10 }))
    .filter(({ place }) => !LIKE_PUSH.includes(flow) || place === 0 || place === 0.5)
);

for (const ending of ["cut", "stall"] as const) {
  Deno.test(`every upload survives a connection that is lost at any tenth (${ending})`, async () => {
    // A tenth of the requests that stall costs as much time as all that are cut.
    const cases = ending === "cut" ? CASES : CASES.filter(({ place }) => place === 0.5);
    await mapConcurrent(cases, async ({ flow, place }) => {
      let happened = false;
      const fault: ConnectionFault = {
        ...{ direction: "sending", after: 1000 + Math.floor(LARGE * place), ending },
        onEnding: () => happened = true,
      };
      const next = () => happened ? undefined : fault;
      await using stage = await openStage(FLOWS[flow]!, (_, pass) => pass(), next);
      const { code, message } = await stage.run();
      assert.equal(code, 0, `${flow}, ${ending} at ${place}: ${message}`);
      assert.ok(happened, `${flow}: nothing was lost at ${place}`);
      await stage.check({ whole: true });
    }, { concurrency: 8 });
  });
}

Deno.test("every upload finds a byte that is changed at any tenth, or sends it again", async () => {
  await mapConcurrent(CASES, async ({ flow, place }) => {
    let happened = false;
    await using stage = await openStage(FLOWS[flow]!, (request, pass) => {
      const isLarge = Number(request.headers.get("Content-Length")) > LARGE / 2;
      if (happened || !isLarge) return pass();
      happened = true;
      return pass(flipped(place));
    }, () => undefined);
    const { code, message } = await stage.run();
    const expected = SENT_AGAIN.includes(flow) ? 0 : 5;
    assert.equal(code, expected, `${flow}, changed at ${place}: ${message}`);
    assert.ok(happened);
    await stage.check({ whole: code === 0 });
    const again = await stage.run();
    assert.equal(again.code, 0, `${flow}, run again: ${again.message}`);
    await stage.check({ whole: true });
  }, { concurrency: 8 });
});

/** Who finds out what arrived before it is the end of the upload, and sends it again. */
const SENT_AGAIN = ["build to the registry", "bundle push, objects in Azure"];

const SCHEDULES = 200;

/** One schedule: servers of its own, a proxy in front, faults one after the other. */
async function runSchedule(seed: number, number: number): Promise<void> {
  const random = randomFrom(seed + number);
  const flow = FLOW_NAMES[Math.floor(random() * FLOW_NAMES.length)]!;
  const over = Promise.withResolvers<void>();
  const count = 1 + Math.floor(random() * 3);
  const faults = Array.from({ length: count }, () => randomFault(random, over.promise));
  const what = `MODELOPS_TEST_SEED=${seed}, schedule ${number}, ${flow}`;
  const connections = faults.filter((each) => each.kind === "connection");
  const answers = faults.filter((each) => each.kind === "answer");
  const allowed = [0, ...answers.flatMap(({ codes }) => codes)];
  await using stage = await openStage(FLOWS[flow]!, (request, pass) => {
    // An answer is changed now and then, not with the first requests alone.
    const next = random() < 0.4 ? answers.shift() : undefined;
    return next === undefined ? pass() : next.script(request, pass);
  }, () => connections.shift()?.fault);
  using _over = { [Symbol.dispose]: () => over.resolve() };

  const first = await stage.run();
  assert.ok(allowed.includes(first.code), `${what}: ${first.code} ${first.message}`);
  assert.doesNotMatch(first.message, /fault of modelops/, what);
  await stage.check({ whole: first.code === 0 });
  answers.length = 0;
  connections.length = 0;
  const second = await stage.run();
  assert.equal(second.code, 0, `${what}, run again: ${second.message}`);
  await stage.check({ whole: true });
}

Deno.test(`${SCHEDULES} random schedules of faults of uploads end right, or with the right error and then right`, async () => {
  const seed = testSeed();
  await mapConcurrent(
    Array.from({ length: SCHEDULES }).keys(),
    (number) => runSchedule(seed, number),
    { concurrency: 12 },
  );
});
