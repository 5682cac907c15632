/**
 * The part of git's configuration syntax that says where a repository comes from.
 * See https://git-scm.com/docs/git-config#_syntax
 * @module
 */

/** The first URL of a remote in the text of a git configuration, `undefined` when it has none. */
export function remoteUrl(config: string, remote: string): string | undefined {
  let inRemote = false;
  // A backslash at the end of a line continues the value.
  for (const raw of config.replace(/\\\r?\n/g, "").split("\n")) {
    let line = raw.trim();
    const header = /^\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header !== null) {
      const [all, section = "", subsection = ""] = header;
      inRemote = section.toLowerCase() === "remote" &&
        subsection.replace(/\\(.)/g, "$1") === remote;
      line = line.slice(all.length).trim();
    }
    const value = /^url\s*=\s*(.*)$/i.exec(line)?.[1];
    if (inRemote && value !== undefined) return configValue(value);
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b" };

/** A value without its quotes, escapes, comment and trailing blanks. */
function configValue(text: string): string {
  let value = "";
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"') {
      quoted = !quoted;
    } else if (char === "\\") {
      const escaped = text.charAt(++index);
      value += ESCAPES[escaped] ?? escaped;
    } else if (!quoted && (char === "#" || char === ";")) {
      break;
    } else {
      value += char;
    }
  }
  return value.trim();
}

/** Forms of URLs, and of what git takes in place of them, that hold credentials. */
const WITH_CREDENTIALS = [
  /^[a-z][a-z0-9+.-]*:\/\/[^/\\?#]*@/i,
  // With a password that holds what ends a host, without a scheme, or with a slash too few.
  /^(?:[a-z][a-z0-9+.-]*:)?\/{1,2}[^/\\@\s]*:[^/\\@\s]*@/i,
  /^[^@/\s:]+:[^@/\s]*@[^@/\s:]+:/,
];

/** Names of what a query may hold and nobody else may read. */
const SECRET_KEY =
  /token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|signature|credential|^(?:auth|key|pwd|sig)$/i;

/** Whether a text is a URL, or a remote of git, with a user, a password, a token or a signature. */
export function hasCredentials(text: string): boolean {
  if (WITH_CREDENTIALS.some((form) => form.test(text))) return true;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return false;
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
    return url.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/{1,2})?[^@/\\]*:[^@/\\]*@/i, "$1");
  }
  // Credentials first: a password may hold a question mark.
  const cut = url.replace(/:\/\/[^/\\]*@/g, "://").replace(/[?#].*$/s, "");
  if (!URL.canParse(cut)) throw new Error("its URL is malformed");
  return cut;
}
