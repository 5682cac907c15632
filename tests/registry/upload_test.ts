import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import {
  AccessDeniedError,
  ConflictError,
  IntegrityError,
  TransferError,
} from "../../src/core/errors.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import type { Retry } from "../../src/core/retry.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import {
  fail,
  fakeClient,
  FakeRegistry,
  type Intercept,
  type Interception,
} from "../support/fake_registry.ts";

const MIB = 1024 * 1024;

function blobOf(size: number) {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1000) bytes[index] = index % 251 + 1;
  return { bytes, blob: anonymousBlob(digestBytes(bytes), size) };
}

const SMALL = blobOf(1000);
const LARGE = blobOf(9 * MIB);

/** Every answer names another place, with a query that has to stay as it is. */
function withState(intercept: Intercept | undefined): Intercept {
  let count = 0;
  return async (request, interception) => {
    const answer = await intercept?.(request, interception) ?? await interception.pass(request);
    const location = answer.headers.get("Location");
    if (answer.status !== 202 || !location?.startsWith("/")) return answer;
    answer.headers.set("Location", `${location}?_state=a%2Fb%20${count++}`);
    return answer;
  };
}

/** A registry behind an interceptor, and what a write to it leads to. */
function setup(intercept?: Intercept) {
  const registry = new FakeRegistry(withState(intercept));
  const repository = fakeClient(registry.transport).repository("registry.test/a");
  const write = ({ bytes, blob }: typeof SMALL, source: BlobSource = bytesSource(bytes)) =>
    repository.write(blob, source);
  /** Methods of the requests after the first look, with the sizes of their bodies. */
  const steps = () => registry.requests.slice(1).map(({ method, size }) => `${method} ${size}`);
  const stored = () => registry.uploaded;
  return { registry, repository, write, steps, stored };
}

/** Answers the first request of a method with `answer`, and no other. */
function once(
  method: string,
  answer: (request: Request, interception: Interception) => Response | Promise<Response>,
): Intercept {
  let done = false;
  return (request, interception) => {
    if (done || request.method !== method) return undefined;
    done = true;
    return answer(request, interception);
  };
}

Deno.test("a blob is sent in one body with its length", async () => {
  const { registry, write, steps, stored } = setup();
  await write(SMALL);
  assert.deepEqual(steps(), ["POST 0", "PUT 1000"]);
  assert.deepEqual(stored(), [SMALL.blob.digest]);
  assert.equal(registry.requests.at(-1)?.headers.get("Content-Length"), "1000");
  assert.equal(registry.requests.at(-1)?.headers.get("Content-Type"), "application/octet-stream");
});

Deno.test("the query of an upload's Location is kept as it is", async () => {
  const { registry, write } = setup();
  await write(SMALL);
  const query = `_state=a%2Fb%200&digest=${encodeURIComponent(SMALL.blob.digest)}`;
  assert(registry.requests.at(-1)?.path.endsWith(`?${query}`));
});

Deno.test("an empty blob is sent", async () => {
  const { write, stored } = setup();
  const empty = blobOf(0);
  await write(empty);
  assert.deepEqual(stored(), [empty.blob.digest]);
});

Deno.test("a blob that is there is not sent, and a look is not repeated", async () => {
  const { registry, repository, write } = setup();
  await write(SMALL);
  registry.requests.length = 0;
  await write(SMALL);
  assert.deepEqual(registry.log, [`HEAD /v2/a/blobs/${SMALL.blob.digest}`]);
  assert.equal(await repository.has(LARGE.blob), false);
  registry.requests.length = 0;
  await write(LARGE);
  assert.deepEqual(registry.requests.map(({ method }) => method), ["POST", "PUT"]);
});

Deno.test("a registry that has the blob at the first request is believed", async () => {
  const { write, steps } = setup(once("POST", () => new Response(null, { status: 201 })));
  await write(SMALL);
  assert.deepEqual(steps(), ["POST 0"]);
});

for (const status of [413, 416]) {
  Deno.test(`a registry that answers ${status} to a large body gets parts from then on`, async () => {
    const { write, steps, stored } = setup((request) =>
      Number(request.headers.get("Content-Length")) > 4 * MIB
        ? fail(status, "SIZE_INVALID")
        : undefined
    );
    await write(LARGE);
    const parts = [`PATCH ${4 * MIB}`, `PATCH ${4 * MIB}`, `PATCH ${MIB}`, "PUT 0"];
    assert.deepEqual(steps(), ["POST 0", "PUT 0", "POST 0", ...parts]);
    await write(blobOf(5 * MIB));
    assert.deepEqual(steps().slice(7), [
      "HEAD 0",
      "POST 0",
      `PATCH ${4 * MIB}`,
      `PATCH ${MIB}`,
      "PUT 0",
    ]);
    assert.equal(stored().length, 2);
  });
}

/** A registry that takes no body with its PUT, and whose answers are edited. */
function partsOnly(edit: (request: Request, response: Response) => Response) {
  return setup(async (request, { pass }) => {
    if (request.method === "PUT" && Number(request.headers.get("Content-Length")) > 0) {
      return fail(413, "SIZE_INVALID");
    }
    return edit(request, await pass(request));
  });
}

Deno.test("parts say where they belong, and are as large as the registry wants", async () => {
  const { registry, repository } = partsOnly((request, response) => {
    if (request.method === "POST") response.headers.set("OCI-Chunk-Min-Length", String(6 * MIB));
    return response;
  });
  await repository.write(LARGE.blob, bytesSource(LARGE.bytes));
  const ranges = registry.requests.filter(({ method }) => method === "PATCH")
    .map(({ headers }) => headers.get("Content-Range"));
  assert.deepEqual(ranges, [`0-${6 * MIB - 1}`, `${6 * MIB}-${9 * MIB - 1}`]);
});

Deno.test("a registry that answers 201 to a part is fed on", async () => {
  const { stored, repository } = partsOnly((request, response) =>
    request.method === "PATCH"
      ? new Response(null, { status: 201, headers: response.headers })
      : response
  );
  await repository.write(LARGE.blob, bytesSource(LARGE.bytes));
  assert.deepEqual(stored(), [LARGE.blob.digest]);
});

/** A registry that takes these bytes for the first body, and then cuts the connection. */
function cutAfter(kept: Uint8Array<ArrayBuffer>) {
  return setup(once("PUT", async ({ url, body }, { pass }) => {
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    if (kept.byteLength > 0) await pass(new Request(url, { method: "PATCH", body: kept }));
    throw new TypeError("connection reset");
  }));
}

Deno.test("an upload goes on where the registry stopped", async () => {
  const { write, steps, stored } = cutAfter(LARGE.bytes.slice(0, 5 * MIB));
  await write(LARGE);
  assert.deepEqual(steps(), ["POST 0", "PUT 0", "GET 0", `PATCH ${4 * MIB}`, "PUT 0"]);
  assert.deepEqual(stored(), [LARGE.blob.digest]);
});

Deno.test("an upload that was complete is only closed", async () => {
  const { write, steps, stored } = cutAfter(LARGE.bytes);
  await write(LARGE);
  assert.deepEqual(steps(), ["POST 0", "PUT 0", "GET 0", "PUT 0"]);
  assert.deepEqual(stored(), [LARGE.blob.digest]);
});

for (const kept of [0, 1]) {
  Deno.test(`an upload begins again when the registry may have kept ${kept} bytes`, async () => {
    const { write, steps, stored } = cutAfter(LARGE.bytes.slice(0, kept));
    await write(LARGE);
    assert.deepEqual(steps(), ["POST 0", "PUT 0", "GET 0", "HEAD 0", "POST 0", `PUT ${9 * MIB}`]);
    assert.deepEqual(stored(), [LARGE.blob.digest]);
  });
}

Deno.test("an upload begins again when its session is gone", async () => {
  const { write, steps, stored } = setup(once("PUT", async ({ url, body }, { pass }) => {
    await body?.cancel();
    await pass(new Request(url, { method: "DELETE" }));
    return fail(404, "BLOB_UPLOAD_INVALID");
  }));
  await write(SMALL);
  assert.deepEqual(steps(), ["POST 0", "PUT 0", "GET 0", "HEAD 0", "POST 0", "PUT 1000"]);
  assert.deepEqual(stored(), [SMALL.blob.digest]);
});

Deno.test("an upload of which only the last answer was lost is not repeated", async () => {
  const { write, steps, stored } = setup(once("PUT", async (request, { pass }) => {
    await pass(request);
    throw new TypeError("connection reset");
  }));
  await write(SMALL);
  assert.deepEqual(steps().slice(-2).map((step) => step.slice(0, 4)), ["GET ", "HEAD"]);
  assert.equal(stored().length, 1);
});

Deno.test("an upload that was resumed at a wrong place is sent again as a whole", async () => {
  const { write, steps, stored } = cutAfter(new Uint8Array(5 * MIB));
  await write(LARGE);
  assert.deepEqual(stored(), [LARGE.blob.digest]);
  assert.deepEqual(steps().slice(-2), ["POST 0", `PUT ${9 * MIB}`]);
});

Deno.test("an upload gives up when nothing is kept again and again", async () => {
  const { write, registry } = setup((request) => {
    if (request.method !== "PUT") return undefined;
    void request.body?.cancel();
    throw new TypeError("connection reset");
  });
  await assert.rejects(write(LARGE), TransferError);
  assert.equal(registry.requests.filter(({ method }) => method === "PUT").length, 5);
});

for (const status of [400, 403, 405, 409, 507]) {
  Deno.test(`an upload fails at once with ${status}`, async () => {
    const { write, registry } = setup((request) =>
      request.method === "PUT" ? fail(status, "DENIED") : undefined
    );
    await assert.rejects(write(SMALL), /answered/);
    assert.equal(registry.requests.filter(({ method }) => method === "PUT").length, 1);
  });
}

Deno.test("an upload without permission fails before a byte is sent", async () => {
  const { write, steps } = setup((request) =>
    request.method === "POST" ? fail(403, "DENIED") : undefined
  );
  await assert.rejects(write(SMALL), AccessDeniedError);
  assert.deepEqual(steps(), ["POST 0"]);
});

Deno.test("wrong bytes are refused, and the registry is told to forget them", async () => {
  const { registry, write, stored } = setup();
  await assert.rejects(write(SMALL, bytesSource(new Uint8Array(1000))), IntegrityError);
  assert.deepEqual(stored(), []);
  assert.deepEqual(await registry.unfinishedUploads(), []);
});

for (const size of [999, 1001]) {
  Deno.test(`a source of ${size} bytes instead of 1000 is refused`, async () => {
    const { registry, write, stored } = setup();
    const source = { ...bytesSource(new Uint8Array(size)), size: 1000 };
    const lying = { size: 1000, open: () => source.open() };
    await assert.rejects(write(SMALL, lying), IntegrityError);
    assert.deepEqual(stored(), []);
    assert.deepEqual(await registry.unfinishedUploads(), []);
  });
}

for (const content of [SMALL, LARGE]) {
  Deno.test(`a source of ${content.blob.size} bytes that fails is not taken for the network`, async () => {
    const { registry, write, stored } = setup();
    const failure = new ConflictError("Cannot read: it changed");
    const source = { size: content.blob.size, open: () => Promise.reject(failure) };
    await assert.rejects(write(content, source), (error) => error === failure);
    assert.equal(registry.requests.filter(({ method }) => method === "POST").length, 1);
    assert.deepEqual(stored(), []);
    assert.deepEqual(await registry.unfinishedUploads(), []);
  });
}

Deno.test("an upload stops with the signal's reason", async () => {
  const reason = new Error("stop");
  const controller = new AbortController();
  const { registry, repository } = setup((request) => {
    if (request.method === "PUT") controller.abort(reason);
    return undefined;
  });
  const { signal } = controller;
  const writing = repository.write(SMALL.blob, bytesSource(SMALL.bytes), { signal });
  await assert.rejects(writing, (error) => error === reason);
  assert.deepEqual(registry.uploaded, []);
});

const located = (location: string | null) => (request: Request) =>
  request.method === "POST"
    ? new Response(null, { status: 202, headers: location === null ? {} : { Location: location } })
    : undefined;

const BAD_LOCATIONS: readonly (readonly [string | null, RegExp])[] = [
  [null, /does not say where/],
  ["", /does not say where/],
  ["http://registry.test/v2/a/blobs/uploads/u1", /without TLS/],
  ["https://10.0.0.1/upload", /private network/],
  ["https://[::1]/upload", /private network/],
  ["https://user:secret@registry.test/upload", /user name/],
  ["ftp://registry.test/upload", /scheme/],
];

for (const [location, reason] of BAD_LOCATIONS) {
  Deno.test(`nothing is sent to the Location ${location}`, async () => {
    const { write, steps } = setup(located(location));
    await assert.rejects(write(SMALL), reason);
    assert.deepEqual(steps(), ["POST 0"]);
  });
}

Deno.test("an upload to another host carries no credentials", async () => {
  const seen: Request[] = [];
  const credentials = { find: () => Promise.resolve({ username: "ann", password: "secret" }) };
  const client = fakeClient(async (request) => {
    await request.text();
    seen.push(request);
    const { host } = new URL(request.url);
    if (host === "store.test") return new Response(null, { status: 201 });
    if (!request.headers.has("Authorization")) {
      return new Response(null, { status: 401, headers: { "WWW-Authenticate": "Basic" } });
    }
    if (request.method === "HEAD") return new Response(null, { status: 404 });
    return new Response(null, { status: 202, headers: { Location: "https://store.test/u?sig=1" } });
  }, { credentials });
  await client.repository("registry.test/a").write(SMALL.blob, bytesSource(SMALL.bytes));
  const last = seen.at(-1)!;
  assert.equal(
    last.url,
    `https://store.test/u?sig=1&digest=${encodeURIComponent(SMALL.blob.digest)}`,
  );
  assert.equal(last.headers.get("Authorization"), null);
});

for (const asked of ["0", "0.0", "soon", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"]) {
  Deno.test(`a body is not sent again at once, though the registry asks for ${asked}`, async () => {
    const waits: number[] = [];
    const retry = { firstWait: 5, onRetry: ({ wait }: Retry) => void waits.push(wait) };
    const registry = new FakeRegistry(withState(once("PUT", async (request) => {
      await request.text();
      return new Response(null, { status: 429, headers: { "Retry-After": asked } });
    })));
    const repository = fakeClient(registry.transport, { retry }).repository("registry.test/a");
    await repository.write(SMALL.blob, bytesSource(SMALL.bytes));
    assert.deepEqual(waits, [5]);
    assert.deepEqual(registry.uploaded, [SMALL.blob.digest]);
  });
}

Deno.test("a registry that stores a blob under another digest is not believed", async () => {
  const { write } = setup(once("PUT", async (request) => {
    await request.text();
    return new Response(null, { status: 201, headers: { "Docker-Content-Digest": "sha256:0" } });
  }));
  await assert.rejects(write(SMALL), IntegrityError);
});

Deno.test("a registry may name a blob by an algorithm of its own", async () => {
  const told = { "Docker-Content-Digest": `sha512:${"0".repeat(128)}` };
  const { write } = setup(once("PUT", async (request) => {
    await request.text();
    return new Response(null, { status: 201, headers: told });
  }));
  await write(SMALL);
});

Deno.test("a token that runs out while a large body is on its way is renewed", async () => {
  const registry = new FakeRegistry();
  let tokens = 0;
  let valid = "";
  let expired = false;
  const client = fakeClient(async (request) => {
    if (request.url.startsWith("https://auth.test/")) {
      valid = `t${++tokens}`;
      return Response.json({ token: valid });
    }
    if (request.method === "PUT" && !expired) {
      expired = true;
      valid = "none";
    }
    if (request.headers.get("Authorization") === `Bearer ${valid}`) {
      return await registry.transport(request);
    }
    await request.body?.cancel();
    const challenge = 'Bearer realm="https://auth.test/"';
    return new Response(null, { status: 401, headers: { "WWW-Authenticate": challenge } });
  });
  await client.repository("registry.test/a").write(LARGE.blob, bytesSource(LARGE.bytes));
  assert.deepEqual(registry.uploaded, [LARGE.blob.digest]);
});
