/** Content that is hashed while it is sent: its digest is known when the registry has it all. */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { TransferError } from "../../src/core/errors.ts";
import { streamOf } from "../../src/core/streams.ts";
import { capability } from "../../src/oci/capabilities.ts";
import { KnownRegistries, type RegistryLimits } from "../../src/registry/known_registries.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { tempFolder } from "../support/temp.ts";

const BYTES = Uint8Array.from({ length: 10_000 }, (_, index) => index * 7 + (index >> 8));

/** What comes of content that is sent to a registry of which some limits are known. */
async function send(
  { limits, intercept, size, stream = streamOf([BYTES]) }: {
    readonly limits?: RegistryLimits;
    readonly intercept?: Intercept;
    readonly size?: number;
    readonly stream?: ReadableStream<Uint8Array>;
  },
) {
  await using folder = await tempFolder();
  const known = new KnownRegistries(folder.join("registries.json"));
  if (limits) await known.remember("registry.test", limits);
  const registry = new FakeRegistry(intercept);
  const client = fakeClient(registry.transport, { cacheFolder: folder.path });
  const writeStream = capability(client.repository("registry.test/a"), "writeStream")!;
  const methods = () =>
    registry.requests.filter(({ path }) => path.includes("/uploads/")).map(({ method }) => method);
  try {
    return { written: await writeStream(stream, { size }), methods: methods() };
  } catch (error) {
    return { error, methods: methods() };
  }
}

for (const size of [undefined, BYTES.byteLength]) {
  Deno.test(`content of ${size ?? "unknown"} bytes is read once, and its digest told`, async () => {
    const { written, methods } = await send({ size });
    const { digest, size: told } = written ?? {};
    assert.deepEqual([digest, told], [digestBytes(BYTES), BYTES.byteLength]);
    assert.deepEqual(methods, ["POST", "PATCH", "PUT"]);
  });
}

/** What is known of a registry, the size of the content, and whether it is sent. */
const LIMITS: readonly (readonly [RegistryLimits, size: number | undefined, isSent: boolean])[] = [
  [{ wholeOnly: true }, BYTES.byteLength, false],
  [{ wholeOnly: true }, undefined, false],
  [{ largestBody: BYTES.byteLength * 100 }, undefined, false],
  [{ largestBody: 1024 * 1024 }, 2 * 1024 * 1024, false],
  [{ largestBody: 1024 * 1024 }, BYTES.byteLength, true],
];

for (const [limits, size, isSent] of LIMITS) {
  const what = `content of ${size ?? "unknown"} bytes to a registry of ${JSON.stringify(limits)}`;
  Deno.test(`${what} is ${isSent ? "" : "not "}sent while it is hashed`, async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(BYTES);
        controller.close();
      },
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const { written, methods } = await send({ limits, size, stream });
    assert.equal(written !== undefined, isSent);
    assert.equal(methods.length > 0, isSent);
    assert.equal(cancelled, !isSent);
  });
}

Deno.test("what the registry refuses is to be hashed first, and the upload is cancelled", async () => {
  const { written, error, methods } = await send({
    intercept: ({ method }) => method === "PATCH" ? fail(405, "UNSUPPORTED") : undefined,
  });
  assert.deepEqual([written, error], [undefined, undefined]);
  assert.deepEqual(methods, ["POST", "PATCH", "DELETE"]);
});

Deno.test("a registry that cannot be reached is told before the content is read", async () => {
  let isRead = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: () => void (isRead = true),
  }, { highWaterMark: 0 });
  const { error, written } = await send({
    stream,
    intercept: ({ method }) => method === "POST" ? fail(503, "UNAVAILABLE") : undefined,
  });
  assert.ok(error instanceof TransferError, String(error));
  assert.deepEqual([written, isRead], [undefined, false]);
});

Deno.test("what the content itself fails with is told, and not tried again", async () => {
  const broken = new Error("the disk is gone");
  async function* chunks() {
    yield BYTES;
    await Promise.resolve();
    throw broken;
  }
  const { error, methods } = await send({ stream: streamOf(chunks()) });
  assert.equal(error, broken);
  assert.deepEqual(methods.filter((method) => method === "PUT"), []);
});
