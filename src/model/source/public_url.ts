/**
 * URLs as anyone may read them: without users, passwords, tokens and signatures.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";

/** Forms of URLs, and of what git takes in place of them, that hold credentials. */
const WITH_CREDENTIALS = [
  /^[a-z][a-z0-9+.-]*:\/\/[^/\\?#]*@/i,
  // With a password that holds what ends a host, without a scheme, with a slash too few, or with
  // backslashes, which browsers take for slashes.
  /^(?:[a-z][a-z0-9+.-]*:)?[/\\]{1,2}[^/\\@\s]*:[^/\\@\s]*@/i,
  /^[^@/\s:]+:[^@/\s]*@[^@/\s:]+[:/]/,
];

/** Names of what a query may hold and nobody else may read. */
const SECRET_KEY =
  /token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|signature|credential|^(?:auth|key|pwd|sig)$/i;

/** URLs that stand in a text; each is looked for once, where a word begins. */
const URL_IN_TEXT = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s"<>]+/gi;

/** Whether a text is a URL, or a remote of git, with a user, a password, a token or a signature. */
function hasCredentials(text: string): boolean {
  if (WITH_CREDENTIALS.some((form) => form.test(text))) return true;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return false;
  // A password with a slash makes it no URL: `https://user:pass/word@host`.
  if (/:\/\/[^@\s]*:[^@\s]*@/.test(text) && !URL.canParse(text)) return true;
  return text.split(/[?#&;]/).slice(1).some((pair) =>
    SECRET_KEY.test(/^(.*?)=/.exec(pair)?.[1] ?? "")
  );
}

/**
 * A remote's URL without credentials: user, password, query and fragment of a URL are dropped. The
 * form `git@host:path` stays, since ssh has no password in it; with one it is cut as well.
 * @throws {Error} when the text looks like a URL and is none, since secrets could hide anywhere in
 * it.
 */
export function withoutCredentials(url: string): string {
  if (!url.includes("://")) {
    return url.replace(/^((?:[a-z][a-z0-9+.-]*:)?[/\\]{1,2})?[^@/\\]*:[^@/\\]*@/i, "$1");
  }
  // Credentials first: a password may hold a question mark.
  const cut = url.replace(/:\/\/[^/\\]*@/g, "://").replace(/[?#].*$/s, "");
  if (!URL.canParse(cut)) throw new Error("its URL is malformed");
  return cut;
}

/**
 * A text as anyone may read it: a URL that holds credentials loses them, and its query, be it the
 * whole text or a part of it.
 * @throws {InvalidInputError} when they cannot be taken out of it.
 */
export function publicUrl(text: string): string {
  if (hasCredentials(text)) return withoutSecrets(text);
  return text.replace(URL_IN_TEXT, (url) => hasCredentials(url) ? withoutSecrets(url) : url);
}

/** Whether a text holds no credentials in a URL. */
export function isPublic(text: string): boolean {
  return !hasCredentials(text) && !(text.match(URL_IN_TEXT) ?? []).some(hasCredentials);
}

function withoutSecrets(url: string): string {
  try {
    return withoutCredentials(url);
  } catch (cause) {
    throw new InvalidInputError(
      "Cannot record a URL that holds credentials: they could not be taken out of it",
      { cause, remedy: "write the URL without user and password" },
    );
  }
}
