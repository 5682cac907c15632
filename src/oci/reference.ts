/**
 * References: the names under which people find artifacts.
 *
 * The grammar is the one of the Distribution project (`host[:port]/path[:tag][@digest]`), with
 * bracketed IPv6 hosts. Names must carry their host: a name without one is ambiguous between
 * registries.
 * @module
 */
import { type Digest, isDigest } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** A parsed reference. */
export interface Reference {
  /** Host, with port where one is given, of the registry: `localhost:5000`, `docker.io`. */
  readonly registry: string;
  /** Path of the repository within the registry: `models/demo`. */
  readonly repository: string;
  /** The tag, where the reference has one. */
  readonly tag?: string;
  /** The digest, where the reference has one. It wins over the tag. */
  readonly digest?: Digest;
}

const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The longest repository name that registries take. */
const REPOSITORY_LENGTH_LIMIT = 255;

/** Whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether `text` can be the path of a repository in a registry. */
export function isRepositoryName(text: string): boolean {
  return text.length <= REPOSITORY_LENGTH_LIMIT &&
    text.split("/").every((component) => COMPONENT.test(component));
}

/** Whether `text` can be the host, with or without port, of a registry. */
export function isRegistryHost(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null || match[1] !== undefined && Number(match[1]) > 65535) return false;
  return !text.startsWith("[") || URL.canParse(`http://${text}`);
}

/** By the rule of Docker's clients a host has a dot or a colon, or is localhost. */
export function looksLikeHost(component: string): boolean {
  return component === "localhost" || /[.:]/.test(component);
}

/** Whether the name of a repository, or a reference, begins with the host of a registry. */
export function startsWithHost(text: string): boolean {
  const first = text.slice(0, Math.max(0, text.indexOf("/")));
  return looksLikeHost(first) && isRegistryHost(first);
}

/**
 * Reads a reference.
 * @throws {InvalidInputError} naming the part that is wrong.
 *
 * @example The parts of a reference
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseReference } from "@modelops/modelops/oci";
 *
 * const { registry, repository, tag } = parseReference("localhost:5000/models/demo:v1");
 * assert.deepEqual([registry, repository, tag], ["localhost:5000", "models/demo", "v1"]);
 * ```
 */
export function parseReference(text: string): Reference {
  const refuse = (reason: string, remedy?: string): never => {
    throw new InvalidInputError(`Cannot use reference ${quote(text)}: ${reason}`, {
      reference: text,
      remedy,
    });
  };
  if (text === "") refuse("it is empty");
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (scheme) {
    refuse(`it starts with ${quote(scheme[0])}`, `write ${text.slice(scheme[0].length)}`);
  }
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    refuse(`${quote(digest)} is not a digest (sha256: and 64 lower-case hex digits)`);
  }
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.indexOf("/");
  const registry = named.slice(0, Math.max(slash, 0));
  if (!looksLikeHost(registry)) {
    refuse("it does not start with the host of a registry", hostRemedy(named));
  }
  if (!isRegistryHost(registry)) refuse(`${quote(registry)} is not a host`);
  const rest = named.slice(slash + 1);
  const colon = rest.indexOf(":");
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) {
    refuse(`${quote(tag)} is not a tag (letters, digits, "_", "." and "-", at most 128 of them)`);
  }
  const repository = normalizeRepository(registry, colon < 0 ? rest : rest.slice(0, colon));
  if (!isRepositoryName(repository)) {
    const lower = repository.toLowerCase();
    refuse(
      lower !== repository && isRepositoryName(lower)
        ? `the repository name ${quote(repository)} must be lower case`
        : `${quote(repository)} is not a repository name`,
      lower !== repository ? `write ${text.replace(repository, lower)}` : undefined,
    );
  }
  return {
    registry: registry === "index.docker.io" ? "docker.io" : registry,
    repository,
    tag,
    digest: digest as Digest | undefined,
  };
}

function hostRemedy(named: string): string | undefined {
  return /^[a-z0-9]/.test(named)
    ? `write localhost:5000/${named}, or docker.io/${named}`
    : undefined;
}

function normalizeRepository(registry: string, path: string): string {
  const hub = registry === "docker.io" || registry === "index.docker.io";
  return hub && path !== "" && !path.includes("/") ? `library/${path}` : path;
}

/** Writes a reference as text; reading it gives the same reference. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${repositoryName(reference)}${tag}${digest}`;
}

/** The name of a reference's repository, with the host: `localhost:5000/models/demo`. */
export function repositoryName(reference: Reference): string {
  return `${reference.registry}/${reference.repository}`;
}

/**
 * What a store is asked for: the digest if the reference has one, else the tag.
 * @throws {InvalidInputError} when the reference has neither.
 */
export function referenceTarget(reference: Reference): string {
  const target = reference.digest ?? reference.tag;
  if (target !== undefined) return target;
  const text = formatReference(reference);
  throw new InvalidInputError(
    `Cannot use reference ${quote(text)}: it has neither a tag nor a digest`,
    { reference: text, remedy: `write ${text}:latest` },
  );
}
