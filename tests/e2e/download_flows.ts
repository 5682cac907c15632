/**
 * All ways to download, as the tests of faults take them: from a registry, a storage account and a
 * hub.
 * @module
 */
import type { RetryPolicy } from "../../src/core/retry.ts";
import { createTransport } from "../../src/http/transport.ts";
import { downloadModel } from "../../src/hubs/download_model.ts";
import { openBundles, type OpenedBundles } from "../../src/library/bundles.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { ModelBackend } from "../../src/model/operations.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { huggingFaceServer } from "../hubs/support.ts";
import { accountSettings, scriptedAccount } from "../support/scripted_account.ts";
import {
  changed,
  pushModel,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
  type ScriptedServer,
  scriptedServer,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

/** Enough for another thread to receive it. */
export const LARGE = 4 * 1024 * 1024 + 4321;

/**
 * The files of the model: one that a worker receives, one that passes through memory, an empty one.
 */
export const FILES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "large.bin": Uint8Array.from({ length: LARGE }, (_, index) => index * 31 + (index >> 10)),
  "small.bin": Uint8Array.from({ length: 70_001 }, (_, index) => index * 7),
  "empty.bin": new Uint8Array(),
};

/** The servers that have the files. */
export type Origin = "registry" | "account" | "hub";

/** One download. */
export interface DownloadScene {
  /** The name of the content, with the host of the server that is scripted. */
  readonly name: string;
  /** Host of the registry, which does as it should where another server is scripted. */
  readonly registry: string;
  /** Folder of the run: what is downloaded goes to `out` in it. */
  readonly folder: string;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
}

/** A way to download the files to `out`. */
export interface DownloadFlow {
  /** The server that is scripted: the large file comes from it. */
  readonly from: Origin;
  readonly run: (scene: DownloadScene) => Promise<unknown>;
}

/** The ways to download. */
export const FLOWS: Readonly<Record<string, DownloadFlow>> = {
  "pull": fromRegistry(async (models, reference, { output, signal }) => {
    await models.pull(reference, { signal });
    await models.extract(reference, { output, signal });
  }),
  "pull --extract-dir": fromRegistry((models, reference, { output, signal }) =>
    models.pull(reference, { extractDir: output, signal })
  ),
  "pull --extract-from-remote": fromRegistry((models, reference, { output, signal }) =>
    models.pull(reference, { extractDir: output, extractFromRemote: true, signal })
  ),
  "fetch": fromRegistry((models, reference, { output, signal }) =>
    models.fetch(reference, { output, patterns: ["*.bin"], signal })
  ),
  "bundle materialize": {
    from: "registry",
    run: ({ name, ...scene }) => materialize(name, "plain", scene),
  },
  "bundle materialize --no-cache": {
    from: "registry",
    run: ({ name, ...scene }) => materialize(name, "plain", { ...scene, cache: false }),
  },
  "bundle pull, objects in Azure": {
    from: "account",
    run: ({ name, registry, ...scene }) => materialize(`${registry}/demo`, "outside", scene, name),
  },
  "download from a hub": {
    from: "hub",
    run: async ({ name, folder, retry, signal }) => {
      using network = createTransport({ stallTime: retry.stallTime });
      const model = { hub: "huggingface", repository: "owner/name" } as const;
      const hubUrl = `http://${name}`;
      await downloadModel(model, `${folder}/out`, {
        ...{ hubUrl, retry, signal, transport: network.send, isInside: network.isInside },
      });
    },
  },
};

/** The names of the ways. */
export const FLOW_NAMES: readonly string[] = Object.keys(FLOWS);

function fromRegistry(
  work: (
    models: ModelBackend,
    reference: string,
    options: { readonly output: string; readonly signal: AbortSignal },
  ) => Promise<unknown>,
): DownloadFlow {
  return {
    from: "registry",
    run: async ({ name, folder, retry, signal }) => {
      await using client = new RegistryClient({ retry });
      const catalog = diskCatalog(`${folder}/store`);
      const models = createModelBackend({ catalog, connect: client.connect });
      await work(models, `${name}:v1`, { output: `${folder}/out`, signal });
    },
  };
}

async function materialize(
  place: string,
  bundle: string,
  { folder, retry, signal, cache }:
    & Pick<DownloadScene, "folder" | "retry" | "signal">
    & { readonly cache?: boolean },
  account?: string,
): Promise<void> {
  await using bundles = await bundlesAt(place, { folder, retry, account });
  await bundles.pull(`${bundle}:1.0.0`, {
    ...{ dest: `${folder}/out`, role: "default", prefetchExternal: true, cache, signal },
  });
}

/** Opens the operations on the bundles of a repository, and of an account where one is named. */
export async function bundlesAt(
  place: string,
  { folder, retry, account }: {
    readonly folder: string;
    readonly retry: RetryPolicy;
    readonly account?: string;
  },
): Promise<OpenedBundles> {
  const [registry = "", repository = ""] = place.split("/");
  const { attempts, stallTime } = retry;
  return await openBundles({
    storageDir: `${folder}/store`,
    cacheFolder: `${folder}/cache`,
    retry,
    bundles: {
      ...{ registry, repository },
      azure: account === undefined ? undefined : accountSettings(account),
      externalRetries: attempts && attempts - 1,
      externalTimeoutSeconds: stallTime && stallTime / 1000,
    },
  });
}

/** A bundle of the files; the large one lies outside when a base for it is given. */
export function bundleSpecOf(name: string, base?: string): string {
  const rules = base === undefined
    ? ""
    : `  external_rules: [{ pattern: "large.bin", uri_template: "${base}/{name}/{path}" }]\n`;
  return `apiVersion: v1
kind: Bundle
metadata: { name: ${name}, version: "1.0.0", description: A model }
spec:
  layers: [{ name: data, type: data, files: ["*.bin"] }]
  roles: { default: [data] }
${rules}`;
}

/** Pushes files as a model, as a bundle, and as a bundle whose objects are in the account. */
export async function publish(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { registry, account }: {
    readonly registry: ScriptedRegistry;
    readonly account: ScriptedServer;
  },
): Promise<void> {
  await pushModel(registry, files);
  await using folder = await tempFolder();
  for (const [name, bytes] of Object.entries(files)) await folder.write(`work/${name}`, bytes);
  await using bundles = await bundlesAt(`${registry.host}/demo`, {
    ...{ folder: folder.path, retry: {}, account: `${account.host}/demo` },
  });
  for (const [name, base] of [["plain"], ["outside", "az://data"]] as const) {
    await folder.write("work/modelops.yaml", bundleSpecOf(name, base));
    await bundles.push(folder.join("work"));
  }
}

/** The servers, each with the files. */
export interface DownloadWorld extends AsyncDisposable {
  /** Host of the registry. */
  readonly registry: string;
  /** A name of the content at the server of a way, whose answers go through a script. */
  scripted(flow: DownloadFlow, script: Script): string;
}

/** Starts the servers. */
export async function downloadWorld(): Promise<DownloadWorld> {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(scriptedRegistry());
  const account = stack.use(scriptedAccount());
  const servers: Readonly<Record<Origin, ScriptedServer>> = {
    ...{ registry, account, hub: stack.use(scriptedHub()) },
  };
  await publish(FILES, { registry, account });
  const open = stack.move();
  return {
    registry: registry.host,
    scripted: ({ from }, script) => servers[from].scripted(script),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** A hub whose files come with their lengths. */
function scriptedHub(): ScriptedServer {
  const answer = huggingFaceServer({ revisions: { main: FILES }, large: ["large.bin"] });
  return scriptedServer({
    prefix: "/",
    home: "hub",
    handler: async (request) => {
      const { headers, method, url } = request;
      const response = await answer(new Request(url.replace("/hub/", "/"), { headers, method }));
      const copy = response.clone();
      return await changed(response, {
        headers: { "Content-Length": `${(await copy.bytes()).byteLength}` },
      });
    },
  });
}
