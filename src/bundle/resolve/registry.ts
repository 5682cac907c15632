/**
 * Which registry, and where in it, bundles are.
 * @module
 */

/** Where bundles are. */
export interface RegistrySettings {
  /** Host, with port where one is given, of the registry; the local store when absent. */
  readonly registry?: string;
  /** Path in the registry below which every bundle has a repository; empty for none. */
  readonly repository?: string;
  /** Where a bundle goes that is nowhere yet; `name` when absent. */
  readonly layout?: BundleLayout;
}

/** The repository of a bundle below the path: `<name>` itself, or `bundles/<name>`. */
export type BundleLayout = "name" | "bundles";

/** The layouts, the default first. */
export const BUNDLE_LAYOUTS: readonly BundleLayout[] = ["name", "bundles"];

/**
 * The repositories that a bundle of that name may be in, that of the layout first, as `host/path`,
 * or as a path of the local store; none when no path for bundles is set.
 */
export function bundleRepositories(settings: RegistrySettings, name: string): readonly string[] {
  if (settings.repository === undefined) return [];
  const repositories = [join(settings, name), join(settings, `bundles/${name}`)];
  return settings.layout === "bundles" ? repositories.reverse() : repositories;
}

/** The repository at the path for bundles itself; none when no path is set or it is the root. */
export function baseRepository(settings: RegistrySettings): string | undefined {
  return settings.repository ? join(settings) : undefined;
}

function join({ registry, repository }: RegistrySettings, name?: string): string {
  return [registry, repository, name].filter((part) => part).join("/");
}
