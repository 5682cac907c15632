/**
 * Which hosts are this machine.
 * @module
 */

const OCTET = /(?:25[0-5]|2[0-4]\d|1?\d?\d)/.source;
const IPV4 = `127(?:\\.${OCTET}){3}`;
/** An IPv6 address may wrap an IPv4 one, which the URL parser writes in hexadecimal. */
const IPV6 = `::1|::ffff:(?:${IPV4}|7f[0-9a-f]{2}:[0-9a-f]{1,4})`;
const LOOPBACK = new RegExp(`^(?:localhost|[^:/]+\\.localhost|${IPV4}|${IPV6})$`);

/**
 * Whether a host is this machine: `localhost` and the names below it (RFC 6761), 127.0.0.0/8 and
 * `::1`. It may have brackets, a port and a dot at its end. What has to be looked up, or is written
 * in an unusual form, is not.
 */
export function isLoopbackHost(host: string): boolean {
  const [, bracketed, plain = host] = /^(?:\[(.*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return LOOPBACK.test((bracketed ?? plain).toLowerCase().replace(/\.$/, ""));
}
