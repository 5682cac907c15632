/**
 * How Dragonfly is used: plain data, and what of it makes sense.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** A Dragonfly daemon, and what it is told. */
export interface DragonflySettings {
  /**
   * Its HTTP proxy, `http://host:port`; a user and password in it are those of the daemon's own
   * login. Of a Unix socket (`unix:///…` or a path) the proxy is looked up in the daemon's file.
   */
  readonly endpoint: string;
  /** Fail where the daemon does not help, in place of going on without it. */
  readonly required?: boolean;
  /** Show logins of registries and signatures of URLs to the daemon. */
  readonly forwardAuth?: boolean;
  /** Tells tasks apart that are not told by a digest. */
  readonly tag?: string;
  /** The name that the daemon's rules know this program by; `modelops` when absent. */
  readonly application?: string;
  /** From 0 to 6, as the scheduler has them; its own choice when absent. */
  readonly priority?: number;
  /** The daemon's file, for Unix sockets; `/etc/dragonfly/dfdaemon.yaml` when absent. */
  readonly configFile?: string;
}

/** Where a daemon is. */
export type DragonflyEndpoint =
  | { readonly kind: "proxy"; readonly url: URL; readonly login?: string }
  | { readonly kind: "socket"; readonly path: string };

/** What to write instead of what is no endpoint. */
export const ENDPOINT_REMEDY =
  "write --dragonfly-endpoint http://127.0.0.1:4001, the port of the daemon's HTTP proxy";

/**
 * Reads an endpoint.
 * @throws {InvalidInputError} when it is neither an HTTP proxy nor a Unix socket.
 */
export function parseDragonflyEndpoint(text: string): DragonflyEndpoint {
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(text)?.[1] ?? (text.startsWith("/") ? text : "");
  if (socket !== "") return { kind: "socket", path: socket };
  const [scheme] = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(text) ?? [];
  if (scheme === undefined) throw unusable("it is neither a URL nor the path of a socket");
  if (!/^https?$/i.test(scheme)) {
    throw unusable(`${quote(`${scheme}://`)} is not the scheme of an HTTP proxy`);
  }
  const url = URL.parse(text);
  if (url === null || url.search || url.hash || url.pathname !== "/") {
    throw unusable("it is more or less than http://host:port");
  }
  const { username, password } = url;
  url.username = url.password = "";
  if (username === "" && password === "") return { kind: "proxy", url };
  const login = `${decoded(username)}:${decoded(password)}`;
  return { kind: "proxy", url, login };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable("a % in its user name or password encodes no text, write %25 for it");
  }
}

/**
 * Checks what does not depend on the machine.
 * @throws {InvalidInputError} when settings exclude each other, or cannot be sent.
 */
export function checkDragonfly(settings: DragonflySettings): void {
  const endpoint = parseDragonflyEndpoint(settings.endpoint);
  if (settings.forwardAuth && endpoint.kind === "proxy" && endpoint.login !== undefined) {
    throw unusable(
      "the daemon takes its own login where logins of registries are shown to it: " +
        "leave out one of them",
    );
  }
  for (const [name, value] of [["tag", settings.tag], ["application", settings.application]]) {
    if (value !== undefined && !/^[\x21-\x7e]{1,256}$/.test(value)) {
      throw new InvalidInputError(
        `Cannot use ${quote(value)} as the ${name} for Dragonfly: want visible ASCII characters`,
      );
    }
  }
  const { priority } = settings;
  if (priority === undefined || Number.isInteger(priority) && priority >= 0 && priority <= 6) {
    return;
  }
  throw new InvalidInputError(
    `Cannot use ${priority} as the priority for Dragonfly: want a whole number from 0 to 6`,
  );
}

/** The endpoint may hold a password, so it is not repeated. */
function unusable(reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot use the Dragonfly endpoint: ${reason}`, {
    remedy: ENDPOINT_REMEDY,
  });
}
