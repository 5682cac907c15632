import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { KnownRegistries, type RegistryLimits } from "../../src/registry/known_registries.ts";
import { OpenUploads } from "../../src/registry/open_uploads.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const DAY = 24 * 3600 * 1000;

Deno.test("what was learned of a registry is known to the next run, for a week", async () => {
  await using folder = await tempFolder();
  const path = folder.join("cache/registries.json");
  const learned = {
    ...{ largestBody: 256 * 1024, leastPart: 1000, wholeOnly: true, noHead: true },
    keeps: "parts",
  } as const;
  await new KnownRegistries(path, () => 1000).remember("a.test", learned);
  const at = (now: number) => new KnownRegistries(path, () => now).limits("a.test");
  assert.deepEqual(await at(1001), learned);
  assert.deepEqual(await at(6 * DAY), learned);
  assert.deepEqual(await at(8 * DAY), {});
  assert.deepEqual(await at(0), {}, "what was learned in the future is not trusted");
  assert.deepEqual(await new KnownRegistries(path, () => 1001).limits("b.test"), {});
});

Deno.test("the memory of registries is the user's alone", async () => {
  await using folder = await tempFolder();
  const path = folder.join("cache/registries.json");
  await new KnownRegistries(path).remember("a.test", { noHead: true });
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(folder.join("cache"))).mode! & 0o777, 0o700);
});

Deno.test("the memory of registries is bounded: the oldest are forgotten", async () => {
  await using folder = await tempFolder();
  const path = folder.join("registries.json");
  for (let index = 0; index < 205; index++) {
    await new KnownRegistries(path).remember(`r${index}.test`, { noHead: true });
  }
  const known = new KnownRegistries(path);
  assert.deepEqual(await known.limits("r0.test"), {});
  assert.deepEqual(await known.limits("r204.test"), { noHead: true });
});

const DAMAGED: readonly string[] = [
  "",
  "{",
  "[]",
  "null",
  '{"a.test":null}',
  '{"a.test":{"at":1}}',
  '{"a.test":{"limits":{"noHead":true}}}',
  '{"a.test":{"at":"1","limits":{"noHead":true}}}',
  `{"a.test":{"at":1,"limits":{"largestBody":-1,"keeps":"all","wholeOnly":1,"noHead":"yes"}}}`,
  `{"a.test":{"at":1,"limits":{"largestBody":1e300,"leastPart":0.5}}}`,
  // A blob in pieces of so few bytes would take for ever.
  `{"a.test":{"at":1,"limits":{"largestBody":1,"leastPart":"8"}}}`,
  `{"a.test":{"at":1,"limits":{"noHead":true}},"b":"${"x".repeat(300_000)}"}`,
];

for (const text of DAMAGED) {
  Deno.test(`a damaged memory of registries is none: ${text.slice(0, 70)}`, async () => {
    await using folder = await tempFolder();
    const path = await folder.write("registries.json", text);
    const known = new KnownRegistries(path, () => 2);
    assert.deepEqual(await known.limits("a.test"), {});
    await known.remember("a.test", { wholeOnly: true });
    assert.deepEqual(await known.limits("a.test"), { wholeOnly: true });
  });
}

Deno.test("whatever the memory of registries holds, it is read", async () => {
  await using folder = await tempFolder();
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
      const path = await folder.write("registries.json", text);
      assert.equal(typeof await new KnownRegistries(path).limits("a.test"), "object");
    }),
    { numRuns: 200 },
  );
});

const BYTES = new Uint8Array(6 * 1024 * 1024).fill(7);
const BLOB = anonymousBlob(digestBytes(BYTES), BYTES.byteLength);

/** Writes a blob with a client of its own to a registry that takes 4 MiB at once. */
async function methodsOf(cacheFolder: string | undefined): Promise<string[]> {
  const registry = new FakeRegistry((request) =>
    Number(request.headers.get("Content-Length")) > 4 * 1024 * 1024
      ? fail(413, "SIZE_INVALID")
      : undefined
  );
  await using client = fakeClient(registry.transport, { cacheFolder });
  await client.repository("registry.test/a").write(BLOB, bytesSource(BYTES));
  return registry.requests.map(({ method }) => method);
}

Deno.test("a registry that wants parts is sent parts by the next run at once", async () => {
  await using folder = await tempFolder();
  const cache = folder.join("cache");
  const learning = ["HEAD", "POST", "PUT", "POST", "PATCH", "PATCH", "PUT"];
  assert.deepEqual(await methodsOf(cache), learning);
  assert.deepEqual(await methodsOf(cache), ["HEAD", "POST", "PATCH", "PATCH", "PUT"]);
  assert.deepEqual(await methodsOf(undefined), learning);
});

Deno.test("a cache folder that cannot be used stops no upload", async () => {
  await using folder = await tempFolder();
  const notAFolder = await folder.write("cache", "a file");
  assert.equal((await methodsOf(notAFolder)).at(-1), "PUT");
});

const MIB = 1024 * 1024;

/** Loses the connection of large bodies, and keeps nothing of them. */
const losing: Intercept = async (request) => {
  if (!request.url.includes("/uploads/")) return undefined;
  if (request.method === "GET") return fail(404, "BLOB_UPLOAD_UNKNOWN");
  if (Number(request.headers.get("Content-Length")) <= 4 * MIB) return undefined;
  await request.body?.getReader().read();
  throw new TypeError("connection reset");
};

/** Loses the connection of a request once, of which the registry keeps so many bytes. */
function losingOnce(isLost: (request: Request) => boolean, kept: number): Intercept {
  let lost = false;
  return async (request, { pass, url }) => {
    if (lost || !isLost(request)) return undefined;
    lost = true;
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const body = new Uint8Array(kept);
    if (kept > 0) await pass(new Request(url.href.split("?")[0]!, { method: "PATCH", body }));
    throw new TypeError("connection reset");
  };
}

const isMethod = (method: string) => (request: Request) => request.method === method;

/** The first of several interceptors that answers. */
function firstOf(...intercepts: readonly Intercept[]): Intercept {
  return async (request, interception) => {
    for (const intercept of intercepts) {
      const answer = await intercept(request, interception);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

const withoutParts: Intercept = ({ method }) =>
  method === "PATCH" ? fail(405, "UNSUPPORTED") : undefined;

const upTo = (limit: number): Intercept => (request) =>
  Number(request.headers.get("Content-Length")) > limit ? fail(413, "SIZE_INVALID") : undefined;

/** Says how large parts have to be. */
const leastPart = (size: number): Intercept => async (request, { pass }) => {
  if (request.method !== "POST") return undefined;
  const response = await pass(request);
  response.headers.set("OCI-Chunk-Min-Length", String(size));
  return response;
};

/** A registry that answers in some way, and what the first and later runs ask it for. */
interface Quirk {
  /** Makes the interceptor of one run. */
  readonly intercept: () => Intercept;
  /** Size of the blob in bytes; 6 MiB when absent. */
  readonly size?: number;
  readonly learning: readonly string[];
  readonly knowing: readonly string[];
}

const QUIRKS: Readonly<Record<string, Quirk>> = {
  "takes bodies of 4 MiB": {
    intercept: () => upTo(4 * MIB),
    learning: ["HEAD", "POST", "PUT", "POST", "PATCH", "PATCH", "PUT"],
    knowing: ["HEAD", "POST", "PATCH", "PATCH", "PUT"],
  },
  "takes bodies of 1 MiB": {
    intercept: () => upTo(MIB),
    learning: [
      ...["HEAD", "POST", "PUT", "POST", "PATCH", "POST"],
      ...Array(6).fill("PATCH"),
      "PUT",
    ],
    knowing: ["HEAD", "POST", ...Array(6).fill("PATCH"), "PUT"],
  },
  "takes bodies of 5 MiB and wants parts of as many": {
    intercept: () => firstOf(upTo(5 * MIB), leastPart(5 * MIB)),
    learning: ["HEAD", "POST", "PUT", "POST", "PATCH", "PATCH", "PUT"],
    knowing: ["HEAD", "POST", "PATCH", "PATCH", "PUT"],
  },
  "knows no HEAD of blobs": {
    intercept: () => ({ method }) => method === "HEAD" ? fail(405, "UNSUPPORTED") : undefined,
    learning: ["HEAD", "GET", "POST", "PUT"],
    knowing: ["GET", "POST", "PUT"],
  },
  "takes no parts": {
    intercept: () => firstOf(withoutParts, losingOnce(isMethod("PUT"), 2 * MIB)),
    learning: ["HEAD", "POST", "PUT", "GET", "PATCH", "POST", "PUT"],
    // What it kept of a lost connection is of no use, and is not asked for.
    knowing: ["HEAD", "POST", "PUT", "HEAD", "POST", "PUT"],
  },
  "keeps only finished parts": {
    size: 64 * MIB + 64,
    intercept: () => losing,
    learning: ["HEAD", "POST", "PUT", "GET", "HEAD", "POST", ...Array(64).fill("PATCH"), "PUT"],
    knowing: ["HEAD", "POST", ...Array(64).fill("PATCH"), "PUT"],
  },
};

for (const [what, { intercept, learning, knowing, size = 6 * MIB }] of Object.entries(QUIRKS)) {
  Deno.test(`that a registry ${what} is found out once, and again after a week`, async () => {
    await using folder = await tempFolder();
    let now = Date.UTC(2026, 0, 1);
    const run = async () => (await write(folder, { intercept: intercept(), size, now })).methods;
    assert.deepEqual(await run(), learning);
    now += 6 * DAY;
    assert.deepEqual(await run(), knowing);
    now += 2 * DAY;
    assert.deepEqual(await run(), learning);
  });
}

/** Writes a blob of zeros with a client of its own, which has a memory in the folder. */
async function write(
  folder: TempFolder,
  { intercept, size = 6 * MIB, now = Date.now() }: {
    readonly intercept: Intercept;
    readonly size?: number;
    readonly now?: number;
  },
): Promise<{ readonly methods: readonly string[]; readonly known: RegistryLimits }> {
  const bytes = new Uint8Array(size);
  const blob = anonymousBlob(digestBytes(bytes), size);
  const registry = new FakeRegistry(intercept);
  const cacheFolder = folder.join("cache");
  await using client = fakeClient(registry.transport, { cacheFolder, now: () => now });
  await client.repository("registry.test/a").write(blob, bytesSource(bytes));
  assert.deepEqual(registry.uploaded, [blob.digest]);
  const known = new KnownRegistries(folder.join("cache/registries.json"), () => now);
  return {
    methods: registry.requests.map(({ method }) => method),
    known: await known.limits("registry.test"),
  };
}

Deno.test("that a registry keeps nothing is found out once: its uploads are not noted, for a week", async () => {
  await using folder = await tempFolder();
  let now = Date.UTC(2026, 0, 1);
  const noted: boolean[] = [];
  // Parts of 8 MiB, of which the second is lost with the first.
  const run = () => {
    let bodies = 0;
    return write(folder, {
      size: 64 * MIB + 64,
      now,
      intercept: firstOf(leastPart(8 * MIB), async (request) => {
        if (!request.url.includes("/uploads/")) return undefined;
        if (request.method === "GET") return fail(404, "BLOB_UPLOAD_UNKNOWN");
        if (Number(request.headers.get("Content-Length")) === 0) return undefined;
        const notes = await readDirIfExists(folder.join("cache/uploads"));
        noted.push(notes.some(({ name }) => !name.endsWith(".lock")));
        if (++bodies !== 1 && bodies !== 3) return undefined;
        await request.body?.getReader().read();
        throw new TypeError("connection reset");
      }),
    });
  };
  assert.deepEqual((await run()).known, { leastPart: 8 * MIB, keeps: "nothing" });
  assert.ok(noted.every((isNoted) => isNoted));
  for (const [days, expected] of [[6, false], [2, true]] as const) {
    now += days * DAY;
    noted.length = 0;
    await run();
    assert.equal(noted[0], expected, `after ${days} days more`);
  }
});

/** A memory that is wrong, what the registry does, and what is known of it afterwards. */
const WRONG: Readonly<
  Record<string, {
    readonly limits: RegistryLimits;
    readonly intercept: () => Intercept;
    readonly size?: number;
    readonly known: RegistryLimits;
  }>
> = {
  "takes no parts, which wants them": {
    limits: { wholeOnly: true },
    intercept: () => upTo(4 * MIB),
    known: { largestBody: 4 * MIB },
  },
  "takes bodies of 4 MiB, which takes no parts": {
    limits: { largestBody: 4 * MIB },
    intercept: () => withoutParts,
    known: { wholeOnly: true },
  },
  "keeps nothing, which keeps all": {
    limits: { keeps: "nothing" },
    intercept: () => losingOnce(isMethod("PUT"), 2 * MIB),
    known: {},
  },
  "keeps only finished parts, which keeps all": {
    limits: { keeps: "parts" },
    size: 65 * MIB,
    intercept: () => losingOnce(isMethod("PATCH"), MIB / 2),
    known: {},
  },
  "wants parts of 64 MiB, which wants none": {
    limits: { leastPart: 64 * MIB },
    intercept: () => () => undefined,
    known: {},
  },
  "takes bodies of 4 MiB, which takes smaller ones": {
    limits: { largestBody: 4 * MIB },
    intercept: () => upTo(MIB),
    known: { largestBody: MIB },
  },
};

for (const [what, { limits, intercept, size, known }] of Object.entries(WRONG)) {
  Deno.test(`a memory that a registry ${what}, heals with the next upload`, async () => {
    await using folder = await tempFolder();
    const path = folder.join("cache/registries.json");
    await new KnownRegistries(path).remember("registry.test", limits);
    const wrote = await write(folder, { intercept: intercept(), size });
    assert.deepEqual(wrote.known, known);
  });
}

Deno.test("an upload that is taken up again has parts as large as the registry wants", async () => {
  await using folder = await tempFolder();
  const uploads = new OpenUploads(folder.join("cache/uploads"));
  const known = new KnownRegistries(folder.join("cache/registries.json"));
  await known.remember("registry.test", { keeps: "parts", leastPart: 8 * MIB });
  const bytes = new Uint8Array(65 * MIB);
  const blob = anonymousBlob(digestBytes(bytes), bytes.byteLength);
  const registry = new FakeRegistry();
  const begun = await registry.transport(
    new Request("https://registry.test/v2/a/blobs/uploads/", { method: "POST" }),
  );
  const location = new URL(begun.headers.get("Location")!, "https://registry.test").href;
  await registry.transport(new Request(location, { method: "PATCH", body: bytes.slice(0, MIB) }));
  {
    const key = { registry: "registry.test", repository: "a", digest: blob.digest };
    await using note = await uploads.open(key);
    await note?.write(location);
  }
  await using client = fakeClient(registry.transport, { cacheFolder: folder.join("cache") });
  await client.repository("registry.test/a").write(blob, bytesSource(bytes));
  const sizes = registry.requests.filter(({ method }) => method === "PATCH")
    .map(({ headers }) => Number(headers.get("Content-Length")));
  assert.deepEqual(sizes.slice(1), Array(8).fill(8 * MIB));
  assert.deepEqual(registry.uploaded, [blob.digest]);
});
