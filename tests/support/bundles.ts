/** Bundles for tests of the whole program: services, working directories, workspaces. @module */
import { createCipheriv } from "node:crypto";
import { dirname, join } from "node:path";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { type Digest, digestStream } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { startAzurite, startRegistry } from "./registry.ts";
import type { RunningAzurite, RunningService } from "./registry.ts";
import { type ReverseProxy, startReverseProxy } from "./reverse_proxy.ts";

const MIB = 1024 * 1024;

/** Where bundles and their big files are, each behind a proxy that counts. */
export interface BundleServices extends AsyncDisposable {
  readonly registry: RunningService;
  readonly azurite: RunningAzurite;
  /** In front of the registry. */
  readonly registryProxy: ReverseProxy;
  /** In front of Azurite. */
  readonly azureProxy: ReverseProxy;
  /** The variables of a user who meets the services themselves. */
  readonly env: Readonly<Record<string, string>>;
  /** The variables of a user who meets the proxies. */
  readonly proxiedEnv: Readonly<Record<string, string>>;
}

/** Starts a registry, and an Azurite with the container `bundles`. */
export async function startBundleServices(): Promise<BundleServices> {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await startRegistry());
  const azurite = stack.use(await startAzurite());
  await azurite.createContainer("bundles");
  const registryProxy = stack.use(startReverseProxy(registry.address));
  const azureProxy = stack.use(startReverseProxy(azurite.address));
  const running = stack.move();
  const { account } = azurite;
  return {
    ...{ registry, azurite, registryProxy, azureProxy },
    env: bundleEnv(azurite, registry.address, azurite.endpoint),
    proxiedEnv: bundleEnv(
      azurite,
      registryProxy.address,
      `http://${azureProxy.address}/${account}`,
    ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function bundleEnv({ account, key }: RunningAzurite, registry: string, endpoint: string) {
  return {
    REGISTRY_REPO: `${registry}/models`,
    AZURE_STORAGE_ACCOUNT: account,
    AZURE_STORAGE_KEY: key,
    AZURE_STORAGE_CONTAINER: "bundles",
    AZURE_STORAGE_ENDPOINT: endpoint,
    EXTERNAL_TIMEOUT_S: "30",
  };
}

/** The spec of `my-model`: layers code, config and data, and the roles of the guide. */
export function bundleSpec(version = "1.0.0", tier = "cool"): string {
  return `apiVersion: v1
kind: Bundle
metadata: { name: my-model, version: "${version}", description: A model }
spec:
  layers:
    - { name: code, type: code, files: ["src/**"] }
    - { name: config, type: config, files: ["config/**"] }
    - { name: data, type: data, files: ["data/**"] }
  roles:
    default: [code]
    runtime: [code, config]
    training: [code, config, data]
  external_rules:
    - { pattern: "data/*.bin", uri_template: "az://bundles/{name}/{path}", tier: ${tier} }
`;
}

/** Writes pseudo-random bytes that a seed decides; a stretch at a time, so that any size goes. */
export async function writeNoise(path: string, size: number, seed: number): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const cipher = createCipheriv("aes-128-ctr", new Uint8Array(16).fill(seed), new Uint8Array(16));
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let left = size; left > 0; left -= MIB) {
    const bytes = cipher.update(new Uint8Array(Math.min(left, MIB)));
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
  }
}

/** What a file is: its digest, and whether it may be executed. */
export type FileState = `${Digest}${"" | " x"}`;

/** Every regular file below a folder by its path, in bytewise order. */
export async function folderState(root: string): Promise<Record<string, FileState>> {
  const paths = (await Array.fromAsync(filesBelow(root, ""))).sort();
  const states = await mapConcurrent(paths, (path) => fileState(join(root, path)));
  return Object.fromEntries(paths.map((path, index) => [path, states[index]!]));
}

async function fileState(path: string): Promise<FileState> {
  const source = await fileSource(path);
  const { digest } = await digestStream(await source.open());
  const { mode } = await Deno.stat(path);
  return ((mode ?? 0) & 0o100) === 0 ? digest : `${digest} x`;
}

async function* filesBelow(root: string, prefix: string): AsyncGenerator<string, void> {
  for (const { name, isDirectory, isFile } of await readDirIfExists(join(root, prefix))) {
    if (isFile) yield prefix + name;
    if (isDirectory) yield* filesBelow(root, `${prefix}${name}/`);
  }
}

/** The files that are the bundle's own: everything but the reserved folder. */
export function bundleFiles<State>(state: Readonly<Record<string, State>>): Record<string, State> {
  return Object.fromEntries(
    Object.entries(state).filter(([path]) => !path.startsWith(".mops/")),
  );
}
