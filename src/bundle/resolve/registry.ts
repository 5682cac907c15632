/**
 * Which registry, and where in it, bundles are.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** Where bundles are. */
export interface RegistrySettings {
  /** Host, with port where one is given, of the registry; the local store when absent. */
  readonly registry?: string;
  /** Path in the registry below which every bundle has a repository; empty for none. */
  readonly repository?: string;
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
