import assert from "node:assert/strict";
import { wrapped } from "../../src/oci/wrapped.ts";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import {
  AccessDeniedError,
  ConflictError,
  IntegrityError,
  TransferError,
  UnsupportedError,
} from "../../src/core/errors.ts";
import type { Log } from "../../src/core/operation.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog, memoryStore } from "../../src/oci/memory_store.ts";
import type { Catalog, ContentStore } from "../../src/oci/store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import {
  assertFault,
  header,
  json,
  RegistryClient,
  sampleArtifact,
  utf8,
} from "../conformance/distribution_client.ts";

const UNKNOWN = `sha256:${"0".repeat(64)}`;

function basic(credentials: string) {
  return { headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

/** A catalog whose stores do one thing in another way. */
function catalogWith(change: (store: ContentStore) => Partial<ContentStore>): Catalog {
  const catalog = memoryCatalog();
  return {
    repositories: () => catalog.repositories(),
    repository(name) {
      const store = catalog.repository(name);
      return wrapped(store, change(store));
    },
  };
}

Deno.test("a read-only registry serves everything and takes nothing", async () => {
  const catalog = memoryCatalog();
  const digest = await new RegistryClient(createRegistryHandler(catalog)).push("demo", "v1");
  const client = new RegistryClient(createRegistryHandler(catalog, { readOnly: true }));
  for (const path of ["manifests/v1", "tags/list", `blobs/${digestBytes(utf8("{}"))}`]) {
    assert.equal((await client.send("GET", `/v2/demo/${path}`)).status, 200);
  }
  const writes = [
    ["PUT", "manifests/v2", "GET, HEAD"],
    ["DELETE", "manifests/v1", "GET, HEAD"],
    ["DELETE", `blobs/${digest}`, "GET, HEAD"],
    ["POST", "blobs/uploads/", ""],
    ["PATCH", "blobs/uploads/id", "GET, HEAD"],
    ["PUT", "blobs/uploads/id", "GET, HEAD"],
    ["DELETE", "blobs/uploads/id", "GET, HEAD"],
  ] as const;
  for (const [method, path, allow] of writes) {
    const answer = await client.send(method, `/v2/demo/${path}`);
    assertFault(answer, 405, "UNSUPPORTED");
    assert.equal(json(answer).errors[0].message, "This registry is read-only");
    assert.equal(header(answer, "allow"), allow);
  }
});

Deno.test("a registry takes documents whose content is not all here only where it is sparse", async () => {
  const missing = { digest: digestBytes(utf8("missing")), size: 7 };
  const OCI = "application/vnd.oci.image.manifest.v1+json";
  const INDEX = "application/vnd.oci.image.index.v1+json";
  const part = { mediaType: "text/plain", ...missing };
  const documents: readonly (readonly [mediaType: string, parts: object])[] = [
    [INDEX, { manifests: [{ mediaType: OCI, ...missing }] }],
    [OCI, { config: part, layers: [] }],
    [OCI, { config: part, layers: [part, part] }],
    [INDEX, { manifests: [{ mediaType: INDEX, ...missing }, { mediaType: OCI, ...missing }] }],
  ];
  const [strict, sparse] = [false, true].map((sparse) =>
    new RegistryClient(createRegistryHandler(memoryCatalog(), { sparse }))
  );
  for (const [mediaType, parts] of documents) {
    const body = utf8(JSON.stringify({ schemaVersion: 2, mediaType, ...parts }));
    const sent = { headers: { "content-type": mediaType }, body };
    assertFault(
      await strict!.send("PUT", "/v2/demo/manifests/v1", sent),
      400,
      "MANIFEST_BLOB_UNKNOWN",
    );
    assert.equal((await sparse!.send("PUT", "/v2/demo/manifests/v1", sent)).status, 201);
    const answer = await sparse!.send("GET", "/v2/demo/manifests/v1");
    assert.deepEqual([answer.status, digestBytes(answer.bytes)], [200, digestBytes(body)]);
  }
});

Deno.test("a registry with passwords lets nobody in without one", async () => {
  const authenticate = async (username: string, password: string) =>
    username === "ada" && password === "s3:ürét";
  const client = new RegistryClient(createRegistryHandler(memoryCatalog(), { authenticate }));
  const strangers = [
    {},
    basic("ada:wrong"),
    basic("bob:s3:ürét"),
    basic("ada"),
    basic(""),
    { headers: { authorization: "Basic" } },
    { headers: { authorization: "Basic %%%" } },
    { headers: { authorization: "Bearer abc" } },
  ];
  for (const parts of strangers) {
    for (const path of ["/v2/", "/v2/_catalog", "/v2/demo/manifests/v1", "/elsewhere"]) {
      const answer = await client.send("GET", path, parts);
      assertFault(answer, 401, "UNAUTHORIZED");
      assert.equal(header(answer, "www-authenticate"), 'Basic realm="modelops"');
      assert.equal(header(answer, "docker-distribution-api-version"), "registry/2.0");
    }
  }
  assert.equal((await client.send("GET", "/v2/", basic("ada:s3:ürét"))).status, 200);
});

Deno.test("a page of another site is refused", async () => {
  const client = new RegistryClient(createRegistryHandler(memoryCatalog()));
  for (
    const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      { origin: "http://registry.test:8080" },
      { origin: "https://registry.test.evil.example" },
      { origin: "null" },
      { origin: "" },
    ] as Record<string, string>[]
  ) {
    const answer = await client.send("POST", "/v2/demo/blobs/uploads/", { headers });
    assertFault(answer, 403, "DENIED");
  }
  for (const origin of ["http://registry.test", "https://registry.test"]) {
    const own = { headers: { origin, "sec-fetch-site": "same-origin" } };
    assert.equal((await client.send("GET", "/v2/", own)).status, 200);
  }
});

Deno.test("a registry without file descriptors asks clients to come again", async () => {
  for (const code of ["EMFILE", "ENFILE"]) {
    const full = Object.assign(new Error(`${code}: too many open files`), { code });
    const error = new TransferError("Cannot read the store", { cause: full });
    const catalog = catalogWith(() => ({ resolve: () => Promise.reject(error) }));
    const client = new RegistryClient(createRegistryHandler(catalog));
    const answer = await client.send("GET", "/v2/demo/manifests/v1");
    assertFault(answer, 503, "TOOMANYREQUESTS");
    assert.equal(header(answer, "retry-after"), "1");
  }
});

Deno.test("a store's failure is answered by its kind, logged, and shows no path", async () => {
  const full = Object.assign(new Error("ENOSPC: /secret/store"), { code: "ENOSPC" });
  const options = { path: "/secret/store" };
  const rows: [Error, number, string][] = [
    [new TransferError("Cannot write /secret/store", { ...options, cause: full }), 507, "UNKNOWN"],
    [new TransferError("Cannot write /secret/store", options), 500, "UNKNOWN"],
    [new IntegrityError("Cannot accept /secret/store", options), 500, "UNKNOWN"],
    [new AccessDeniedError("Cannot open /secret/store", options), 403, "DENIED"],
    [new UnsupportedError("Cannot use /secret/store", options), 400, "UNSUPPORTED"],
    [new ConflictError("Cannot lock /secret/store", options), 409, "UNKNOWN"],
    [new TypeError("/secret/store"), 500, "UNKNOWN"],
  ];
  for (const [error, status, code] of rows) {
    const logged: string[] = [];
    const log: Log = (level, _message, properties) => {
      if (properties?.error instanceof Error) logged.push(`${level} ${properties.error.message}`);
    };
    const catalog = catalogWith(() => ({ resolve: () => Promise.reject(error) }));
    const client = new RegistryClient(createRegistryHandler(catalog, { log }));
    const answer = await client.send("GET", "/v2/demo/manifests/v1");
    assertFault(answer, status, code);
    assert.doesNotMatch(new TextDecoder().decode(answer.bytes), /secret/);
    assert.deepEqual(logged, status >= 500 ? [`error ${error.message}`] : []);
  }
});

Deno.test("what is here is told, also where the disk cannot note that it was", async () => {
  for (
    const [code, status] of [["EROFS", 200], ["ENOSPC", 200], ["EDQUOT", 200], [
      "EIO",
      500,
    ]] as const
  ) {
    const descriptor = describeBytes(MediaType.imageManifest, sampleArtifact().manifest);
    const cause = Object.assign(new Error(), { code });
    const catalog = catalogWith(() => ({
      resolve: () => Promise.resolve(descriptor),
      capabilities: {
        stat: () => Promise.resolve(descriptor),
        promise: () => Promise.reject(new TransferError("Cannot write /secret/store", { cause })),
      },
    }));
    const warned: string[] = [];
    const log: Log = (level) => void (level === "warning" && warned.push(level));
    const client = new RegistryClient(createRegistryHandler(catalog, { log }));
    for (const kind of ["manifests", "blobs"]) {
      const answer = await client.send("HEAD", `/v2/demo/${kind}/${descriptor.digest}`);
      assert.equal(answer.status, status, code);
    }
    assert.equal(warned.length, status === 200 ? 2 : 0);
  }
});

Deno.test("what the disk refuses to keep is answered with 507, which nobody tries again", async () => {
  for (
    const [error, message] of [
      [{ code: "ENOSPC" }, "The registry has no space left"],
      [{ code: "EDQUOT" }, "The registry has no space left"],
      [{ message: "Disk quota exceeded (os error 122)" }, "The registry has no space left"],
      [
        { message: "File too large (os error 27): writefile '/secret'" },
        "The registry may not write files of that size",
      ],
      [{ code: "EFBIG" }, "The registry may not write files of that size"],
      [{ code: "EROFS" }, "The registry's disk is read-only"],
      [{ code: "EACCES" }, "The registry lacks permissions on its disk"],
    ] as const
  ) {
    const cause = Object.assign(new Error(), error);
    const first = new TransferError("Cannot write /secret/store", { cause });
    // What is disposed of fails on such a disk as well.
    const failure = new SuppressedError(new TypeError("/secret/lock"), first);
    const catalog = catalogWith(() => ({ resolve: () => Promise.reject(failure) }));
    const client = new RegistryClient(createRegistryHandler(catalog));
    const answer = await client.send("GET", "/v2/demo/manifests/v1");
    assertFault(answer, 507, "UNKNOWN");
    assert.equal(JSON.parse(new TextDecoder().decode(answer.bytes)).errors[0].message, message);
  }
});

Deno.test("a damaged manifest is an error of the server, not a manifest", async () => {
  const catalog = catalogWith((store) => ({
    open: (descriptor) => store.open({ ...descriptor, digest: digestBytes(utf8("{}")) }),
  }));
  const client = new RegistryClient(createRegistryHandler(catalog));
  await client.push("demo", "v1");
  assertFault(await client.send("GET", "/v2/demo/manifests/v1"), 500, "UNKNOWN");
});

Deno.test("a stopping registry answers 503", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const client = new RegistryClient(createRegistryHandler(memoryCatalog(), { signal }));
  const digest = await client.pushBlob("demo", utf8("{}"));
  controller.abort();
  assertFault(await client.send("GET", `/v2/demo/blobs/${digest}`), 503, "UNKNOWN");
});

Deno.test("a store that only reads and writes serves pulls, and refuses the rest", async () => {
  const store = memoryStore("demo");
  const plain = wrapped(store, { capabilities: {} });
  const catalog: Catalog = { repository: () => plain, repositories: async function* () {} };
  const client = new RegistryClient(createRegistryHandler(catalog));
  const bytes = utf8("{}");
  const digest = digestBytes(bytes);
  const blob = { mediaType: "application/octet-stream", digest, size: bytes.byteLength };
  await store.write(blob, { size: 2, open: async () => new Blob([bytes]).stream() });
  const answer = await client.send("GET", `/v2/demo/blobs/${digest}`);
  assert.deepEqual(answer.bytes, bytes);
  const refused = [
    ["POST", "blobs/uploads/", 405],
    ["POST", `blobs/uploads/?mount=${digest}&from=demo`, 405],
    ["PATCH", "blobs/uploads/id", 405],
    ["DELETE", "manifests/v1", 405],
    ["DELETE", `blobs/${digest}`, 405],
    ["GET", `referrers/${digest}`, 404],
  ] as const;
  for (const [method, path, status] of refused) {
    assertFault(await client.send(method, `/v2/demo/${path}`), status, "UNSUPPORTED");
  }
});

Deno.test("whatever is asked gets an answer below 500", async () => {
  const handle = createRegistryHandler(memoryCatalog());
  const { manifest } = sampleArtifact();
  const word = fc.oneof(
    fc.constantFrom("v2", "blobs", "uploads", "manifests", "tags", "list", "referrers", "_catalog"),
    fc.constantFrom("", ".", "..", "%2e%2e", "%2F", "%", "a", "localhost:5000", UNKNOWN),
    fc.string({ unit: "binary" }),
  );
  const query = fc.dictionary(
    fc.constantFrom("digest", "mount", "from", "n", "last", "artifactType"),
    fc.oneof(fc.string(), fc.constantFrom(UNKNOWN, "a", "0")),
  );
  const headerValue = fc.oneof(
    fc.constantFrom("0-3", "bytes=0-", "5"),
    fc.stringMatching(/^[ -~]*$/),
  );
  const headers = fc.dictionary(
    fc.constantFrom("range", "content-range", "content-type", "if-none-match", "authorization"),
    headerValue,
  );
  const method = fc.constantFrom("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "X");
  const bodies = fc.constantFrom(undefined, "{}", "[[[[", manifest);
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 7 }),
      fc.record({ query, headers, method, body: bodies }),
      async (words, { query, headers, method, body }) => {
        const url = `http://registry.test/v2/${words.join("/")}?${new URLSearchParams(query)}`;
        if (!URL.canParse(url)) return;
        const withBody = body !== undefined && method !== "GET" && method !== "HEAD";
        const init = { method, headers, ...(withBody ? { body } : {}) };
        const response = await handle(new Request(url, init));
        await response.body?.cancel();
        assert.ok(response.status < 500, `${method} ${url}: ${response.status}`);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("an answer repeats nothing of the path", async () => {
  const client = new RegistryClient(createRegistryHandler(memoryCatalog()));
  for (const path of ["/v2/<script>/tags/list", "/v2/a/manifests/<script>", "/<script>"]) {
    const answer = await client.send("GET", path);
    assert.ok(answer.status >= 400);
    assert.doesNotMatch(new TextDecoder().decode(answer.bytes), /script/);
    assert.equal(header(answer, "x-content-type-options"), "nosniff");
  }
});

Deno.test("a registry on loopback answers only who names it so", async () => {
  const handle = createRegistryHandler(memoryCatalog(), { loopbackOnly: true });
  for (const host of ["localhost:5000", "127.0.0.1", "[::1]:5000"]) {
    assert.equal((await handle(new Request(`http://${host}/v2/`))).status, 200, host);
  }
  for (const host of ["evil.example", "10.0.0.1:5000", "localhost.evil.example"]) {
    assert.equal((await handle(new Request(`http://${host}/v2/`))).status, 403, host);
  }
});
