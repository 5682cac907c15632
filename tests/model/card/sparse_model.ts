/** A model of any size in the folder of a registry: its weights are holes in files. @module */
import { dirname } from "node:path";
import { digestBytes } from "../../../src/core/digest.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { encodeConfig } from "../../../src/model/config.ts";
import { FAMILIES, layerMediaType } from "../../../src/model/media_types.ts";
import { encodeModelManifest } from "../../../src/model/model_manifest.ts";
import { describeBytes, type Descriptor } from "../../../src/oci/descriptor.ts";
import { DiskLayout } from "../../../src/oci/disk_layout.ts";
import { MediaType } from "../../../src/oci/media_types.ts";
import { type ContentStore, writeTagged } from "../../../src/oci/store.ts";

/** A file: its first bytes, and its size where it is larger. */
export interface SparseFile {
  readonly head: Uint8Array | string;
  readonly size?: number;
}

const family = "cncf" as const;

/** Bytes of a file's beginning. */
function bytesOf({ head }: SparseFile): Uint8Array<ArrayBuffer> {
  return typeof head === "string" ? new TextEncoder().encode(head) : head.slice();
}

/**
 * Puts the files of a model into the folder of a registry, with the digests of their first bytes,
 * and its manifest as `v1` into `store`, which is a repository of that registry.
 */
export async function putSparseModel(
  store: ContentStore,
  root: string,
  { repository, files }: {
    readonly repository: string;
    readonly files: Readonly<Record<string, SparseFile>>;
  },
): Promise<void> {
  const layout = new DiskLayout(root);
  const layers: Descriptor[] = [];
  for (const [path, file] of Object.entries(files)) {
    const bytes = bytesOf(file);
    const size = file.size ?? bytes.byteLength;
    const digest = digestBytes(new TextEncoder().encode(`${path} ${size}`));
    const link = layout.memberLink(repository, "_layers", digest);
    await write(layout.blobData(digest), bytes);
    await Deno.truncate(layout.blobData(digest), size);
    await write(link, new TextEncoder().encode(digest));
    const kind = /\.(safetensors|gguf)$/.test(path)
      ? "model"
      : path.endsWith(".md")
      ? "doc"
      : "config";
    layers.push({
      mediaType: layerMediaType(kind, { family, form: "raw" }),
      digest,
      size,
      annotations: { [FAMILIES[family].filepath]: path },
    });
  }
  const document = encodeConfig({
    descriptor: { name: "sparse", createdAt: "2026-02-01T00:00:00Z" },
    modelfs: { type: "layers", diffIds: layers.map(({ digest }) => digest) },
    config: {},
  });
  const config = describeBytes(FAMILIES[family].configType, document);
  await store.write(config, bytesSource(document));
  const manifest = encodeModelManifest({ family, config, layers, annotations: {} });
  await writeTagged(store, {
    manifest: describeBytes(MediaType.imageManifest, manifest),
    source: bytesSource(manifest),
    tag: "v1",
  });
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, bytes);
}

/**
 * The header of a safetensors file of so many layers of a network, and the size of the whole file.
 */
export function shardOf(layers: readonly number[], width: number): Required<SparseFile> {
  let offset = 0;
  const entries: [string, unknown][] = [];
  for (const layer of layers) {
    for (const name of ["q", "k", "v", "o", "gate", "up", "down"]) {
      const start = offset;
      offset += 2 * width * width;
      const facts = { dtype: "BF16", shape: [width, width], data_offsets: [start, offset] };
      entries.push([`model.layers.${layer}.${name}_proj.weight`, facts]);
    }
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const head = new Uint8Array(8 + header.byteLength);
  new DataView(head.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  head.set(header, 8);
  return { head, size: head.byteLength + offset };
}
