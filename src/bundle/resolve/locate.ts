/**
 * From a reference to a manifest: which repositories may have it, and the first that does.
 * @module
 */
import {
  AccessDeniedError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  TransferError,
} from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseReference, referenceTarget, repositoryName } from "../../oci/reference.ts";
import type { ContentStore } from "../../oci/store.ts";
import { withNearTags } from "../../oci/tags/near.ts";
import type { BundleRef } from "../documents/bundle.ts";
import type { BundleProvider } from "../provider.ts";
import { formatBundleRef } from "./reference.ts";
import { baseRepository, bundleRepositories } from "./registry.ts";

/** A reference to what is in some repository. */
export type RemoteRef = Exclude<BundleRef, { kind: "path" }>;

/** Where to look. */
export type LocateOptions =
  & OperationOptions
  & Pick<BundleProvider, "open" | "settings" | "digestIndex" | "repositories">;

/** Where a bundle was found. */
export interface BundleLocation {
  /** Name of the repository, with its host. */
  readonly repository: string;
  readonly store: ContentStore;
  /** Descriptor of the manifest. */
  readonly root: Descriptor;
}

/**
 * Finds the first repository that has what a reference names. A name is looked for in both layouts
 * of repositories; a bare digest in the repository at the path for bundles itself, in those noted
 * earlier and in those the caller knows.
 * @throws {NotFoundError} naming all repositories that were searched.
 * @throws {TransferError} when it is in none, and one of them did not answer.
 * @throws {InvalidInputError} when a name is to be found, and no path for bundles is set.
 * @throws {IntegrityError} when the version of the reference is not the one of its digest.
 */
export async function locateBundle(
  ref: RemoteRef,
  options: LocateOptions,
): Promise<BundleLocation> {
  const tried: string[] = [];
  const silent: string[] = [];
  let refused: AccessDeniedError | undefined;
  let unanswered: TransferError | undefined;
  for await (const repository of candidates(ref, options)) {
    options.signal?.throwIfAborted();
    if (tried.includes(repository)) continue;
    tried.push(repository);
    const store = options.open(repository);
    try {
      return { repository, store, root: await rootOf(ref, store, options) };
    } catch (error) {
      // Registries deny access to what does not exist, so that names cannot be guessed.
      if (error instanceof AccessDeniedError) refused ??= error;
      // Of a digest every registry that this machine knows is asked, and nobody named this one.
      else if (error instanceof TransferError && ref.kind === "digest") {
        unanswered ??= error;
        silent.push(repository);
      } else if (!(error instanceof NotFoundError)) throw error;
    }
  }
  const asked = tried.filter((repository) => !silent.includes(repository));
  const missing = refused ?? await noSuchBundle(ref, asked, options);
  throw unanswered === undefined ? missing : notAllAsked(missing, unanswered);
}

function notAllAsked(
  missing: NotFoundError | AccessDeniedError,
  cause: TransferError,
): TransferError {
  const { remedy } = missing.facts;
  const message = `${missing.message}, and not all could be asked: ${cause.message}`;
  return new TransferError(message, { ...cause.facts, remedy, cause });
}

/** The repositories that may have the bundle, the likeliest first. */
async function* candidates(
  ref: RemoteRef,
  { settings, digestIndex, repositories }: LocateOptions,
): AsyncGenerator<string, void> {
  switch (ref.kind) {
    case "reference":
      return yield repositoryName(parseReference(ref.reference));
    case "version":
    case "pinned": {
      if (settings.repository === undefined) throw noRepository(ref);
      return yield* bundleRepositories(settings, ref.name);
    }
    case "digest": {
      const base = baseRepository(settings);
      if (base !== undefined) yield base;
      if (digestIndex) yield* await digestIndex.find(ref.digest);
      if (repositories) yield* repositories();
    }
  }
}

/** The manifest that a reference names in a repository. */
async function rootOf(
  ref: RemoteRef,
  store: ContentStore,
  options: OperationOptions,
): Promise<Descriptor> {
  const { tag, target } = targetOf(ref);
  const root = await store.resolve(target, operationOptions(options));
  if (tag === undefined || tag === target) return root;
  const tagged = await store.resolve(tag, operationOptions(options));
  if (tagged.digest === root.digest) return root;
  const text = formatBundleRef(ref);
  throw new IntegrityError(
    `Cannot resolve ${quote(text)}: ${store.name}:${tag} is ${tagged.digest}, want ${root.digest}`,
    { reference: text, expected: root.digest, actual: tagged.digest },
  );
}

/** The tag of a reference where it has one, and what decides: its digest, else its tag. */
function targetOf(ref: RemoteRef): { tag?: string; target: string } {
  switch (ref.kind) {
    case "reference": {
      const reference = parseReference(ref.reference);
      return { tag: reference.tag, target: referenceTarget(reference) };
    }
    case "version":
      return { tag: ref.version, target: ref.version };
    case "digest":
      return { target: ref.digest };
    case "pinned":
      return { tag: ref.version, target: ref.digest };
  }
}

function noRepository(ref: RemoteRef): InvalidInputError {
  const reference = formatBundleRef(ref);
  return new InvalidInputError(
    `Cannot find bundle ${quote(reference)}: no repository for bundles is set`,
    { reference, setting: "repository" },
  );
}

async function noSuchBundle(
  ref: RemoteRef,
  tried: readonly string[],
  options: LocateOptions,
): Promise<NotFoundError> {
  const text = formatBundleRef(ref);
  const where = tried.length === 0 ? "no repository is known" : `not in ${tried.join(", ")}`;
  const error = new NotFoundError(`Cannot find bundle ${quote(text)}: ${where}`, {
    reference: text,
    ...(ref.kind === "digest"
      ? { remedy: `name the repository too, such as my-model@${ref.digest}` }
      : { remedy: "check the name and the version", setting: "usedRepository" }),
  });
  const version = ref.kind === "version" ? ref.version : undefined;
  if (ref.kind !== "version" || version === undefined) return error;
  const bare = new NotFoundError(error.message);
  let remedy: string | undefined;
  for (const repository of tried) {
    const store = options.open(repository);
    const told = await withNearTags(bare, store, version, operationOptions(options));
    if (!(told instanceof NotFoundError)) continue;
    const suggestions = told.facts.suggestions
      ?.map((name) => `${ref.name}:${name.slice(store.name.length + 1)}`);
    if (suggestions) return new NotFoundError(error.message, { ...error.facts, suggestions });
    remedy ??= told.facts.remedy;
  }
  // What there is helps more than where to look.
  return remedy === undefined
    ? error
    : new NotFoundError(error.message, { reference: text, remedy });
}
