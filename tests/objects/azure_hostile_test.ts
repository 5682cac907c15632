/**
 * A storage account that lies: whatever it answers ends in an error of ours, within bounds of
 * bytes, requests and memory, and leaves nothing.
 */
import assert from "node:assert/strict";
import {
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  TransferError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { openObjectStore } from "../../src/objects/dispatch.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import { sha256Of } from "../conformance/object_store.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;
const SMALL = new TextEncoder().encode("0123456789");
/** More than what comes in one stream. */
const LARGE = 40 * MIB;

/** A body that never ends, and how many bytes were taken from it. */
function endless(counter: { bytes: number }, chunk = new Uint8Array(64 * 1024)): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      counter.bytes += chunk.byteLength;
      if (counter.bytes > 256 * MIB) return controller.error(new Error("the test gives up"));
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

/** What an account answers, by the method and the number of the request. */
type Answer = (request: Request, taken: { bytes: number }, count: number) => Response;

function account(answer: Answer) {
  const taken = { bytes: 0 };
  let requests = 0;
  const transport: Transport = (request) => Promise.resolve(answer(request, taken, ++requests));
  const store = openObjectStore(
    { azure: { account: "acct", sas: "sig=x" }, retries: 2 },
    { transport, retry: { firstWait: 1, longestWait: 1 } },
  );
  return { store, taken, requests: () => requests };
}

/** The bytes that a range asks for, of content of zeros. */
function rangeOf(request: Request, size: number): [start: number, end: number] {
  const header = request.headers.get("x-ms-range") ?? request.headers.get("range") ?? "";
  const [, start = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(header) ?? [];
  return [Number(start), last === "" ? size : Math.min(Number(last) + 1, size)];
}

function part(request: Request, size: number, headers: HeadersInit = {}): Response {
  const [start, end] = rangeOf(request, size);
  if (request.method === "HEAD") {
    return new Response(null, {
      headers: { "content-length": `${size}`, etag: '"1"', ...headers },
    });
  }
  return new Response(new Uint8Array(end - start), {
    status: 206,
    headers: {
      "content-length": `${end - start}`,
      "content-range": `bytes ${start}-${end - 1}/${size}`,
      etag: '"1"',
      ...headers,
    },
  });
}

/** Fewer bytes than a range asks for, of content of zeros; an honest answer says which they are. */
function shortPart(
  request: Request,
  lengthOf: (asked: number) => number,
  { isHonest = false }: { readonly isHonest?: boolean } = {},
): Response {
  if (request.method === "HEAD") return part(request, LARGE);
  const [start, end] = rangeOf(request, LARGE);
  const length = lengthOf(end - start);
  const last = isHonest ? start + length - 1 : end - 1;
  return new Response(new Uint8Array(length), {
    status: 206,
    headers: {
      "content-length": `${length}`,
      "content-range": `bytes ${start}-${last}/${LARGE}`,
      etag: '"1"',
    },
  });
}

const OTHERS = ["denied", "invalid", "not-found"];

const READS: readonly { what: string; size: number; answer: Answer }[] = [
  {
    what: "never stops sending, and says no size",
    size: 10,
    answer: (_request, taken) => new Response(endless(taken), { headers: { etag: '"1"' } }),
  },
  {
    what: "never stops sending, and says a size",
    size: 10,
    answer: (_request, taken) =>
      new Response(endless(taken), { headers: { etag: '"1"', "content-length": "10" } }),
  },
  {
    what: "never stops sending, and says a huge size",
    size: 10,
    answer: (_request, taken) =>
      new Response(endless(taken), { headers: { etag: '"1"', "content-length": `${2 ** 50}` } }),
  },
  {
    what: "sends less than it says, again and again",
    size: 10,
    answer: (request) =>
      new Response(new Uint8Array(0), {
        status: request.headers.has("x-ms-range") ? 206 : 200,
        headers: { etag: '"1"', "content-length": "10", "content-range": "bytes 0-9/10" },
      }),
  },
  {
    what: "says another size when it is asked first",
    size: LARGE,
    answer: (request) => part(request, request.method === "HEAD" ? LARGE + 1 : LARGE),
  },
  {
    what: "says the right size and has less",
    size: LARGE,
    answer: (request) => part(request, request.method === "HEAD" ? LARGE : LARGE - 5 * MIB),
  },
  {
    what: "says the right size and has more",
    size: LARGE,
    answer: (request) => part(request, request.method === "HEAD" ? LARGE : LARGE + MIB),
  },
  {
    what: "has another object with every answer, and does not look at If-Match",
    size: LARGE,
    answer: (request, _taken, count) => part(request, LARGE, { etag: `"${count}"` }),
  },
  {
    what: "says a range and has fewer bytes than that",
    size: LARGE,
    answer: (request) => shortPart(request, (length) => length >> 10),
  },
  {
    what: "has one byte of a range at a time",
    size: LARGE,
    answer: (request) => shortPart(request, () => 1, { isHonest: true }),
  },
  {
    what: "has a part of each range, and says so",
    size: LARGE,
    answer: (request) => shortPart(request, (length) => length - 1, { isHonest: true }),
  },
  {
    what: "never stops sending a range",
    size: LARGE,
    answer: (request, taken) =>
      request.method === "HEAD"
        ? part(request, LARGE)
        : new Response(endless(taken), { status: 206, headers: part(request, LARGE).headers }),
  },
  {
    what: "sends a size that is no number",
    size: 10,
    answer: (request) =>
      new Response(SMALL, {
        status: request.method === "HEAD" ? 200 : 206,
        headers: { etag: '"1"', "content-range": "bytes 0-9/-1" },
      }),
  },
  ...[400, 403, 404, 409, 412, 416, 500, 503].map((status) => ({
    what: `never stops explaining ${status}`,
    size: 10,
    answer: (_request: Request, taken: { bytes: number }) =>
      new Response(endless(taken), { status, headers: { "content-type": "application/xml" } }),
  })),
];

Deno.test("reading from an account that lies ends in an error and leaves nothing", async (context) => {
  for (const { what, size, answer } of READS) {
    await context.step(`one that ${what}`, async () => {
      await using folder = await tempFolder();
      const { store, taken, requests } = account(answer);
      const path = folder.join("out", "x");
      const error = await downloadToFile(store, "az://data/x", path, {
        size,
        sha256: "0".repeat(64),
        partialFolder: folder.join("partial"),
      }).then(() => undefined, (error) => error);
      assert.ok(error instanceof ModelOpsError, Deno.inspect(error));
      // What the service itself explains has its own kind; its lies are exit 3 or 5.
      const kinds = ["transfer", "integrity", ...(what.includes("explaining") ? OTHERS : [])];
      assert.ok(kinds.includes(error.kind), `${error.kind}: ${error.message}`);
      assert.ok(taken.bytes <= 64 * MIB, `${taken.bytes} bytes were read`);
      assert.ok(requests() <= 40, `${requests()} requests were made`);
      const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
      for (const name of left) {
        const files = await Array.fromAsync(Deno.readDir(folder.join(name)), (it) => it.name);
        assert.ok(error instanceof TransferError || files.length === 0, files.join());
        assert.ok(!files.includes("x"));
      }
    });
  }
});

Deno.test("an account that has none of the bytes that must be there is not the caller's fault", async () => {
  const { store } = account(() => new Response(null, { status: 416 }));
  for (const options of [{}, { size: 10 }, { etag: '"1"' }, { range: { start: 3 }, size: 10 }]) {
    await assert.rejects(store.open("az://data/x", options), IntegrityError, Deno.inspect(options));
  }
  await assert.rejects(store.open("az://data/x", { range: { start: 3 } }), InvalidInputError);
});

Deno.test("the network is told how many bytes of an object an answer brings", async () => {
  const told: unknown[] = [];
  const store = openObjectStore({ azure: { account: "acct", sas: "sig=x" } }, {
    transport: (request, hints) => {
      told.push(hints?.bytesToFile);
      return Promise.resolve(part(request, LARGE));
    },
  });
  await store.stat("az://data/x");
  const ranged = await store.open("az://data/x", { range: { start: 5, end: 5 + 2 * MIB } });
  await ranged.cancel();
  assert.deepEqual(told, [undefined, 2 * MIB]);
});

Deno.test("an object whose ranges come without a length is read", async () => {
  await using folder = await tempFolder();
  const { store } = account((request) => {
    const answer = part(request, LARGE);
    if (request.method === "GET") answer.headers.delete("content-length");
    return answer;
  });
  const sha256 = sha256Of(new Uint8Array(LARGE));
  await downloadToFile(store, "az://data/x", folder.join("x"), { size: LARGE, sha256 });
  assert.equal((await Deno.stat(folder.join("x"))).size, LARGE);
});

Deno.test("an object that always comes without a length or a range is given up in these words", async () => {
  const { store } = account(() => new Response(SMALL, { headers: { etag: '"1"' } }));
  await assert.rejects(store.open("az://data/x", { size: 10 }), /does not say how long it is/);
});

Deno.test("an object that is replaced between two ranges is an integrity error", async () => {
  await using folder = await tempFolder();
  const { store } = account((request, _taken, count) =>
    part(request, LARGE, { etag: count < 4 ? '"1"' : '"2"' })
  );
  const downloading = downloadToFile(store, "az://data/x", folder.join("x"), {
    size: LARGE,
    sha256: sha256Of(new Uint8Array(LARGE)),
  });
  await assert.rejects(downloading, IntegrityError);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.path)), []);
});

const WRITES: readonly { what: string; size: number; answer: Answer }[] = [
  ...[201, 400, 403, 404, 500].map((status) => ({
    what: `answers ${status} without end`,
    size: 10,
    answer: (request: Request, taken: { bytes: number }) =>
      request.method === "HEAD"
        ? new Response(null, { status: 404 })
        : new Response(endless(taken), { status }),
  })),
  {
    what: "lists blocks without end",
    size: 20 * MIB,
    answer: (request, taken) =>
      request.method === "GET"
        ? new Response(endless(taken), { headers: { "content-type": "application/xml" } })
        : new Response(null, { status: request.method === "HEAD" ? 404 : 201 }),
  },
  {
    what: "has another size when all is written",
    size: 10,
    answer: (request, _taken, count) =>
      request.method !== "HEAD"
        ? new Response(null, { status: 201 })
        : count === 1
        ? new Response(null, { status: 404 })
        : new Response(null, { headers: { "content-length": "9" } }),
  },
  {
    what: "has other content of that size when all is written",
    size: 10,
    answer: (request) =>
      request.method !== "HEAD" ? new Response(null, { status: 201 }) : new Response(null, {
        headers: { "content-length": "10", "x-ms-meta-sha256": "a".repeat(64) },
      }),
  },
];

Deno.test("writing to an account that lies ends in an error", async (context) => {
  for (const { what, size, answer } of WRITES) {
    await context.step(`one that ${what}`, async () => {
      const { store, taken, requests } = account(answer);
      const bytes = new Uint8Array(size);
      const error = await store.put("az://data/x", bytesSource(bytes), { sha256: sha256Of(bytes) })
        .then(() => undefined, (error) => error);
      assert.ok(error instanceof ModelOpsError, Deno.inspect(error));
      assert.ok(taken.bytes <= 64 * MIB, `${taken.bytes} bytes were read`);
      assert.ok(requests() <= 40, `${requests()} requests were made`);
    });
  }
});

const block = (index: number) =>
  `<Block><Name>${btoa(`${index}`.padStart(36))}</Name><Size>4</Size></Block>`;
const list = (blocks: string) =>
  `<BlockList><CommittedBlocks/><UncommittedBlocks>${blocks}</UncommittedBlocks></BlockList>`;

/** Lists of blocks that an account says an earlier upload has left. */
const LISTS: readonly (readonly [string, string, RegExp | undefined])[] = [
  ["100 000 blocks", list(Array.from({ length: 100_000 }, (_, i) => block(i)).join("")), undefined],
  ["no end", "<BlockList>".padEnd(80 * MIB), undefined],
  ["a page", "<html><p>Log in</html>", /is no document of the service \(status 200, PARSE_ERROR\)/],
  ["elements nested deep", "<a>".repeat(12_000), /is no document of the service/],
  ["sizes that are none", list("<Block><Name>AA==</Name><Size>-1e9</Size></Block>"), undefined],
];

for (const [what, text, found] of LISTS) {
  Deno.test(`a list of blocks that has ${what} ${found ? "is told" : "makes all of them be sent"}`, async () => {
    let sent = 0;
    const { store } = account((request) => {
      const { searchParams } = new URL(request.url);
      const comp = searchParams.get("comp") ?? "";
      if (request.method === "GET") {
        return new Response(text, { headers: { "content-type": "application/xml" } });
      }
      if (request.method === "PUT" && comp === "block") sent++;
      return request.method === "HEAD" && sent === 0
        ? new Response(null, { status: 404 })
        : new Response(null, {
          status: request.method === "PUT" ? 201 : 200,
          headers: { "content-length": `${LARGE}` },
        });
    });
    const bytes = new Uint8Array(LARGE);
    const put = store.put("az://data/x", bytesSource(bytes), { sha256: sha256Of(bytes) });
    if (found) await assert.rejects(put, found);
    else {
      await put;
      assert.equal(sent, 5);
    }
  });
}
