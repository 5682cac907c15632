/**
 * What the commands work with: the only place where the parts of the product meet. Each is loaded when
 * it is first used.
 * @module
 */
import { isLoopbackHost } from "../core/hosts.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { ModelBackend } from "../model/operations.ts";
import type { RegistryConnector } from "../registry/connector.ts";
import type {
  CheckedModelfile,
  CheckRequest,
  GeneratedModelfile,
  GenerateRequest,
  RunningServer,
  ServeRequest,
  Services,
} from "./context.ts";
import type { Settings } from "./settings/global.ts";

/** The real services. */
export const services: Services = {
  openBackend,
  openBundles: async (settings, request) =>
    await (await import("./bundles.ts")).openBundles(settings, request),
  openAccounts: async (settings) =>
    new (await import("./registries.ts")).RegistryAccounts(settings),
  downloadModel: async (settings, request, options) =>
    await (await import("./downloads.ts")).downloadToFolder(settings, request, options),
  generateModelfile,
  checkModelfile,
  serve,
};

async function openBackend(
  settings: Settings,
  options: OperationOptions,
): Promise<ModelBackend> {
  const [{ DiskCatalog }, { createModelBackend }] = await Promise.all([
    import("../oci/disk_catalog.ts"),
    import("../model/backend.ts"),
  ]);
  let opened: Promise<RegistryConnector> | undefined;
  const registries = () =>
    opened ??= import("./registries.ts").then((module) => module.openRegistries(settings, options));
  return createModelBackend({
    catalog: new DiskCatalog(settings.storageDir),
    connect: async (reference, access) => (await registries()).connect(reference, access),
  });
}

async function generateModelfile(
  workspace: string,
  { values, exclude, include, generatedAt }: GenerateRequest,
  options: OperationOptions,
): Promise<GeneratedModelfile> {
  const [{ generateModelfile }, { formatModelfile }] = await Promise.all([
    import("../model/modelfile/generate.ts"),
    import("../model/modelfile/format.ts"),
  ]);
  const request = { ...values, ...options, exclude, include };
  const { modelfile, warnings } = await generateModelfile(workspace, request);
  return { text: formatModelfile(modelfile, { generatedAt }), warnings };
}

async function checkModelfile(
  path: string,
  workspace: string,
  options: CheckRequest,
): Promise<CheckedModelfile> {
  const { checkModelfile } = await import("../model/modelfile/check.ts");
  const { files, warnings } = await checkModelfile(path, workspace, options);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return { files: files.length, bytes, warnings };
}

async function serve(
  settings: Settings,
  { address: text, readOnly, htpasswd, allowAnonymous }: ServeRequest,
  options: OperationOptions,
): Promise<RunningServer> {
  const [
    { checkExposure, formatListenAddress, parseListenAddress },
    { createRegistryHandler },
    { htpasswdAuthenticator, readHtpasswd },
    { listen },
    { DiskCatalog },
  ] = await Promise.all([
    import("../server/address.ts"),
    import("../server/handler.ts"),
    import("../server/htpasswd.ts"),
    import("../server/listen.ts"),
    import("../oci/disk_catalog.ts"),
  ]);
  const address = parseListenAddress(text);
  checkExposure({ address, htpasswd, allowAnonymous });
  const users = htpasswd === undefined ? undefined : await readHtpasswd(htpasswd, options);
  const handler = createRegistryHandler(new DiskCatalog(settings.storageDir), {
    ...options,
    readOnly,
    authenticate: users && htpasswdAuthenticator(users),
    loopbackOnly: users === undefined && isLoopbackHost(address.hostname),
  });
  const listener = listen(handler, { address, signal: options.signal });
  return { address: formatListenAddress(listener.address), finished: listener.finished };
}
