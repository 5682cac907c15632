/**
 * Materializes a bundle from slow stores, to be killed on the way: `folder` holds the registry in
 * `store`, the objects in `objects`, the entries in `entries.json`; the workspace is
 * `folder/workspace`. Every byte range that is opened is a line on standard output.
 * @module
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BundleEntry } from "../../../src/bundle/documents/bundle.ts";
import { materializeBundle } from "../../../src/bundle/workspace/materialize.ts";
import { streamOf } from "../../../src/core/streams.ts";
import { FileStore } from "../../../src/objects/file_store.ts";
import type { OpenObjectOptions } from "../../../src/objects/object_store.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import type { ContentStore } from "../../../src/oci/store.ts";
import { bundleOver } from "./support.ts";

/** Passes a stream on in small pieces, slowly enough to be killed in the middle. */
async function* slowly(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    const half = Math.ceil(chunk.byteLength / 2);
    yield chunk.subarray(0, half);
    await delay(5);
    yield chunk.subarray(half);
  }
}

/** A repository that is slow and says what is opened. */
export function slowStore(store: ContentStore, opened: (line: string) => void): ContentStore {
  return {
    name: store.name,
    has: (...args) => store.has(...args),
    write: (...args) => store.write(...args),
    resolve: (...args) => store.resolve(...args),
    tag: (...args) => store.tag(...args),
    tags: (...args) => store.tags(...args),
    async open(descriptor, options) {
      opened(descriptor.digest);
      return streamOf(slowly(await store.open(descriptor, options)));
    },
  };
}

/** Objects of a folder that are slow and say what is opened. */
export class SlowObjects extends FileStore {
  readonly #opened: (line: string) => void;

  constructor(root: string, opened: (line: string) => void) {
    super({ root });
    this.#opened = opened;
  }

  override async open(
    uri: string,
    options: OpenObjectOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    this.#opened(`${uri} ${options.range?.start ?? 0}`);
    return streamOf(slowly(await super.open(uri, options)));
  }
}

/** Materializes what is in a folder into its workspace. */
export async function materializeFolder(
  folder: string,
  opened: (line: string) => void,
): Promise<void> {
  const entries: BundleEntry[] = JSON.parse(await Deno.readTextFile(join(folder, "entries.json")));
  const registry = diskCatalog(join(folder, "store")).repository("my-model");
  await materializeBundle({
    bundle: bundleOver(slowStore(registry, opened), entries),
    entries,
    role: "default",
    objects: () => new SlowObjects(join(folder, "objects"), opened),
  }, {
    dest: join(folder, "workspace"),
    prefetchExternal: true,
    concurrency: 2,
    lockTimeout: 60_000,
  });
}

if (import.meta.main) {
  const line = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  await materializeFolder(Deno.args[0] ?? ".", line);
  line("finished");
}
