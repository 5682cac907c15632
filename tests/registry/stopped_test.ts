/** An operation that is stopped while a refusal is read ends with why it was stopped. */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import type { OperationOptions } from "../../src/core/operation.ts";
import { readAll } from "../../src/core/streams.ts";
import type { RegistryClient } from "../../src/registry/client.ts";
import type { RegistryRepository } from "../../src/registry/repository.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { fakeClient } from "../support/fake_registry.ts";

const BYTES = new TextEncoder().encode("{}");
const BLOB = describeBytes(MediaType.octetStream, BYTES);
const DOCUMENT = new TextEncoder().encode(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config: BLOB,
    layers: [],
  }),
);
const MANIFEST = describeBytes(MediaType.imageManifest, DOCUMENT);

type Work = (
  repository: RegistryRepository,
  options: OperationOptions,
  client: RegistryClient,
) => Promise<unknown>;

const WORKS: Readonly<Record<string, Work>> = {
  "ping": (_, options, client) => client.ping("registry.test", options),
  "resolve": (repository, options) => repository.resolve("v1", options),
  "open": async (repository, options) =>
    await readAll(await repository.open(BLOB, options), BLOB.size),
  "open a range": async (repository, options) =>
    await readAll(await repository.open(BLOB, { ...options, range: { start: 1, end: 2 } }), 1),
  "write": (repository, options) => repository.write(BLOB, bytesSource(BYTES), options),
  "write a manifest": (repository, options) =>
    repository.write(MANIFEST, bytesSource(DOCUMENT), options),
  "write a stream": (repository, options) =>
    repository.writeStream(new Response(BYTES).body!, options),
  "tag": (repository, options) => repository.tag(MANIFEST, "v1", options),
  "tags": (repository, options) => Array.fromAsync(repository.tags(options)),
  "delete": (repository, options) => repository.delete(MANIFEST, options),
  "untag": (repository, options) => repository.untag("v1", options),
};

/** An answer whose reading is stopped when it has begun, and which never ends. */
function slow(status: number, stop: () => void, headers: HeadersInit = {}): Response {
  const body = new ReadableStream<Uint8Array>({
    pull() {
      setTimeout(stop);
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status, headers });
}

const ANSWERS: Readonly<Record<string, (url: URL, stop: () => void) => Response>> = {
  "the registry": (_, stop) => slow(403, stop),
  "a token server": ({ pathname }, stop) =>
    pathname === "/token" ? slow(403, stop) : new Response(null, {
      status: 401,
      headers: { "WWW-Authenticate": 'Bearer realm="https://registry.test/token"' },
    }),
};

for (const [who, answer] of Object.entries(ANSWERS)) {
  for (const [what, work] of Object.entries(WORKS)) {
    Deno.test(`${what} that is stopped while ${who} refuses ends with the reason`, async () => {
      const controller = new AbortController();
      const reason = new Error("stopped");
      await using client = fakeClient(async ({ url, method }) => {
        if (method === "HEAD") return new Response(null, { status: 404 });
        return answer(new URL(url), () => controller.abort(reason));
      }, { retry: { stallTime: 1000 } });
      const options = { signal: controller.signal };
      await assert.rejects(
        work(client.repository("registry.test/demo"), options, client),
        (error) => error === reason,
      );
    });
  }
}
