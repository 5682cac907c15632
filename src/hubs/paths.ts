/**
 * Paths of models on hubs.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { decodeUrlPart, withoutEnd } from "../core/text.ts";

/** What names a model on its hub. */
export interface RepositoryName {
  /** `owner/name`, or the name of a registered model. */
  readonly repository: string;
  /** Branch, tag, commit, version or alias that was asked for; the hub's default when absent. */
  readonly revision?: string;
}

/** A name that every hub allows for an owner or a repository. */
const NAME = /^(?!\.+$)[\w.-]{1,96}$/;

/** Revisions are names of git: no control characters, no spaces, nothing that climbs. */
const REVISION = /^(?!.*(\.\.|\/\/))[^\s\p{Cc}?#\\:~^*[]{1,255}$/u;

/**
 * Reads `[owner/]name[@revision]` and `[owner/]name/PAGE/revision`, where PAGE is one of `pages`;
 * `undefined` when the text is neither.
 */
export function parseRepository(
  path: string,
  pages: readonly string[],
): RepositoryName | undefined {
  const [, before = "", after] = /^([^@]*)(?:@(.*))?$/s.exec(trimSlashes(path)) ?? [];
  const page = new RegExp(`^(.+?)/(?:${pages.join("|")})/(.+)$`).exec(before);
  if (page !== null && after !== undefined) return undefined;
  const repository = page?.[1] ?? before;
  const revision = page?.[2] === undefined ? after : decodeUrlPart(page[2]);
  const names = repository.split("/");
  if (names.length > 2 || !names.every((name) => NAME.test(name))) return undefined;
  if (revision === undefined) return { repository };
  // A page of a folder or a file is not that of a model; only names of pull requests have slashes.
  const deep = page !== null && revision.includes("/") && !/^refs\/\w+\/\w+$/.test(revision);
  return deep || !isRevision(revision) ? undefined : { repository, revision };
}

/** Whether a text can be the name of a branch, a tag or a commit. */
export function isRevision(text: string): boolean {
  return REVISION.test(text);
}

/** Whether a text is a URL on one of these hosts, with or without its scheme and `www.`. */
export function mentionsHost(text: string, hosts: readonly string[]): boolean {
  const host = hosts.map(RegExp.escape).join("|");
  return new RegExp(`^(https?://)?([^/@]*@)?(www\\.)?(${host})(:\\d+)?(/|$)`, "i").test(text);
}

/** A path for a URL: its parts encoded, its slashes kept. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/**
 * The URL of a hub, without slashes at its end.
 * @throws {InvalidInputError} when it is no HTTP URL, or holds credentials.
 */
export function checkedHubUrl(text: string): string {
  const url = URL.parse(text);
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (isHttp && url.username === "" && url.password === "") return withoutEnd(text, "/?#");
  // What is there instead may be a secret, so it is not shown.
  throw new InvalidInputError("Cannot use the URL of the hub: want http(s)://HOST[:PORT][/PATH]", {
    setting: "hubAddress",
  });
}

/** A path without slashes at its ends. */
export function trimSlashes(path: string): string {
  return withoutEnd(path, "/").replace(/^\/+/, "");
}
