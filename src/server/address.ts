/**
 * Addresses to listen on, and who may reach them.
 * @module
 */
import { isIPv6 } from "node:net";
import { InvalidInputError } from "../core/errors.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import { quote } from "../core/text.ts";

/** Where to listen. */
export interface ListenAddress {
  /** Name or IP address, without brackets. */
  readonly hostname: string;
  /** Port; 0 lets the system choose a free one. */
  readonly port: number;
}

const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/**
 * Reads `host:port`, `[::1]:port`, or `:port` for all addresses.
 * @throws {InvalidInputError} naming the part that is wrong.
 */
export function parseListenAddress(text: string): ListenAddress {
  const refuse = (reason: string): never => {
    throw new InvalidInputError(`Cannot listen on ${quote(text)}: ${reason}`, {
      remedy: "write an address such as 127.0.0.1:5000 or [::1]:5000",
    });
  };
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  if (!match) return refuse("expected host:port");
  const [, literal, name, digits] = match;
  const port = Number(digits);
  if (port > 65535) refuse(`port ${port} is larger than 65535`);
  if (literal !== undefined) {
    return isIPv6(literal) ? { hostname: literal, port } : refuse("expected an IPv6 address in []");
  }
  if (name === undefined || name === "") return { hostname: "0.0.0.0", port };
  return HOSTNAME.test(name) ? { hostname: name, port } : refuse("expected a host name");
}

/**
 * An address that a program gives as a value, checked as its text would be. Without a host it would
 * open every interface of the machine.
 * @throws {InvalidInputError} naming what is wrong.
 */
export function requireListenAddress(address: ListenAddress): ListenAddress {
  const { hostname, port } = address ?? {};
  if (typeof hostname !== "string" || hostname === "" || !Number.isInteger(port)) {
    throw new InvalidInputError(
      `Cannot listen on ${
        quote(JSON.stringify(address) ?? "undefined")
      }: expected { hostname, port }`,
      { remedy: 'give an address such as { hostname: "127.0.0.1", port: 5000 }' },
    );
  }
  return parseListenAddress(formatListenAddress(address));
}

/** Writes an address as {@linkcode parseListenAddress} reads it. */
export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** What decides whether a registry may be opened to others. */
export interface Exposure {
  /** Where it will listen. */
  readonly address: ListenAddress;
  /** The password file; `undefined` when everybody is let in. */
  readonly htpasswd?: string;
  /** Whether the user said that everybody may come in. */
  readonly allowAnonymous?: boolean;
}

/**
 * Refuses to open a registry without passwords to other machines.
 * @throws {InvalidInputError} for a public address without a password file, unless that is allowed.
 */
export function checkExposure({ address, htpasswd, allowAnonymous }: Exposure): void {
  if (isLoopbackHost(address.hostname) || htpasswd !== undefined || allowAnonymous) return;
  throw new InvalidInputError(
    `Cannot listen on ${quote(formatListenAddress(address))}: ` +
      "other machines could reach it and no passwords are set",
    { remedy: "add --htpasswd FILE, or --allow-anonymous to let everybody in" },
  );
}
