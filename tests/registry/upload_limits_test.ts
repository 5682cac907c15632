/**
 * What a registry turns out not to do with uploads: found out, bounded, and not asked for again.
 */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { AccessDeniedError, ModelOpsError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";

const MIB = 1024 * 1024;
const BYTES = Uint8Array.from({ length: 6 * MIB }, (_, index) => index * 7 + (index >> 10));
const BLOB = anonymousBlob(digestBytes(BYTES), BYTES.byteLength);
const SMALL = anonymousBlob(digestBytes(BYTES.slice(0, 100)), 100);

/** A registry behind an interceptor, and writes to it. */
function setup(intercept: Intercept) {
  const registry = new FakeRegistry(intercept);
  const repository = fakeClient(registry.transport).repository("registry.test/a");
  const write = () => repository.write(BLOB, bytesSource(BYTES));
  const count = (method: string) =>
    registry.requests.filter((request) => request.method === method).length;
  return { registry, repository, write, count };
}

const isUpload = (request: Request) => request.url.includes("/blobs/uploads/");

/** Registries whose uploads never end, each in a way of its own. */
const ENDLESS: Readonly<Record<string, Intercept>> = {
  "refuses the end of parts": (request) => {
    const length = Number(request.headers.get("Content-Length"));
    if (request.method !== "PUT") return undefined;
    return length > 0 ? fail(413, "SIZE_INVALID") : fail(404, "BLOB_UPLOAD_UNKNOWN");
  },
  "fails at the end of parts": (request) => {
    const length = Number(request.headers.get("Content-Length"));
    if (request.method !== "PUT") return undefined;
    return length > 0 ? fail(413, "SIZE_INVALID") : fail(503, "UNAVAILABLE");
  },
  "claims ever more of what was never sent": claiming((count) => count * 1000),
  "claims all of it and refuses the end": async (request, { pass }) => {
    if (request.method === "GET" && isUpload(request)) {
      return new Response(null, { status: 204, headers: { Range: `0-${BYTES.byteLength - 1}` } });
    }
    if (request.method !== "PUT" && request.method !== "PATCH") return await pass(request);
    await request.text();
    return fail(500, "UNKNOWN");
  },
  "claims a byte more with each loss": claiming((count) => count),
  "wants the parts elsewhere again and again": (request) =>
    request.method === "PUT" || request.method === "PATCH"
      ? fail(416, "BLOB_UPLOAD_INVALID")
      : undefined,
  "refuses every size": (request) =>
    request.method === "PUT" || request.method === "PATCH" ? fail(413, "SIZE_INVALID") : undefined,
  "wants larger parts than it takes": async (request, { pass }) => {
    if (request.method === "PUT" || request.method === "PATCH") return fail(413, "SIZE_INVALID");
    const response = await pass(request);
    if (request.method === "POST") response.headers.set("OCI-Chunk-Min-Length", String(64 * MIB));
    return response;
  },
  "takes neither parts nor the whole": ({ method }) =>
    method === "PATCH"
      ? fail(405, "UNSUPPORTED")
      : method === "PUT"
      ? fail(413, "SIZE_INVALID")
      : undefined,
  "sends in a circle": (request) =>
    request.method === "PUT"
      ? new Response(null, { status: 307, headers: { Location: request.url } })
      : undefined,
};

/** Takes bodies, fails, and says how much it has kept after the failure of that number. */
function claiming(kept: (count: number) => number): Intercept {
  let losses = 0;
  return async (request) => {
    if (!isUpload(request)) return undefined;
    if (request.method === "GET") {
      return new Response(null, { status: 204, headers: { Range: `0-${kept(losses)}` } });
    }
    if (request.method !== "PUT" && request.method !== "PATCH") return undefined;
    await request.body?.getReader().read();
    losses++;
    throw new TypeError("connection reset");
  };
}

for (const [what, intercept] of Object.entries(ENDLESS)) {
  Deno.test(`an upload ends when the registry ${what}`, async () => {
    const { registry, write } = setup(intercept);
    await assert.rejects(write(), ModelOpsError);
    assert.ok(registry.requests.length <= 60, `${registry.requests.length} requests`);
    const sent = registry.requests.reduce((sum, { size }) => sum + size, 0);
    assert.ok(sent <= 6 * BYTES.byteLength, `${sent} bytes`);
  });
}

Deno.test("bodies become smaller until they are taken, and stay so", async () => {
  const { registry, repository, write } = setup((request) =>
    Number(request.headers.get("Content-Length")) > MIB ? fail(413, "SIZE_INVALID") : undefined
  );
  await write();
  const sizes = registry.requests.filter(({ method }) => method === "PATCH")
    .map(({ headers }) => Number(headers.get("Content-Length")));
  assert.deepEqual(sizes, [4 * MIB, MIB, MIB, MIB, MIB, MIB, MIB]);
  registry.requests.length = 0;
  const other = BYTES.slice(1);
  await repository.write(
    anonymousBlob(digestBytes(other), other.byteLength),
    bytesSource(other),
  );
  assert.deepEqual(registry.requests.map(({ method }) => method), [
    "HEAD",
    "POST",
    ...Array(6).fill("PATCH"),
    "PUT",
  ]);
});

for (const status of [405, 501]) {
  Deno.test(`a registry that knows no HEAD of blobs (${status}) is asked with GET, once for all`, async () => {
    const { registry, repository, write } = setup((request) =>
      request.method === "HEAD" ? fail(status, "UNSUPPORTED") : undefined
    );
    await write();
    assert.equal((await repository.stat(BLOB.digest)).size, BLOB.size);
    assert.equal(await repository.has(SMALL), false);
    assert.deepEqual(registry.requests.map(({ method }) => method), [
      "HEAD",
      "GET",
      "POST",
      "PUT",
      "GET",
      "GET",
    ]);
  });
}

Deno.test("a registry that cannot be asked about blobs is sent them", async () => {
  const { registry, write } = setup((request) =>
    request.method === "HEAD" || request.method === "GET" ? fail(405, "UNSUPPORTED") : undefined
  );
  await write();
  assert.deepEqual(registry.uploaded, [BLOB.digest]);
});

Deno.test("a registry that takes no parts gets the whole blob again", async () => {
  let cut = false;
  const { registry, write } = setup(async (request, { pass, url }) => {
    if (request.method === "PATCH") return fail(405, "UNSUPPORTED");
    if (request.method !== "PUT" || cut) return undefined;
    cut = true;
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await pass(new Request(url, { method: "PATCH", body: BYTES.slice(0, 2 * MIB) }));
    throw new TypeError("connection reset");
  });
  await write();
  assert.deepEqual(registry.uploaded, [BLOB.digest]);
});

/** Locations by which a registry may name one and the same upload. */
const LOCATIONS: Readonly<Record<string, (id: string) => string>> = {
  "the host": (id) => `/v2/a/blobs/uploads/${id}`,
  "the path of the request": (id) => id,
  "the path of the request, with a dot": (id) => `./${id}`,
  "a folder above": (id) => `../uploads/${id}`,
  "nothing": (id) => `https://registry.test/v2/a/blobs/uploads/${id}`,
  "the scheme": (id) => `//registry.test/v2/a/blobs/uploads/${id}`,
};

for (const [what, location] of Object.entries(LOCATIONS)) {
  Deno.test(`the Location of an upload may be relative to ${what}`, async () => {
    const { registry, write } = setup(async (request, { pass }) => {
      const response = await pass(request);
      const id = response.headers.get("Location")?.split("/").at(-1);
      if (response.status === 202 && id) response.headers.set("Location", location(id));
      return response;
    });
    await write();
    assert.deepEqual(registry.uploaded, [BLOB.digest]);
  });
}

for (const status of [307, 308]) {
  for (const method of ["POST", "PUT", "PATCH"]) {
    Deno.test(`${status} sends the ${method} of an upload on, with its body`, async () => {
      let moved = 0;
      const { registry, write } = setup((request, { url }) => {
        const length = Number(request.headers.get("Content-Length"));
        if (method === "PATCH" && request.method === "PUT" && length > 0) {
          return fail(413, "SIZE_INVALID");
        }
        if (request.method !== method || url.search.includes("moved")) return undefined;
        moved++;
        url.searchParams.set("moved", "1");
        return new Response(null, { status, headers: { Location: url.href } });
      });
      await write();
      assert.ok(moved > 0);
      assert.deepEqual(registry.uploaded, [BLOB.digest]);
    });
  }
}

Deno.test("an upload that is sent on to another host carries no credentials there", async () => {
  const find = () => Promise.resolve({ username: "ann", password: "secret" });
  const seen: (string | null)[] = [];
  const registry = new FakeRegistry((request, { url }) => {
    const shown = request.headers.get("Authorization");
    if (url.host === "store.test") {
      seen.push(shown);
      return new Response(null, { status: 201 });
    }
    const headers = { "WWW-Authenticate": "Basic", "Location": "https://store.test/u?sig=1" };
    if (shown === null) return new Response(null, { status: 401, headers });
    return request.method === "PUT" ? new Response(null, { status: 307, headers }) : undefined;
  });
  const client = fakeClient(registry.transport, { credentials: { find } });
  await client.repository("registry.test/a").write(BLOB, bytesSource(BYTES));
  assert.deepEqual(seen, [null]);
});

const BAD_TARGETS: readonly (readonly [string | null, RegExp])[] = [
  [null, /does not say where/],
  ["http://registry.test/elsewhere", /without TLS/],
  ["https://10.0.0.1/upload", /private network/],
  ["https://user:secret@registry.test/upload", /user name/],
];

for (const [location, reason] of BAD_TARGETS) {
  Deno.test(`a body is not sent on to ${location}`, async () => {
    const { write } = setup((request) =>
      request.method === "PUT"
        ? new Response(null, { status: 308, headers: location ? { Location: location } : {} })
        : undefined
    );
    await assert.rejects(write(), reason);
  });
}

Deno.test("a refusal of another host is not taken for the registry's", async () => {
  const { write } = setup((request, { url }) => {
    if (url.host === "store.test") return fail(403, "DENIED");
    return request.method === "PUT"
      ? new Response(null, { status: 307, headers: { Location: "https://store.test/u" } })
      : undefined;
  });
  await assert.rejects(write(), (error) => {
    assert.ok(error instanceof AccessDeniedError);
    assert.match(error.message, /store\.test/);
    return true;
  });
});
