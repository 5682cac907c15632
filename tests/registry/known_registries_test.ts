import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/source.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { KnownRegistries } from "../../src/registry/known_registries.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { tempFolder } from "../support/temp.ts";

const DAY = 24 * 3600 * 1000;

Deno.test("what was learned of a registry is known to the next run, for a week", async () => {
  await using folder = await tempFolder();
  const path = folder.join("cache/registries.json");
  const learned = { largestBody: 1000, keeps: "parts", wholeOnly: true, noHead: true } as const;
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
  `{"a.test":{"at":1,"limits":{"largestBody":1e300}}}`,
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

/** A registry that answers in some way, and what the first and later runs ask it for. */
interface Quirk {
  readonly intercept: Intercept;
  /** Size of the blob in bytes; 6 MiB when absent. */
  readonly size?: number;
  readonly learning: readonly string[];
  readonly knowing: readonly string[];
}

const QUIRKS: Readonly<Record<string, Quirk>> = {
  "takes bodies of 4 MiB": {
    intercept: (request) =>
      Number(request.headers.get("Content-Length")) > 4 * MIB
        ? fail(413, "SIZE_INVALID")
        : undefined,
    learning: ["HEAD", "POST", "PUT", "POST", "PATCH", "PATCH", "PUT"],
    knowing: ["HEAD", "POST", "PATCH", "PATCH", "PUT"],
  },
  "takes bodies of 1 MiB": {
    intercept: (request) =>
      Number(request.headers.get("Content-Length")) > MIB ? fail(413, "SIZE_INVALID") : undefined,
    learning: [
      ...["HEAD", "POST", "PUT", "POST", "PATCH", "POST"],
      ...Array(6).fill("PATCH"),
      "PUT",
    ],
    knowing: ["HEAD", "POST", ...Array(6).fill("PATCH"), "PUT"],
  },
  "knows no HEAD of blobs": {
    intercept: ({ method }) => method === "HEAD" ? fail(405, "UNSUPPORTED") : undefined,
    learning: ["HEAD", "GET", "POST", "PUT"],
    knowing: ["GET", "POST", "PUT"],
  },
  "keeps only finished parts": {
    size: 64 * MIB + 64,
    intercept: losing,
    learning: ["HEAD", "POST", "PUT", "GET", "HEAD", "POST", ...Array(64).fill("PATCH"), "PUT"],
    knowing: ["HEAD", "POST", ...Array(64).fill("PATCH"), "PUT"],
  },
};

for (const [what, { intercept, learning, knowing, size = 6 * MIB }] of Object.entries(QUIRKS)) {
  Deno.test(`that a registry ${what} is found out once, and again after a week`, async () => {
    await using folder = await tempFolder();
    const bytes = new Uint8Array(size);
    const blob = anonymousBlob(digestBytes(bytes), size);
    let now = Date.UTC(2026, 0, 1);
    const run = async () => {
      const registry = new FakeRegistry(intercept);
      await using client = fakeClient(registry.transport, {
        cacheFolder: folder.join("cache"),
        now: () => now,
      });
      await client.repository("registry.test/a").write(blob, bytesSource(bytes));
      assert.deepEqual(registry.uploaded, [blob.digest]);
      return registry.requests.map(({ method }) => method);
    };
    assert.deepEqual(await run(), learning);
    now += 6 * 24 * 3600 * 1000;
    assert.deepEqual(await run(), knowing);
    now += 2 * 24 * 3600 * 1000;
    assert.deepEqual(await run(), learning);
  });
}
