/**
 * The repository that a version of a bundle goes to.
 *
 * A bundle may lie at `<path>/<name>` or, as the earlier tool has it, at `<path>/bundles/<name>`,
 * where that tool alone looks. Whoever publishes another version puts it beside those there are.
 * @module
 */
import { AccessDeniedError, InvalidInputError, NotFoundError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { ContentStore } from "../../oci/store.ts";
import { quote } from "../../core/text.ts";
import type { BundleProvider } from "../provider.ts";
import { bundleRepositories } from "../resolve/registry.ts";
import type { BundleSpec } from "../spec/description.ts";

/** Where the versions of a bundle are. */
export interface BundleHome {
  /** Name of the repository that new versions go to. */
  readonly repository: string;
  readonly store: ContentStore;
  /** The other repositories that have versions of it; their tags may not name something else. */
  readonly others: readonly ContentStore[];
}

/**
 * Finds the home of a bundle: the first of its possible repositories that has a version, else the
 * first of all.
 * @throws {InvalidInputError} when no path for bundles is set.
 */
export async function findHome(
  { open, settings }: Pick<BundleProvider, "open" | "settings">,
  { name, version }: Pick<BundleSpec, "name" | "version">,
  options: OperationOptions,
): Promise<BundleHome> {
  const [first, ...rest] = bundleRepositories(settings, name);
  if (first === undefined) throw noHome(`${name}:${version}`);
  const elsewhere = [];
  for (const repository of rest) {
    const place = { repository, store: open(repository) };
    if (await hasTags(place.store, options)) elsewhere.push(place);
  }
  const usual = { repository: first, store: open(first) };
  const [only] = elsewhere;
  // The usual place has to be asked only where there is a choice.
  if (only === undefined) return { ...usual, others: [] };
  if (!await hasTags(usual.store, options)) {
    return { ...only, others: elsewhere.slice(1).map(({ store }) => store) };
  }
  return { ...usual, others: elsewhere.map(({ store }) => store) };
}

function noHome(reference: string): InvalidInputError {
  const found = "it stays on this machine, since no repository for bundles is set";
  return new InvalidInputError(`Cannot push bundle ${quote(reference)}: ${found}`, {
    reference,
    setting: "publishedRepository",
  });
}

/** Whether a repository has anything that a name leads to. */
async function hasTags(store: ContentStore, options: OperationOptions): Promise<boolean> {
  try {
    for await (const _tag of store.tags(options)) return true;
    return false;
  } catch (error) {
    // Registries deny what does not exist; what may not be read cannot be guarded either.
    if (error instanceof NotFoundError || error instanceof AccessDeniedError) return false;
    throw error;
  }
}
