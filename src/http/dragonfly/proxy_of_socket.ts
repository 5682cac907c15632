/**
 * The HTTP proxy of a daemon that is known by its Unix socket, from the daemon's own file. See
 * https://d7y.io/docs/reference/configuration/client/dfdaemon/
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { isRecord } from "../../core/json.ts";
import { quote } from "../../core/text.ts";
import { ENDPOINT_REMEDY } from "./settings.ts";

/** Where the daemon's file is, as its packages have it. */
const DAEMON_FILE = "/etc/dragonfly/dfdaemon.yaml";

const DEFAULT_SOCKET = "/var/run/dragonfly/dfdaemon.sock";
const DEFAULT_PORT = 4001;

/**
 * The proxy of the daemon that listens on a socket.
 * @throws {InvalidInputError} when no file says where it is, with what to set instead.
 */
export async function proxyOfSocket(path: string, file: string = DAEMON_FILE): Promise<URL> {
  const text = await readTextIfExists(file).catch((error) => {
    throw explainRead(file, error);
  });
  if (text === undefined) {
    throw noProxy(path, `the daemon's file ${quote(file)}, which names its proxy, is not there`);
  }
  const { readSettings } = await import("../../core/yaml/settings_file.ts");
  const read = await readSettings(text);
  if ("fault" in read) throw noProxy(path, `${quote(file)} is no YAML: ${read.fault}`);
  const config = read.value;
  const socket = part(config, "download", "server", "socketPath") ?? DEFAULT_SOCKET;
  if (real(String(socket)) !== real(path)) {
    throw noProxy(path, `${quote(file)} is of the daemon at ${quote(String(socket))}`);
  }
  const port = part(config, "proxy", "server", "port") ?? DEFAULT_PORT;
  const ip = String(part(config, "proxy", "server", "ip") ?? "0.0.0.0");
  const host = ip === "0.0.0.0" ? "127.0.0.1" : ip === "::" ? "[::1]" : bracketed(ip);
  const url = URL.parse(`http://${host}:${port}/`);
  if (url === null) throw noProxy(path, `${quote(file)} names no port of a proxy`);
  return url;
}

function part(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((at, key) => isRecord(at) ? at[key] : undefined, value) ?? undefined;
}

/** `/var/run` leads to `/run`. */
function real(path: string): string {
  return path.replace(/^\/var\/run\//, "/run/");
}

function bracketed(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}

function noProxy(path: string, reason: string): InvalidInputError {
  return new InvalidInputError(
    `Cannot use the Dragonfly daemon at ${quote(path)}: it takes requests by its HTTP proxy, and ` +
      reason,
    { path, remedy: ENDPOINT_REMEDY },
  );
}
