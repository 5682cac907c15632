/**
 * Connections through `node:net` and `node:tls`: to servers whose certificates are not to be
 * checked, with a certificate of the client, and for TLS through a proxy that speaks TLS.
 * @module
 */
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { onAbort } from "../../core/waiting/on_abort.ts";
import { nodeNet, nodeTls } from "../../core/runtime/builtins.ts";
import { bareHost } from "../addresses.ts";
import { trustedCertificates } from "../authorities.ts";
import { wordsOf } from "../faults.ts";
import { allowedLookup, isBounded } from "../private_guard.ts";
import type { TransportOptions } from "../transport_options.ts";
import { type Dial, portOf, speaksTls } from "./dial.ts";
import { NodeLine } from "./node_line.ts";
import { SocketSender } from "./socket_sender.ts";
import { openTunnel } from "./tunnel.ts";

/** Makes a sender over such connections. */
export function nodeSender(options: TransportOptions): SocketSender {
  return new SocketSender(options, nodeDial(options));
}

/** Makes what opens connections by the options of a transport. */
function nodeDial(options: TransportOptions): Dial {
  const { cert, key } = options;
  let trusted: Promise<string[]> | undefined;
  const trust = async (): Promise<ConnectionOptions> => {
    if (options.insecure) return { rejectUnauthorized: false };
    const ca = await (trusted ??= trustedCertificates(options));
    // Without authorities of one's own the platform has the built-in ones at hand.
    return ca.length > 0 ? { ca: [...nodeTls().rootCertificates, ...ca] } : {};
  };
  return async ({ url, proxy, reach }, _caCerts, signal) => {
    const place = proxy ?? url;
    const check = speaksTls(place) || speaksTls(url) ? await trust() : {};
    // It is shown to servers, not to who leads there.
    const shown = { ...check, cert, key };
    const lookup = proxy === undefined && isBounded(reach) ? allowedLookup(reach) : undefined;
    const socket = nodeNet().connect({
      host: bareHost(place.hostname),
      port: portOf(place),
      lookup,
      noDelay: true,
      allowHalfOpen: true,
    });
    using _stopping = onAbort(signal, () => socket.destroy());
    try {
      signal.throwIfAborted();
      let line = new NodeLine(socket);
      await line.until("connect");
      if (speaksTls(place)) line = await secured(line, place, place === url ? shown : check);
      if (proxy !== undefined && speaksTls(url)) {
        await openTunnel({ read: (into) => line.read(into), write: (head) => line.write(head) }, {
          url,
          proxy,
        });
        line = await secured(line, url, shown);
      }
      signal.throwIfAborted();
      return line;
    } catch (error) {
      socket.destroy();
      signal.throwIfAborted();
      throw options.insecure && UNTRUSTED.test(wordsOf(error)) ? badSignature(error) : error;
    }
  };
}

/** What is said of certificates that are not trusted. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_VERIFY/;

/** The platform says so of an unchecked certificate too, when it cannot check what it signs. */
function badSignature(cause: unknown): Error {
  return new Error("invalid peer certificate: BadSignature", { cause });
}

/** Begins TLS with the server of a URL. */
async function secured(
  line: NodeLine,
  { hostname }: Readonly<URL>,
  check: ConnectionOptions,
): Promise<NodeLine> {
  const host = bareHost(hostname);
  const socket: Socket = nodeTls().connect({
    ...check,
    socket: line.handOn(),
    host,
    // An address is no name that a server could be told.
    servername: nodeNet().isIP(host) ? "" : host,
    ALPNProtocols: ["http/1.1"],
  });
  const inside = new NodeLine(socket);
  await inside.until("secureConnect");
  return inside;
}
