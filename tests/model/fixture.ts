/** A workspace with known digests, a backend over temporary stores, a registry. @module */
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { wrapped } from "../../src/oci/wrapped.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog, type MemoryStore } from "../../src/oci/memory_store.ts";
import { repositoryName } from "../../src/oci/reference.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { ModelBackend } from "../../src/model/operations.ts";
import type { BuildOptions } from "../../src/model/operations/packaging.ts";
import { tempFolder } from "../support/temp.ts";

/** The sample workspace: four small files whose layers and configuration have known digests. */
export const SAMPLE: Readonly<Record<string, string>> = {
  "config.json":
    '{"model_type":"llama","torch_dtype":"bfloat16","transformers_version":"4.51.0"}\n',
  "model.safetensors": "\x08\0\0\0\0\0\0\0{}      ",
  "tokenizer.py": 'print("tokenizer")\n',
  "README.md": "# demo\n",
};

/** Digests of the sample's raw layers, in layer order. */
export const RAW_DIGESTS = [
  "sha256:6a50e26f8bb5c37ebc8ec33fbd8d617afab78de55cb3684539a5d33812769d13",
  "sha256:9bbcbf73561f6bc5d0a17ea6a2081feed2d1304e87602d8c502d9a5c4bd85576",
  "sha256:5c57b9d124319cc33c6a465d545639f6708fd5371e4e7df6cf294c8e7fceafb8",
  "sha256:bc70e26f40b8816eb177813dda1f5f529a27a4641d45aa19cae2348a8c6a5fe9",
];

/** Digests of the sample's tar layers, in layer order. */
export const TAR_DIGESTS = [
  "sha256:0e718ccbc4e3d62a0325b50911505ca773b9ab6048383958df369a7bf6f80a15",
  "sha256:779f4d700c7a01b2a818685a1ae659b3fecc7371831fb2ae84609299d7118a0b",
  "sha256:a5b96f4c364f65f1029a8381a14f5e4fb8ef485d9e6c19c34c2ed0d915517c17",
  "sha256:6f29c797f84e170cbe128c119f071c643af05ab736ee2cd63c940a4074e6c39c",
];

/** The Modelfile of the sample. */
export const MODELFILE = `NAME demo
ARCH transformer
FAMILY llama
FORMAT safetensors
PRECISION bfloat16
CONFIG config.json
MODEL model.safetensors
CODE tokenizer.py
DOC README.md
`;

/** The name that the sample is built under. */
export const TARGET = "localhost:5000/demo:v1";

/** A store without single-pass ingest, as a repository of a registry is. */
function likeRegistry(store: MemoryStore): ContentStore {
  const { ingest: _ingest, ...capabilities } = store.capabilities ?? {};
  return wrapped(store, { capabilities });
}

/** A backend with its store in a temporary folder, and a registry in memory. */
export async function fixture() {
  const folder = await tempFolder();
  const registry = memoryCatalog();
  const open = (storage: string, now?: () => number): ModelBackend =>
    createModelBackend({
      catalog: diskCatalog(folder.join(storage)),
      connect: (reference) => likeRegistry(registry.repository(repositoryName(reference))),
      now,
    });
  return {
    folder,
    registry,
    open,
    backend: open("store"),
    catalog: diskCatalog(folder.join("store")),
    async workspace(name = "workspace", files: Readonly<Record<string, string>> = {}) {
      for (const [path, content] of Object.entries({ ...SAMPLE, Modelfile: MODELFILE, ...files })) {
        const written = await folder.write(`${name}/${path}`, content);
        await Deno.chmod(written, 0o644);
        await Deno.utime(written, new Date("2025-01-01Z"), new Date("2025-01-01Z"));
      }
      return folder.join(name);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Puts a content into the local store. */
export type Put = (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => Promise<Descriptor>;

/** A model of some layers in the local store. */
export async function modelWith(layersOf: (put: Put) => Promise<readonly Descriptor[]>) {
  const fx = await fixture();
  const store = fx.catalog.repository("localhost:5000/demo");
  const put: Put = async (mediaType, bytes) => {
    const descriptor = describeBytes(mediaType, bytes);
    await store.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: "application/vnd.cncf.model.manifest.v1+json",
    config: await put("application/vnd.cncf.model.config.v1+json", text({})),
    layers: await layersOf(put),
  };
  await store.tag(await put(MediaType.imageManifest, text(manifest)), "v1");
  return fx;
}

/** Options of a reproducible build. */
export const build = (change: Partial<BuildOptions> = {}): BuildOptions => ({
  targets: [TARGET],
  noCreationTime: true,
  ...change,
});
