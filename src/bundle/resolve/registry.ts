/**
 * Which registry, and where in it, bundles are.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { isRegistryHost, isRepositoryName, looksLikeHost } from "../../oci/reference.ts";

/** Where bundles are. */
export interface RegistrySettings {
  /** Host, with port where one is given, of the registry; the local store when absent. */
  readonly registry?: string;
  /** Path in the registry below which every bundle has a repository; empty for none. */
  readonly repository?: string;
  /** Whether plain HTTP, or a certificate that does not verify, is accepted. */
  readonly insecure: boolean;
  /** Whether the registry was given with an `http://` address. */
  readonly plainHttp: boolean;
}

/** The values that decide it, with the names that messages call them by. */
export interface RegistrySource {
  /** Address of the registry. */
  readonly url: string | undefined;
  /** Variable that the address comes from. */
  readonly urlVariable: string;
  /** Path in the registry, perhaps with a host. */
  readonly repository: string | undefined;
  /** Variable that the path comes from. */
  readonly repositoryVariable: string;
  /** As in {@linkcode RegistrySettings}. */
  readonly insecure: boolean;
}

/**
 * Reads the address of the registry and the path in it. A path may start with a host when no address is
 * given, or with the address's own host.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function registrySettings(source: RegistrySource): RegistrySettings {
  const { insecure, repository } = source;
  const url = source.url === undefined ? undefined : parseUrl(source.url, source.urlVariable);
  const plainHttp = url?.plainHttp ?? false;
  if (repository === undefined) return { registry: url?.host, insecure, plainHttp };
  const { host, path } = splitHost(repository, url?.host);
  const conflict = host !== undefined && url !== undefined && host !== url.host;
  if (conflict || path !== "" && !isRepositoryName(path)) {
    throw refuse(
      source.repositoryVariable,
      repository,
      conflict ? `it names another registry than ${source.urlVariable}` : badPath(path),
    );
  }
  return { registry: url?.host ?? host, repository: path, insecure, plainHttp };
}

function parseUrl(text: string, variable: string): { host: string; plainHttp: boolean } {
  // Registries are addressed by their host; /v2 is what people copy from the address of its API.
  const match = /^(?:(https?):\/\/)?([^/]+)(?:\/|\/v2\/?)?$/.exec(text);
  const host = match?.[2];
  if (host === undefined || !isRegistryHost(host)) {
    const shown = text.includes("@") ? "(it holds credentials)" : quote(text);
    throw new InvalidInputError(
      `Cannot use ${variable} ${shown}: it is not the address of a registry`,
      { remedy: `write ${variable}=https://registry.example.com or localhost:5000` },
    );
  }
  return { host, plainHttp: match?.[1] === "http" };
}

/** Splits off the host that a path may start with. */
function splitHost(text: string, registry: string | undefined): { host?: string; path: string } {
  const slash = text.indexOf("/");
  const first = slash < 0 ? text : text.slice(0, slash);
  const isHost = first === registry || first.includes(":") ||
    registry === undefined && looksLikeHost(first);
  if (!isHost || !isRegistryHost(first)) return { path: text };
  return { host: first, path: slash < 0 ? "" : text.slice(slash + 1) };
}

function badPath(path: string): string {
  const lower = path.toLowerCase();
  return lower !== path && isRepositoryName(lower)
    ? "the path of a repository must be lower case"
    : "it is not the path of a repository";
}

function refuse(variable: string, value: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot use ${variable} ${quote(value)}: ${reason}`, {
    remedy: `write ${variable}=myorg/models, or registry.example.com/myorg/models`,
  });
}

/**
 * The repositories that a bundle of that name may be in, the one that is written first, as
 * `host/path`, or as a path of the local store.
 * @throws {InvalidInputError} when no path for bundles is set.
 */
export function bundleRepositories(settings: RegistrySettings, name: string): readonly string[] {
  if (settings.repository === undefined) {
    throw new InvalidInputError(
      `Cannot find bundle ${quote(name)}: REGISTRY_REPO is not set`,
      {
        reference: name,
        remedy: "set REGISTRY_REPO, such as localhost:5000/models, or write a full reference",
      },
    );
  }
  return [join(settings, name), join(settings, `bundles/${name}`)];
}

/** The repository at the path for bundles itself; none when no path is set or it is the root. */
export function baseRepository(settings: RegistrySettings): string | undefined {
  return settings.repository ? join(settings) : undefined;
}

function join({ registry, repository }: RegistrySettings, name?: string): string {
  return [registry, repository, name].filter((part) => part).join("/");
}
