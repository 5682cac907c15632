/** A registry each of whose answers comes just in time: there is an end to it all the same. */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { readAll } from "../../src/core/streams.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { fakeClient } from "../support/fake_registry.ts";
import { movedClock } from "../support/moved_clock.ts";

const blobs = Array.from({ length: 10_000 }, (_, at) => {
  const bytes = new TextEncoder().encode(`blob ${at}`);
  return { bytes, descriptor: anonymousBlob(digestBytes(bytes), bytes.byteLength) };
});
const byDigest = new Map(
  blobs.map(({ bytes, descriptor }) => [descriptor.digest as string, bytes]),
);

type Clock = ReturnType<typeof movedClock>;

/** A registry of many small blobs whose answers take a while. */
function setup(answer: (bytes: Uint8Array, clock: Clock) => Response) {
  const clock = movedClock();
  let asked = 0;
  const client = fakeClient(({ url }) => {
    asked++;
    return Promise.resolve(answer(byDigest.get(url.slice(url.lastIndexOf("/") + 1))!, clock));
  });
  return { repository: client.repository("registry.test/demo"), clock, asked: () => asked };
}

const sized = (bytes: Uint8Array, body: BodyInit) =>
  new Response(body, { headers: { "Content-Length": String(bytes.byteLength) } });

/** Answers that take two minutes each, in one way or another. */
const LATE: Readonly<Record<string, (bytes: Uint8Array, clock: Clock) => Response>> = {
  "whose heads are late": (bytes, clock) => {
    clock.pass(119_000);
    return sized(bytes, bytes.slice());
  },
  "that come a byte at a time": (bytes, clock) => {
    let at = 0;
    return sized(
      bytes,
      new ReadableStream({
        pull(controller) {
          clock.pass(20_000);
          if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, ++at));
          else controller.close();
        },
      }, { highWaterMark: 0 }),
    );
  },
  "whose ends are late": (bytes, clock) =>
    sized(
      bytes,
      new ReadableStream({
        pull(controller) {
          clock.pass(119_000);
          controller.enqueue(bytes.slice());
          controller.close();
        },
      }, { highWaterMark: 0 }),
    ),
};

for (const [what, answer] of Object.entries(LATE)) {
  Deno.test(`a registry of ten thousand small blobs ${what} is given up`, async () => {
    const { repository, clock, asked } = setup(answer);
    using _clock = clock;
    const readAllOfThem = async () => {
      for (const { descriptor } of blobs) {
        await readAll(await repository.open(descriptor), descriptor.size);
      }
    };
    await assert.rejects(
      readAllOfThem(),
      /^TransferError: .*all that it sends is late, by \d+ s so far/,
    );
    assert(asked() < 10, `${asked()}`);
  });
}

Deno.test("a registry that is asked for ten thousand blobs is given up when each answer is late", async () => {
  const { repository, clock, asked } = setup((_, clock) => {
    clock.pass(119_000);
    return new Response(null, { status: 404 });
  });
  using _clock = clock;
  const askForAll = async () => {
    for (const { descriptor } of blobs) await repository.has(descriptor);
  };
  await assert.rejects(askForAll(), /all that it sends is late/);
  assert(asked() < 10, `${asked()}`);
});

Deno.test("a registry that takes ten seconds for each small blob is read to its end", async () => {
  const { repository, clock } = setup((bytes, clock) => {
    clock.pass(10_000);
    return sized(bytes, bytes.slice());
  });
  using _clock = clock;
  for (const { descriptor, bytes } of blobs.slice(0, 2000)) {
    assert.deepEqual(await readAll(await repository.open(descriptor), descriptor.size), bytes);
  }
});
