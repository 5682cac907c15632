/** What the tests of publishing and resolving share. @module */
import { NotFoundError } from "../../../src/core/errors.ts";
import { reported, watchedSource } from "../../../src/core/progress.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { readAll, streamOf, verified } from "../../../src/core/streams.ts";
import type { ObjectFacts, ObjectStore } from "../../../src/objects/object_store.ts";
import { describeBytes, type Descriptor } from "../../../src/oci/descriptor.ts";
import { memoryCatalog, type MemoryStore } from "../../../src/oci/memory_store.ts";
import { bundleSettingsFromEnv } from "../../../src/library/bundle_settings.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

/** Objects in memory, with a record of what was written. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, ObjectFacts & { readonly bytes: Uint8Array<ArrayBuffer> }>();
  readonly puts: string[] = [];

  locate(uri: string): string {
    return uri;
  }

  stat(uri: string): Promise<ObjectFacts> {
    const found = this.objects.get(uri);
    return found ? Promise.resolve(found) : Promise.reject(new NotFoundError(`No object ${uri}`));
  }

  async open(uri: string): Promise<ReadableStream<Uint8Array>> {
    await this.stat(uri);
    return await bytesSource(this.objects.get(uri)!.bytes).open();
  }

  async put(...[uri, source, options]: Parameters<ObjectStore["put"]>): Promise<ObjectFacts> {
    const expected = { digest: `sha256:${options.sha256}`, size: source.size } as const;
    const { shownName: name = uri } = options;
    const item = { id: uri, phase: "upload", name, size: source.size } as const;
    const bytes = await reported(item, options, async (onBytes) => {
      const stream = await watchedSource(source, onBytes).open();
      return await readAll(streamOf(verified(stream, expected)), source.size);
    });
    const { sha256, tier } = options;
    const facts = { uri, size: source.size, sha256, tier };
    this.objects.set(uri, { ...facts, bytes });
    this.puts.push(uri);
    return facts;
  }
}

/** A registry in memory, with the settings that lead there. */
export function memoryRegistry(
  env: Record<string, string> = { REGISTRY_REPO: "registry.test/team" },
) {
  const catalog = memoryCatalog();
  return {
    catalog,
    open: (name: string) => catalog.repository(name),
    settings: bundleSettingsFromEnv(env),
  };
}

/** Bytes of a JSON document as people write it. */
export function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Writes bytes into a store and returns their descriptor. */
export async function put(
  store: MemoryStore,
  bytes: Uint8Array,
  mediaType = "application/octet-stream",
): Promise<Descriptor> {
  const descriptor = describeBytes(mediaType, bytes);
  await store.write(descriptor, bytesSource(bytes));
  return descriptor;
}

/** An image manifest in a store, under a tag. */
export async function putManifest(
  store: MemoryStore,
  tag: string,
  manifest: Record<string, unknown>,
): Promise<Descriptor> {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const descriptor = await put(
    store,
    json({ schemaVersion: 2, mediaType, ...manifest }),
    mediaType,
  );
  await store.tag(descriptor, tag);
  return descriptor;
}

/** The golden working directory: two layers, one external file. */
export async function goldenFolder(): Promise<TempFolder> {
  const folder = await tempFolder();
  await folder.write("modelops.yaml", GOLDEN_SPEC);
  await folder.write("src/a.py", "print(1)\n");
  await folder.write("data/nine.bin", "012345678");
  await folder.write("data/ten.bin", "0123456789");
  return folder;
}

/** The spec of the golden working directory. */
export const GOLDEN_SPEC = `# A comment that stays
apiVersion: v1
kind: Bundle
metadata: { name: golden, version: "1.0.0" }
spec:
  layers:
    - { name: code, type: code, files: ["src/**"] }
    - { name: data, type: data, files: ["data/**"] }
  roles: { default: [code], training: [code, data] }
  external_rules:
    - { pattern: "data/*.bin", uri_template: "az://cont1/b/{path}", tier: cool, size_threshold: 10 }
`;

const TITLE = "org.opencontainers.image.title";
const TAR = "application/vnd.oci.image.layer.v1.tar";

/** A content of a manifest that says by its title what it is. */
export const titled = (content: Descriptor, title: string, mediaType = TAR) => ({
  ...content,
  mediaType,
  annotations: { [TITLE]: title },
});
