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
