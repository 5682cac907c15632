import assert from "node:assert/strict";
import { IntegrityError, NotFoundError, TransferError } from "../../src/core/errors.ts";
import type { ByteRange } from "../../src/core/content/source.ts";
import { readAll } from "../../src/core/streams.ts";
import { anonymousBlob, openVerified } from "../../src/oci/store.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { fail, fakeClient, FakeRegistry } from "../support/fake_registry.ts";

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const BLOB = anonymousBlob(digestBytes(BYTES), BYTES.byteLength);

/** A repository with one blob, behind an intercept that sees only requests for it. */
async function setup(intercept?: (request: Request, count: number) => Response | undefined) {
  let count = 0;
  const registry = new FakeRegistry((request, { url }) =>
    url.pathname.includes("/blobs/") ? intercept?.(request, ++count) : undefined
  );
  await registry.addBlob("a", BYTES);
  const repository = fakeClient(registry.transport, { retry: { stallTime: 20 } })
    .repository("registry.test/a");
  const read = async (range?: ByteRange) =>
    await readAll(await repository.open(BLOB, { range }), 1e6);
  return { registry, repository, read };
}

/** A body that gives some bytes and then breaks, or says nothing more. */
function broken(bytes: Uint8Array, end: "cut" | "stall" | "close" = "cut"): ReadableStream {
  let given = false;
  return new ReadableStream({
    async pull(controller) {
      if (given && end === "stall") await new Promise(() => {});
      else if (given && end === "close") controller.close();
      else if (given) controller.error(new TypeError("connection reset"));
      else controller.enqueue(bytes);
      given = true;
    },
  }, { highWaterMark: 0 });
}

/** An answer to a range request, from the bytes it asks for, broken after `length` bytes. */
function brokenRange(request: Request, length: number): Response {
  const [, first = "0", last = "999"] =
    /bytes=(\d+)-(\d+)/.exec(request.headers.get("Range") ?? "") ?? [];
  const start = Number(first);
  const body = broken(BYTES.slice(start, start + length));
  const headers = { "Content-Range": `bytes ${first}-${last}/1000` };
  return start === 0 ? new Response(body) : new Response(body, { status: 206, headers });
}

Deno.test("open() gives a blob, and ranges of it", async () => {
  const { read, registry } = await setup();
  assert.deepEqual(await read(), BYTES);
  assert.deepEqual(await read({ start: 10, end: 20 }), BYTES.slice(10, 20));
  assert.deepEqual(await read({ start: 990 }), BYTES.slice(990));
  assert.deepEqual(await read({ start: 1000 }), new Uint8Array());
  assert.deepEqual(registry.requests.map(({ headers }) => headers.get("Range")), [
    null,
    "bytes=10-19",
    "bytes=990-999",
  ]);
});

Deno.test("open() gives an empty blob", async () => {
  const { registry, repository } = await setup();
  const empty = await registry.addBlob("a", new Uint8Array());
  assert.deepEqual(await readAll(await repository.open(empty), 1), new Uint8Array());
});

Deno.test("open() of a missing blob fails before the first byte", async () => {
  const { repository } = await setup();
  const other = anonymousBlob(digestBytes(new Uint8Array(1)), 1);
  await assert.rejects(repository.open(other), NotFoundError);
});

Deno.test("a download goes on where the connection was cut, at every tenth", async () => {
  for (let tenth = 0; tenth < 10; tenth++) {
    const { read, registry } = await setup((request, count) =>
      count === 1 ? brokenRange(request, tenth * 100) : undefined
    );
    assert.deepEqual(await read(), BYTES);
    const again = tenth === 0 ? null : `bytes=${tenth * 100}-999`;
    assert.deepEqual(registry.requests.map(({ headers }) => headers.get("Range")), [null, again]);
  }
});

Deno.test("a download survives any number of cuts while bytes come in between", async () => {
  const { read, registry } = await setup((request) => brokenRange(request, 20));
  assert.deepEqual(await read(), BYTES);
  assert.equal(registry.requests.length, 50);
});

Deno.test("a download gives up when no byte comes between the cuts", async () => {
  const { read, registry } = await setup((request, count) =>
    brokenRange(request, count === 1 ? 10 : 0)
  );
  await assert.rejects(read(), (error) => {
    assert(error instanceof TransferError);
    assert.match(error.message, /the connection was cut after 10 of 1000 bytes$/);
    return true;
  });
  assert.equal(registry.requests.length, 5);
});

for (const end of ["stall", "close"] as const) {
  Deno.test(`a download goes on after a connection that ended with a ${end}`, async () => {
    const { read } = await setup((_, count) =>
      count === 1 ? new Response(broken(BYTES.slice(0, 300), end)) : undefined
    );
    assert.deepEqual(await read(), BYTES);
  });
}

Deno.test("a download that is complete does not care how the connection ends", async () => {
  const { read, registry } = await setup(() => new Response(broken(BYTES)));
  assert.deepEqual(await read(), BYTES);
  assert.equal(registry.requests.length, 1);
});

Deno.test("a server that ignores ranges is read from the beginning", async () => {
  const { read } = await setup(() => new Response(BYTES));
  assert.deepEqual(await read({ start: 10, end: 20 }), BYTES.slice(10, 20));
  assert.deepEqual(await read({ start: 999 }), BYTES.slice(999));
});

const partial = (range: string | null, body: BodyInit = BYTES.slice(10, 20)) =>
  new Response(body, { status: 206, headers: range === null ? {} : { "Content-Range": range } });

const WRONG_RANGES: readonly (readonly [string, () => Response])[] = [
  ["another start", () => partial("bytes 11-19/1000")],
  ["an end too far", () => partial("bytes 10-20/1000")],
  ["no range", () => partial(null)],
  ["another unit", () => partial("items 10-19/1000")],
  ["another size", () => partial("bytes 10-19/1001")],
  ["several parts", () => {
    const response = partial(null);
    response.headers.set("Content-Type", "multipart/byteranges; boundary=x");
    return response;
  }],
];

for (const [what, answer] of WRONG_RANGES) {
  Deno.test(`a part with ${what} is refused`, async () => {
    const { read } = await setup(answer);
    await assert.rejects(read({ start: 10, end: 20 }), /Cannot (read|accept) /);
  });
}

Deno.test("a part that nobody asked for is refused", async () => {
  const { read } = await setup(() => partial("bytes 0-999/1000", BYTES));
  await assert.rejects(read(), /answered 206 Partial Content/);
});

Deno.test("a part with all bytes gives only those that were asked for", async () => {
  const { read } = await setup(() => partial("bytes 10-19/*", BYTES.slice(10)));
  assert.deepEqual(await read({ start: 10, end: 20 }), BYTES.slice(10, 20));
});

/** What servers answer that do not go on where they were asked to. */
const REFUSALS: readonly (readonly [string, (range: string) => Response])[] = [
  ["416", () => fail(416, "RANGE_INVALID")],
  ["a part without a range", () => partial(null)],
  ["another range", () => partial("bytes 0-999/1000", BYTES)],
  ["a range of another size", (range) => partial(`bytes ${range}/2000`)],
  ["a range that is no text of one", () => partial("bytes 10-5/x")],
  ["all bytes", () => new Response(BYTES)],
];

for (const [what, refuse] of REFUSALS) {
  Deno.test(`a download starts over when its going on is answered with ${what}`, async () => {
    const { read, registry } = await setup((request, count) => {
      const range = request.headers.get("Range");
      if (count === 1) return brokenRange(request, 10);
      return range === null ? undefined : refuse(range.slice("bytes=".length));
    });
    assert.deepEqual(await read(), BYTES);
    const asked = registry.requests.map(({ headers }) => headers.get("Range"));
    assert.deepEqual(asked.slice(0, 2), [null, "bytes=10-999"]);
    assert.equal(asked.length, what === "all bytes" ? 2 : 3);
  });

  Deno.test(`a download gives up when its going on is always answered with ${what}`, async () => {
    const { read, registry } = await setup((request) => {
      const range = request.headers.get("Range");
      if (range === null) return new Response(broken(BYTES.slice(0, 10)));
      const answer = refuse(range.slice("bytes=".length));
      return answer.status === 200 ? new Response(broken(BYTES.slice(0, 10))) : answer;
    });
    await assert.rejects(read(), TransferError);
    assert.ok(registry.requests.length <= 12, `${registry.requests.length} requests`);
  });
}

Deno.test("a download starts over when the content is another one than before", async () => {
  const tagged = (response: Response, etag: string) => {
    response.headers.set("ETag", etag);
    return response;
  };
  const asked: (string | null)[] = [];
  const { read } = await setup((request, count) => {
    asked.push(request.headers.get("Range"));
    if (count === 1) return tagged(new Response(broken(new Uint8Array(10))), '"old"');
    if (count === 2) return tagged(partial("bytes 10-999/1000", BYTES.slice(10)), '"new"');
    return tagged(new Response(BYTES), '"new"');
  });
  assert.equal((await read()).byteLength, 1000);
  assert.deepEqual(asked, [null, "bytes=10-999", null]);
});

Deno.test("a server that brings a byte an answer is given up", async () => {
  const large = new Uint8Array(1_000_000);
  const { registry, repository } = await setup((request) => {
    const [, first = "0"] = /bytes=(\d+)-/.exec(request.headers.get("Range") ?? "") ?? [];
    const headers = { "Content-Range": `bytes ${first}-999999/1000000` };
    const body = broken(new Uint8Array(1));
    return first === "0" ? new Response(body) : new Response(body, { status: 206, headers });
  });
  const blob = anonymousBlob(digestBytes(large), large.byteLength);
  const stream = await repository.open(blob);
  await assert.rejects(readAll(stream, 2e6), /after \d+ of 1000000 bytes$/);
  assert.ok(registry.requests.length < 200, `${registry.requests.length} requests`);
});

Deno.test("content that something on the way has encoded is refused", async () => {
  const { read } = await setup(() =>
    new Response(BYTES, { headers: { "Content-Encoding": "gzip" } })
  );
  await assert.rejects(read(), /came encoded as "gzip"/);
});

Deno.test("a blob of another size is refused, by its header or by its bytes", async () => {
  const long = new Uint8Array(1001);
  const told = await setup(() => new Response(long, { headers: { "Content-Length": "1001" } }));
  await assert.rejects(told.read(), IntegrityError);
  const untold = await setup(() => new Response(broken(long, "close")));
  await assert.rejects(untold.read(), /got more than 1000 bytes, want 1000/);
});

Deno.test("wrong bytes of the right size are found by whoever verifies", async () => {
  const { repository } = await setup(() => new Response(new Uint8Array(1000)));
  const stream = await openVerified(repository, BLOB);
  await assert.rejects(readAll(stream, 1e6), IntegrityError);
});

Deno.test("a download stops with the signal's reason", async () => {
  const reason = new Error("stop");
  const controller = new AbortController();
  const { repository, registry } = await setup(() =>
    new Response(broken(BYTES.slice(0, 10), "stall"))
  );
  const stream = await repository.open(BLOB, { signal: controller.signal });
  const reader = stream.getReader();
  await reader.read();
  controller.abort(reason);
  await assert.rejects(reader.read(), (error) => error === reason);
  assert.equal(registry.requests.length, 1);
});

Deno.test("a download that is not wanted any more lets its connection go", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(BYTES.slice(0, 1)),
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  const { repository } = await setup(() => new Response(body));
  await (await repository.open(BLOB)).cancel();
  assert(cancelled);
});
