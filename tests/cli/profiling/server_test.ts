import assert from "node:assert/strict";
import { ConflictError, InvalidInputError } from "../../../src/core/errors.ts";
import { startProfiling } from "../../../src/cli/profiling/server.ts";
import { runIn } from "../support.ts";
import { decodeProfile } from "./profiles.ts";
import { tempFolder } from "../../support/temp.ts";

const silent = { warn: () => {}, note: () => {} };

/** Serves the profiles of this process while `work` runs. */
async function whileServing(work: (url: string) => Promise<void>): Promise<void> {
  const profiling = await startProfiling("127.0.0.1:0", silent);
  try {
    await work(profiling.url);
  } finally {
    await profiling.stop();
  }
}

async function get(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { redirect: "manual", ...init });
  return { status: response.status, headers: response.headers, bytes: await response.bytes() };
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function keepProcessorBusy(until: AbortSignal): Promise<void> {
  let sum = 0;
  const turn = async (): Promise<void> => {
    while (!until.aborted) {
      for (let i = 0; i < 1e6; i++) sum += Math.sqrt(i);
      await new Promise((next) => setTimeout(next));
    }
  };
  return turn().then(() => assert.ok(sum >= 0));
}

Deno.test("a profile of the processor shows what the process does", async () => {
  await whileServing(async (url) => {
    const done = new AbortController();
    const busy = keepProcessorBusy(done.signal);
    const answers = await Promise.all([
      get(`${url}profile?seconds=1`),
      get(`${url}profile?seconds=1`),
    ]);
    done.abort();
    await busy;
    // One profile at a time: the other is told so.
    const [refused, answered] = answers.sort((a, b) => b.status - a.status);
    assert.equal(refused?.status, 409);
    assert.match(decode(refused?.bytes ?? new Uint8Array()), /another profile .* under way\n$/);
    assert.equal(answered?.status, 200);
    assert.equal(answered?.headers.get("Content-Type"), "application/octet-stream");
    const { types, samples, durationNanos } = decodeProfile(answered?.bytes ?? new Uint8Array());
    assert.deepEqual(types, ["samples/count", "cpu/nanoseconds"]);
    assert.ok(samples.some(({ stack }) => stack.some((place) => place.startsWith("turn:"))));
    assert.ok(durationNanos >= 900_000_000n, String(durationNanos));
    assert.equal((await get(`${url}profile?seconds=1`)).status, 200);
  });
});

Deno.test("a profile of the heap shows what was allocated meanwhile", async () => {
  await whileServing(async (url) => {
    const kept = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const { status, bytes } = await get(`${url}heap`);
    assert.equal(status, 200);
    assert.equal(kept.length, 200_000);
    const { types, samples } = decodeProfile(bytes);
    assert.deepEqual(types, ["inuse_objects/count", "inuse_space/bytes"]);
    const used = samples.reduce((sum, { value }) => sum + (value[1] ?? 0), 0);
    assert.ok(used > 1_000_000, String(used));
  });
});

Deno.test("the page lists the profiles, and what is not understood is refused", async () => {
  await whileServing(async (url) => {
    const index = await get(url);
    assert.equal(index.status, 200);
    assert.match(decode(index.bytes), /href="profile\?seconds=30"/);
    const bare = await get(url.replace(/\/$/, ""));
    assert.deepEqual([bare.status, bare.headers.get("Location")], [301, url]);
    for (const seconds of ["0", "-1", "1.5", "x", "", "3601", "99999999", "1e3"]) {
      const { status, bytes } = await get(`${url}profile?seconds=${seconds}`);
      assert.equal(status, 400, seconds);
      assert.equal(decode(bytes), "seconds must be a whole number from 1 to 3600\n");
    }
    assert.equal((await get(`${url}trace`)).status, 404);
    assert.equal((await get(new URL("/", url).href)).status, 404);
    assert.equal((await get(new URL("/constructor", url).href)).status, 404);
    assert.equal((await get(`${url}heap`, { method: "POST" })).status, 405);
  });
});

Deno.test("profiles on loopback are for who names it so, and for no page of another site", async () => {
  await whileServing(async (url) => {
    const { port } = new URL(url);
    for (
      const [host, more, status] of [
        [`127.0.0.1:${port}`, "", 200],
        [`localhost:${port}`, "", 200],
        [`evil.example:${port}`, "", 403],
        ["evil.example", "", 403],
        ["", "", 400],
        [`127.0.0.1:${port}`, "Origin: http://evil.example\r\n", 403],
        [`127.0.0.1:${port}`, "Sec-Fetch-Site: cross-site\r\n", 403],
      ] as const
    ) {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
      const head =
        `GET /debug/pprof/ HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
      await conn.write(new TextEncoder().encode(head));
      const answer = await new Response(conn.readable).text();
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), `${host} ${more}`);
    }
  });
});

Deno.test("a profile under way ends when nobody waits for it, and early when the run is over", async () => {
  let received = Promise.resolve(new Uint8Array());
  await whileServing(async (url) => {
    const gone = new AbortController();
    const asked = await fetch(`${url}profile?seconds=600`, { signal: gone.signal });
    assert.equal((await get(`${url}profile?seconds=1`)).status, 409);
    gone.abort();
    await assert.rejects(asked.bytes());
    // The server hears of it a moment later.
    let open: Response;
    do open = await fetch(`${url}profile?seconds=600`); while (await isRefused(open));
    received = open.bytes();
  });
  // What was seen until the end is better than nothing.
  const { types } = decodeProfile(await received);
  assert.deepEqual(types, ["samples/count", "cpu/nanoseconds"]);
});

async function isRefused(response: Response): Promise<boolean> {
  if (response.status === 200) return false;
  assert.equal(response.status, 409);
  await response.body?.cancel();
  return true;
}

Deno.test("an address that cannot be used is an error that says so", async () => {
  await using taken = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(),
  );
  const address = `127.0.0.1:${taken.addr.port}`;
  await assert.rejects(startProfiling(address, silent), (error) => {
    assert.ok(error instanceof ConflictError);
    assert.equal(error.message, `Cannot listen on "${address}": the port is in use`);
    assert.match(error.facts.remedy ?? "", /--pprof-addr/);
    return true;
  });
  await assert.rejects(startProfiling("nonsense", silent), InvalidInputError);
});

Deno.test("--pprof serves while the command runs, and ends with it", async () => {
  await using folder = await tempFolder();
  let url = "";
  let answer: Promise<{ status: number }> | undefined;
  const note = /^Serving profiles on (http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/)\n$/;
  const done = new AbortController();
  const finished = await runIn(
    ["serve", "--address", "127.0.0.1:0", "--storage-dir", folder.path]
      .concat(["--pprof", "--pprof-addr", "127.0.0.1:0"]),
    {
      signal: done.signal,
      onStderr: (text) => url ||= note.exec(text)?.[1] ?? "",
      // The command says that it is ready, and would go on.
      onStdout: () => {
        answer = get(url);
        answer.finally(() => done.abort());
      },
    },
  );
  assert.equal(finished.code, 0, finished.stderr);
  assert.equal((await answer)?.status, 200);
  assert.match(finished.stderr.split("\n")[0] + "\n", note);
  await assert.rejects(fetch(url), TypeError);
});

Deno.test("--pprof warns before it serves others, and fails where it cannot listen", async () => {
  const open = await runIn(["list", "--pprof", "--pprof-addr", ":0"]);
  assert.equal(open.code, 0);
  assert.match(open.stderr, /^warning: profiles are served at 0\.0\.0\.0:0 to everybody/);
  const bad = await runIn(["list", "--pprof", "--pprof-addr", "nowhere"]);
  assert.deepEqual([bad.code, bad.stdout], [2, ""]);
  assert.match(bad.stderr, /^error: Cannot listen on "nowhere": expected host:port\n/);
});
