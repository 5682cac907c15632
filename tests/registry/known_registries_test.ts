import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/source.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { KnownRegistries } from "../../src/registry/known_registries.ts";
import { fail, fakeClient, FakeRegistry } from "../support/fake_registry.ts";
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
