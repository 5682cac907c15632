import assert from "node:assert/strict";
import { materializeBundle } from "../../../src/bundle/workspace/materialize.ts";
import { IntegrityError } from "../../../src/core/errors.ts";
import type { OpenObjectOptions } from "../../../src/objects/object_store.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { KEPT_FROM } from "../../../src/transfer/partial_file.ts";
import { tempFolder } from "../../support/temp.ts";
import { bundleOver, externalEntry, MemoryObjects } from "./support.ts";

/** Writes a bundle of one object into a folder; returns the events of its progress. */
async function prefetch(dest: string, objects: MemoryObjects, text: Uint8Array): Promise<string[]> {
  const entry = await externalEntry(objects, { path: "data/w.bin", text });
  const bundle = bundleOver(memoryStore("registry.test/demo"), [entry]);
  const events: string[] = [];
  await materializeBundle(
    { bundle, role: "default", entries: [entry], objects: () => objects },
    {
      dest,
      prefetchExternal: true,
      progress: (event) => {
        if (event.state !== "plan" && event.phase === "download" && event.state !== "advance") {
          events.push(`${event.state} ${event.name} ${event.size}`);
        }
      },
    },
  );
  return events;
}

/** Objects of which the first answer is wrong, and comes from somewhere else then. */
class TwoPlaces extends MemoryObjects {
  readonly blamed: string[] = [];

  override async open(uri: string, options?: OpenObjectOptions) {
    if (this.opened.length > 0) return await super.open(uri, options);
    this.opened.push(uri);
    return ReadableStream.from([new Uint8Array(options?.size ?? 0).fill(7)]);
  }

  elsewhere(uri: string, failure: unknown): Promise<boolean> {
    assert.ok(failure instanceof IntegrityError, String(failure));
    this.blamed.push(uri);
    return Promise.resolve(this.blamed.length === 1);
  }
}

for (const size of [0, 1, 70_000, KEPT_FROM - 1, KEPT_FROM]) {
  const bytes = Uint8Array.from({ length: size }, (_, at) => at * 31 >> 3);

  Deno.test(`an object of ${size} bytes comes whole, and progress tells of it by its path`, async () => {
    await using temp = await tempFolder();
    const events = await prefetch(temp.path, new MemoryObjects(), bytes);
    assert.deepEqual(await Deno.readFile(temp.join("data/w.bin")), bytes);
    assert.deepEqual(events, [`start data/w.bin ${size}`, `done data/w.bin ${size}`]);
    const names = Array.from(Deno.readDirSync(temp.join("data")), ({ name }) => name);
    assert.deepEqual(names, ["w.bin"]);
  });

  if (size === 0) continue;
  Deno.test(`an object of ${size} bytes that was wrong comes from the other place`, async () => {
    await using temp = await tempFolder();
    const objects = new TwoPlaces();
    await prefetch(temp.path, objects, bytes);
    assert.deepEqual(await Deno.readFile(temp.join("data/w.bin")), bytes);
    assert.deepEqual(objects.blamed, ["az://c/data/w.bin"]);
  });
}
