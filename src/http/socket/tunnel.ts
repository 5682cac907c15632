/**
 * Tunnels through proxies: the one exchange by which a proxy connects to a server.
 *
 * What it answers is read by the reader of all messages, with its limits, and no byte beyond the
 * head: what follows is between this program and the server.
 * See RFC 9110 §9.3.6
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import { Input } from "../../core/http1/input.ts";
import { readAnswer } from "./read_answer.ts";
import { tunnelHead } from "./request_head.ts";

/** A connection to a proxy, of whichever part of the runtime. */
export interface ProxyLine {
  /** Reads into a buffer; `null` is the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<unknown>;
}

/**
 * Has a proxy connect to the server of a URL.
 * @throws {Error} in the words of `fetch` when it does not, which are those that faults are
 * recognized by.
 */
export async function openTunnel(
  line: ProxyLine,
  { url, proxy }: { readonly url: Readonly<URL>; readonly proxy: URL },
): Promise<void> {
  await line.write(tunnelHead(url, proxy));
  const input = new Input((into) => line.read(into));
  const { status } = await readAnswer(input, "CONNECT").catch((error) => {
    throw error instanceof BadMessage ? malformed(error) : ended(error);
  });
  // As all clients have it: the specification would let any 2xx be a tunnel.
  if (status !== 200) throw new Error(refusal(status));
  // A server of TLS waits to be spoken to, so whoever sends these is the proxy.
  if (input.hasMore) throw malformed(new BadMessage(502, "Bytes follow its head"));
}

/** What went wrong where a proxy does not connect. */
function refusal(status: number): string {
  if (status === 407) return "proxy authentication required";
  return status >= 400 && status < 500 ? `the proxy refuses it: ${status}` : "unsuccessful tunnel";
}

function malformed(cause: BadMessage): Error {
  return new Error("proxy headers are malformed", { cause });
}

function ended(cause: unknown): Error {
  return new Error("Proxy connection ended", { cause });
}
