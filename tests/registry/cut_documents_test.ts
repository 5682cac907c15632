/** Lines that are cut in the body of a document, not of a blob. @module */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { fakeClient, FakeRegistry } from "../support/fake_registry.ts";

const MANIFEST = parseManifest(new TextEncoder().encode(JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [],
})));

/** A registry with the tag `a:v1` that wants a token, and cuts the first answer of each path. */
async function cutting() {
  const seen = new Set<string>();
  const registry = new FakeRegistry(async (request, { url, pass }) => {
    const answer = await answerOf(request, url, pass);
    if (!answer.ok || request.method !== "GET" || seen.has(url.pathname)) return answer;
    seen.add(url.pathname);
    return cutInHalf(answer);
  });
  const store = registry.catalog.repository("a");
  const descriptor = describeBytes(MANIFEST.mediaType, MANIFEST.bytes);
  await store.write(descriptor, bytesSource(MANIFEST.bytes));
  await store.tag(descriptor, "v1");
  return {
    registry,
    seen,
    repository: fakeClient(registry.transport).repository("registry.test/a"),
  };
}

async function answerOf(request: Request, url: URL, pass: (request: Request) => Promise<Response>) {
  if (url.host === "tokens.test") return Response.json({ token: "a-token-that-is-long-enough" });
  if (url.pathname === "/v2/" || request.headers.has("Authorization")) return await pass(request);
  const challenge = 'Bearer realm="https://tokens.test/token",service="registry.test"';
  return new Response(null, { status: 401, headers: { "WWW-Authenticate": challenge } });
}

async function cutInHalf(response: Response): Promise<Response> {
  const bytes = await response.bytes();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.byteLength / 2)),
    pull: (controller) => controller.error(new TypeError("connection reset")),
  }, { highWaterMark: 0 });
  return new Response(body, { status: response.status, headers: response.headers });
}

Deno.test("a line cut in a token, a manifest or a list is tried again like one cut in a blob", async () => {
  const { repository, seen } = await cutting();
  const found = await repository.resolve("v1");
  assert.equal(found.digest, describeBytes(MANIFEST.mediaType, MANIFEST.bytes).digest);
  assert.deepEqual(await Array.fromAsync(repository.tags()), ["v1"]);
  assert.deepEqual(await Array.fromAsync(repository.referrers(found)), []);
  for (const path of ["/token", "/v2/a/manifests/v1", "/v2/a/tags/list"]) {
    assert.ok(seen.has(path), `${path} was not cut`);
  }
  assert.ok([...seen].some((path) => path.startsWith("/v2/a/referrers/")));
});
