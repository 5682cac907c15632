/**
 * All ways to upload, as the tests of faults take them: to a registry, and to a storage account.
 * @module
 */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import type { RetryPolicy } from "../../src/core/retry.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { readContent } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { type ScriptedAccount, scriptedAccount } from "../support/scripted_account.ts";
import { type ScriptedRegistry, scriptedRegistry } from "../support/scripted_registry.ts";
import type { TempFolder } from "../support/temp.ts";
import { bundlesAt } from "./download_flows.ts";

/** More than a part, so that it is noted and gone on with. */
export const LARGE = 6 * 1024 * 1024 + 4321;

/** More than a block of Azure. */
const TWO_BLOCKS = 8 * 1024 * 1024 + 4321;

const bytesOf = (size: number) =>
  Uint8Array.from({ length: size }, (_, index) => index * 41 + (index >> 9));

/** The servers that take the files. */
export interface UploadWorld extends AsyncDisposable {
  readonly registry: ScriptedRegistry;
  readonly account: ScriptedAccount;
}

/** Starts the servers. */
export function uploadWorld(): UploadWorld {
  const registry = scriptedRegistry();
  const account = scriptedAccount();
  return {
    registry,
    account,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await account[Symbol.asyncDispose]();
    },
  };
}

/** One upload. */
export interface UploadScene {
  readonly folder: TempFolder;
  /** The place of the content, with the host of the server that is scripted. */
  readonly name: string;
  /** Host of the registry, which does as it should where another server is scripted. */
  readonly registry: string;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
}

/** A way to upload: what it does, and what it makes. */
export interface UploadFlow {
  /** The server that is scripted. */
  readonly to: keyof UploadWorld & string;
  /** Files that it uploads from. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** What is there before, without faults. */
  readonly before?: (scene: UploadScene) => Promise<unknown>;
  readonly run: (scene: UploadScene) => Promise<unknown>;
  /** The repository and the tag that it makes at the registry. */
  readonly made: readonly [repository: string, tag: string];
  /** The objects that it makes at the account. */
  readonly objects?: Readonly<Record<string, Uint8Array>>;
}

const bundleSpec = (rules = "") =>
  `apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0", description: A model }
spec:
  layers: [{ name: data, type: data, files: ["data/**"] }]
  roles: { default: [data] }
${rules}`;

const MODEL = {
  "ws/large.bin": bytesOf(LARGE),
  "ws/small.bin": bytesOf(70_001),
  "ws/empty.bin": new Uint8Array(),
  "ws/Modelfile": "NAME demo\nMODEL *.bin\n",
};

const BLOCKS = bytesOf(TWO_BLOCKS);
const ONE_REQUEST = bytesOf(900_001);

/** The ways to upload. */
export const FLOWS: Readonly<Record<string, UploadFlow>> = {
  "push": {
    to: "registry",
    files: MODEL,
    run: async (scene) => {
      await build(scene, "ws", { outputRemote: false });
      await withModels(scene, async (models, { name, signal }) => {
        await models.push(`${name}:v1`, { signal });
      });
    },
    made: ["demo", "v1"],
  },
  "build to the registry": {
    to: "registry",
    files: MODEL,
    run: (scene) => build(scene, "ws", { outputRemote: true }),
    made: ["demo", "v1"],
  },
  "attach": {
    to: "registry",
    files: { ...MODEL, "few/a.json": "{}", "few/Modelfile": "NAME demo\nCONFIG a.json\n" },
    before: (scene) => build(scene, "few", { outputRemote: true }),
    run: (scene) =>
      withModels(scene, async (models, { name, folder, signal }) => {
        await models.attach(folder.join("ws/large.bin"), {
          ...{ source: `${name}:v1`, target: `${name}:v2`, outputRemote: true, signal },
        });
      }),
    made: ["demo", "v2"],
  },
  "bundle push": {
    to: "registry",
    files: {
      "work/modelops.yaml": bundleSpec(),
      "work/data/large.bin": MODEL["ws/large.bin"],
      "work/data/small.bin": "small",
    },
    run: ({ name, ...scene }) => pushBundle(name, scene),
    made: ["demo/demo", "1.0.0"],
  },
  "bundle push, objects in Azure": {
    to: "account",
    files: {
      "work/modelops.yaml": bundleSpec(
        `  external_rules: [{ pattern: "*.obj", uri_template: "az://data/{name}/{path}" }]\n`,
      ),
      "work/data/blocks.obj": BLOCKS,
      "work/data/one.obj": ONE_REQUEST,
      "work/data/small.bin": "small",
    },
    run: ({ name, registry, ...scene }) =>
      pushBundle(`${registry}/demo`, { ...scene, account: name }),
    made: ["demo/demo", "1.0.0"],
    objects: { "data/demo/data/blocks.obj": BLOCKS, "data/demo/data/one.obj": ONE_REQUEST },
  },
};

/** The names of the ways. */
export const FLOW_NAMES: readonly string[] = Object.keys(FLOWS);

type Models = ReturnType<typeof createModelBackend>;

async function withModels(
  scene: UploadScene,
  work: (models: Models, scene: UploadScene) => Promise<void>,
): Promise<void> {
  const { folder, retry } = scene;
  await using client = new RegistryClient({ retry, cacheFolder: folder.join("cache") });
  const catalog = diskCatalog(folder.join("store"));
  await work(createModelBackend({ catalog, connect: client.connect }), scene);
}

async function build(
  scene: UploadScene,
  from: string,
  { outputRemote }: { readonly outputRemote: boolean },
): Promise<void> {
  await withModels(scene, async (models, { folder, name, signal }) => {
    await models.build(folder.join(from), {
      ...{ targets: [`${name}:v1`], outputRemote, digestCache: false, signal },
    });
  });
}

async function pushBundle(
  place: string,
  { folder, retry, signal, account }:
    & Pick<UploadScene, "folder" | "retry" | "signal">
    & { readonly account?: string },
): Promise<void> {
  await using bundles = await bundlesAt(place, { folder: folder.path, retry, account });
  await bundles.push(folder.join("work"), { signal });
}

/**
 * Makes sure that what has a tag is there, all of it, and that no object is wrong; without a tag,
 * that nothing else has it.
 */
export async function checkServers(
  { registry, account }: UploadWorld,
  { made: [repository, tag], objects = {} }: UploadFlow,
  { whole }: { readonly whole: boolean },
): Promise<void> {
  for (const [name, { bytes }] of account.blobs) {
    assert.equal(digestBytes(bytes), digestBytes(objects[name]!), `${name} is wrong`);
  }
  const store = registry.catalog.repository(repository);
  const root = await store.resolve(tag).catch(() => undefined);
  assert.ok(root !== undefined || !whole, "the tag is missing");
  if (root === undefined) return;
  assert.deepEqual([...account.blobs.keys()].sort(), Object.keys(objects).sort());
  const manifest = parseManifest(await readContent(store, root));
  assert.ok(manifest.kind === "manifest");
  const blobs = [manifest.config, ...manifest.layers].filter((blob) => blob !== undefined);
  for (const blob of blobs) {
    const bytes = await readContent(store, blob, { limit: LARGE * 2 });
    assert.equal(digestBytes(bytes), blob.digest);
  }
}
