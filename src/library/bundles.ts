/**
 * The operations on bundles, over the registries, the local store and the external storage that
 * settings describe.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { type Bundles, createBundles } from "../bundle/operations.ts";
import type { BundleProvider } from "../bundle/provider.ts";
import { DigestIndex } from "../bundle/resolve/digest_index.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { RetryPolicy } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import { Dragonfly } from "../http/dragonfly/dragonfly.ts";
import { daemonOptions, dragonflySettings } from "../http/dragonfly/options.ts";
import { createTransport } from "../http/transport.ts";
import type { Transport, TransportOptions } from "../http/transport_options.ts";
import { diskCatalog, type LocalCatalog } from "../oci/disk_catalog.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { parseReference, startsWithHost } from "../oci/reference.ts";
import { objectFolder, openObjectStore } from "../objects/dispatch.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import { bundleSwitches, forBundles, hostOf } from "./bundle_registry.ts";
import { hostlessCatalog } from "./hostless_catalog.ts";
import { openMirroredRegistries, type Registries } from "./mirrored_registries.ts";
import { transportOptions } from "./registries.ts";
import { sharedObjects } from "./shared_objects.ts";
import type {
  BundleSettings,
  CredentialSettings,
  NetworkSettings,
  OpenOptions,
  StoreSettings,
} from "./settings.ts";

/** What the operations on bundles are opened with. */
export interface OpenBundlesSettings extends StoreSettings, NetworkSettings, CredentialSettings {
  /** Where bundles and their big files are. */
  readonly bundles?: BundleSettings;
  /** Folder for what can be found out again; one in the local store's when absent. */
  readonly cacheFolder?: string;
  /** How every registry of bundles is reached, before what `bundles` says. */
  readonly access?: ConnectOptions;
}

/** The operations on bundles; disposing them closes the connections that they opened. */
export interface OpenedBundles extends Bundles, AsyncDisposable {}

/**
 * Opens the operations on bundles. Nothing is asked for before it is needed.
 * @throws {InvalidInputError} when a setting cannot be used.
 *
 * @example Publish a bundle into the local store, and write what a role needs
 * ```ts
 * import assert from "node:assert/strict";
 * import { openBundles } from "@modelops/modelops";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/src`);
 * await Deno.writeTextFile(`${folder}/src/predict.py`, "print(1)");
 * await Deno.writeTextFile(
 *   `${folder}/modelops.yaml`,
 *   `apiVersion: v1
 * kind: Bundle
 * metadata: { name: demo, version: "1.0.0" }
 * spec:
 *   layers: [{ name: code, type: code, files: ["src/**"] }]
 *   roles: { default: [code] }
 * `,
 * );
 * await using bundles = await openBundles({
 *   storageDir: await Deno.makeTempDir(),
 *   bundles: { repository: "models" },
 * });
 * await bundles.push(folder);
 * const dest = await Deno.makeTempDir();
 * const { files } = await bundles.materialize("demo:1.0.0", { dest });
 * assert.deepEqual(files.map(({ path }) => path), ["src/predict.py"]);
 * ```
 */
export async function openBundles(
  settings: OpenBundlesSettings,
  options: OpenOptions = {},
): Promise<OpenedBundles> {
  const { bundles = {}, access } = settings;
  if (bundles.provider !== undefined) {
    throw new InvalidInputError(
      `Cannot use provider ${quote(bundles.provider)}: this program has no built-in provider`,
      { setting: "provider" },
    );
  }
  const way = await transportOptions(settings);
  const asked = forBundles(settings, bundles);
  const registries = await openMirroredRegistries(asked, { ...options, network: way });
  const proxied = access?.proxy === undefined ? way : { ...way, proxy: access.proxy };
  const network = { ...proxied, stallTime: asked.retry.stallTime };
  const connections = new AsyncDisposableStack();
  connections.use(registries);
  const provider = bundleProvider(bundles, {
    catalog: diskCatalog(settings.storageDir),
    registries,
    cacheFolder: settings.cacheFolder ?? join(settings.storageDir, "cache"),
    retry: settings.retry,
    bytesPerSecond: settings.maxRate,
    access,
    ...objectNetwork(settings, { network, connections, log: options.log }),
  });
  return Object.assign(createBundles(provider), {
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  });
}

/** How objects are reached: by way of a daemon where one is named. */
function objectNetwork(
  settings: OpenBundlesSettings,
  { network, connections, log }: OpenOptions & {
    readonly network: TransportOptions;
    readonly connections: AsyncDisposableStack;
  },
): Pick<ProviderParts, "transport" | "distrust"> {
  const open = (options: TransportOptions) =>
    settings.transport ?? connections.use(createTransport(options)).send;
  const choice = dragonflySettings(settings.access ?? {}, settings.dragonfly);
  if (choice === undefined) return { transport: () => open(network) };
  const way = { transport: open(daemonOptions(network)), retry: settings.retry, log };
  const daemon = new Dragonfly(choice, way);
  return {
    transport: () => sharedObjects(open(network), { daemon, settings: choice, log }),
    distrust: (url, failure) => daemon.distrust(url, failure),
  };
}

/** Repository of the local store that keeps the content of bundles for other materializations. */
const CACHE_REPOSITORY = "modelops.cache/bundles";

/** What a provider is made of besides its settings. */
export interface ProviderParts {
  /** The local store. */
  readonly catalog: LocalCatalog;
  /** Opens repositories of registries. */
  readonly registries: Pick<Registries, "connect">;
  /** Folder for what can be found out again. */
  readonly cacheFolder: string;
  /** How every registry is reached, before what the settings say. */
  readonly access?: ConnectOptions;
  /** Makes what carries the requests to object stores; `fetch` when absent. */
  readonly transport?: () => Transport;
  /** Told that what was read at a URL was wrong: `true` when it comes from another place now. */
  readonly distrust?: (url: URL, failure: unknown) => boolean;
  /** How requests to object stores are tried again, where the settings do not say it. */
  readonly retry?: RetryPolicy;
  /** Bytes a second of all connections, where the rate is limited. */
  readonly bytesPerSecond?: number;
}

/** Makes the provider that settings describe. */
export function bundleProvider(settings: BundleSettings, parts: ProviderParts): BundleProvider {
  const { catalog, registries, access } = parts;
  const objectStore = settings.objectStore && objectFolder(settings.objectStore);
  const { container = "bundles", ...azure } = settings.azure ?? {};
  const local = hostlessCatalog(catalog);
  let objects: ObjectStore | undefined;
  return {
    settings,
    open: (name) =>
      isRemote(name, settings.registry)
        ? registries.connect(parseReference(name), bundleSwitches(name, settings, access))
        : local.repository(name),
    isLocal: (name) => !isRemote(name, settings.registry),
    objects: () =>
      objects ??= openObjectStore({
        azure,
        fileRoot: objectStore,
        timeoutSeconds: settings.externalTimeoutSeconds,
        retries: settings.externalRetries,
      }, {
        transport: parts.transport?.(),
        distrust: parts.distrust,
        retry: parts.retry,
        bytesPerSecond: parts.bytesPerSecond,
      }),
    allowStatWithoutSha: settings.allowStatWithoutSha,
    externalBase: `az://${container}`,
    cache: catalog.repository(CACHE_REPOSITORY),
    digestIndex: new DigestIndex(
      join(settings.cacheFolder ?? parts.cacheFolder, "bundles-by-digest"),
    ),
    repositories: () => local.repositories(),
  };
}

/**
 * Whether a name is that of a registry's repository; the local store's own need no host. What was
 * set as the registry is one, even where its name looks like the part of a path.
 */
function isRemote(name: string, registry: string | undefined): boolean {
  return hostOf(name) === registry || startsWithHost(name);
}
