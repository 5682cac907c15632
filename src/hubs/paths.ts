/**
 * Paths of models on hubs.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";

/** How paths of a hub look. */
export interface RepositoryForm {
  /** Words that come between the repository and a revision: `owner/name/tree/REVISION`. */
  readonly pages: readonly string[];
}

/** A name that every hub allows for an owner or a repository. */
const NAME = /^(?!\.+$)[\w.-]{1,96}$/;

/** Revisions are names of git: no control characters, no spaces, nothing that climbs. */
const REVISION = /^(?!.*(\.\.|\/\/))[^\s\p{Cc}?#\\:~^*[]{1,255}$/u;

/**
 * Reads `[owner/]name[@revision]` and `[owner/]name/tree/revision`; `undefined` when the text is
 * neither.
 */
export function parseRepository(
  path: string,
  form: RepositoryForm,
): { repository: string; revision?: string } | undefined {
  const [, before = "", after] = /^([^@]*)(?:@(.*))?$/s.exec(trimSlashes(path)) ?? [];
  const page = form.pages.length === 0
    ? null
    : new RegExp(`^(.+?)/(?:${form.pages.join("|")})/(.+)$`).exec(before);
  if (page !== null && after !== undefined) return undefined;
  const repository = page?.[1] ?? before;
  const revision = page?.[2] === undefined ? after : decode(page[2]);
  const names = repository.split("/");
  if (names.length > 2 || !names.every((name) => NAME.test(name))) return undefined;
  if (revision === undefined) return { repository };
  // A page of a folder or a file is not the page of a model; only the names of pull requests have
  // slashes.
  const deep = page !== null && revision.includes("/") && !/^refs\/\w+\/\w+$/.test(revision);
  return deep || !isRevision(revision) ? undefined : { repository, revision };
}

/** Whether a text can be the name of a branch, a tag or a commit. */
export function isRevision(text: string): boolean {
  return REVISION.test(text);
}

/** Whether a text is a URL on a host, with or without its scheme and `www.`. */
export function mentionsHost(text: string, host: string): boolean {
  return new RegExp(`^(https?://)?([^/@]*@)?(www\\.)?${RegExp.escape(host)}(:\\d+)?(/|$)`, "i")
    .test(text);
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
  if (isHttp && url.username === "" && url.password === "") return text.replace(/[/?#]+$/, "");
  // What is there instead may be a secret, so it is not shown.
  throw new InvalidInputError("Cannot use the URL of the hub: want http(s)://HOST[:PORT][/PATH]", {
    remedy: "look at HF_ENDPOINT, MODELSCOPE_DOMAIN or MLFLOW_TRACKING_URI",
  });
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

/** A part of a URL as text; what is no encoded text stands for itself. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}
