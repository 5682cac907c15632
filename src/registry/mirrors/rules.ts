/**
 * Rules that say where the repositories of a registry are read from. Which rule holds for a name,
 * and what a name becomes in another place, is as containers' tools have it:
 * https://github.com/containers/image/blob/v5.22.0/docs/containers-registries.conf.5.md
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { isRegistryHost, isRepositoryName } from "../../oci/reference.ts";

/** For which reads a mirror is asked: `all`, or those by a digest or by a tag alone. */
export const MIRROR_USES = ["all", "digest-only", "tag-only"] as const;

/** See {@linkcode MIRROR_USES}. */
export type MirrorUse = (typeof MIRROR_USES)[number];

/** Another place of what is below a prefix. */
export interface Mirror {
  /** What stands for the prefix there: `mirror.example.com/cache`. */
  readonly location: string;
  /** Accept any certificate, and HTTP. */
  readonly insecure: boolean;
  readonly use: MirrorUse;
}

/** What holds for all names below a prefix. */
export interface MirrorRule {
  /** `host`, `host/path` or `*.host`, which stands for any names before it. */
  readonly prefix: string;
  /** What stands for the prefix where the content is; names stay as they are when absent. */
  readonly location?: string;
  /** Accept any certificate, and HTTP. */
  readonly insecure: boolean;
  /** Nothing is read or written. */
  readonly blocked: boolean;
  /** Places that are asked first, in order. */
  readonly mirrors: readonly Mirror[];
  /** The file that says it. */
  readonly file: string;
}

/** A repository as a registry has it. */
export interface RepositoryPlace {
  readonly registry: string;
  readonly repository: string;
}

/** The rule of a repository: the one with the longest prefix, and the first of several such. */
export function ruleFor(
  rules: readonly MirrorRule[],
  { registry, repository }: RepositoryPlace,
): MirrorRule | undefined {
  const name = `${registry}/${repository}`;
  let found: MirrorRule | undefined;
  for (const rule of rules) {
    const isLonger = found === undefined || rule.prefix.length > found.prefix.length;
    if (isLonger && matchedLength(rule.prefix, name) !== undefined) found = rule;
  }
  return found;
}

/**
 * The place of a repository where `location` stands for the prefix.
 * @throws {InvalidInputError} when that is no repository.
 */
export function placeAt(
  location: string,
  rule: Pick<MirrorRule, "prefix" | "file">,
  { registry, repository }: RepositoryPlace,
): RepositoryPlace {
  const name = `${registry}/${repository}`;
  const moved = location + name.slice(matchedLength(rule.prefix, name));
  const slash = moved.indexOf("/");
  const place = { registry: moved.slice(0, slash), repository: moved.slice(slash + 1) };
  if (slash > 0 && isRegistryHost(place.registry) && isRepositoryName(place.repository)) {
    return place;
  }
  throw new InvalidInputError(
    `Cannot read ${quote(name)} from ${quote(moved)}, as ${quote(rule.file)} says: ` +
      "it is not the name of a repository",
    { path: rule.file, reference: name, actual: moved },
  );
}

/** How much of a name a prefix stands for; `undefined` when the name is not below it. */
function matchedLength(prefix: string, name: string): number | undefined {
  const end = prefix.startsWith("*.") ? endOfDomain(prefix.slice(1), name) : prefix.length;
  const isBelow = prefix.startsWith("*.") ? end > 0 : name.startsWith(prefix);
  return isBelow && ["/", ":", undefined].includes(name[end]) ? end : undefined;
}

/** Where the host of a name ends, if it ends with `domain` and has something before it; else 0. */
function endOfDomain(domain: string, name: string): number {
  const start = name.indexOf(domain);
  return start > 0 && !name.slice(0, start).includes("/") ? start + domain.length : 0;
}
