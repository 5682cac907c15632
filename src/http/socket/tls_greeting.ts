/**
 * Whether a server speaks TLS, found out without TLS: that of the runtime takes twice as long to
 * start as an empty program, for a server of this machine that most often does not speak it.
 * @module
 */
import { onAbort } from "../../core/waiting/on_abort.ts";
import { closeConn, dial } from "./dial.ts";

/**
 * Greets a server as a client of TLS 1.2 does, and tells whether its answer is one of TLS, be it a
 * handshake or an alert; `undefined` of one that hangs up without a word: on a busy machine any
 * may.
 * See https://www.rfc-editor.org/rfc/rfc5246#section-6.2.1 for records, and #section-7.4.1.2.
 * @throws what connecting throws, and what stopped the wait.
 */
export async function answersWithTls(url: URL, signal: AbortSignal): Promise<boolean | undefined> {
  const clear = new URL(url);
  clear.protocol = "http:";
  clear.port = url.port || "443";
  const conn = await dial({ url: clear, reach: {} }, [], signal);
  using _stopping = onAbort(signal, () => closeConn(conn));
  try {
    await conn.write(greeting());
    const answer = new Uint8Array(1);
    if (await conn.read(answer) === null) return undefined;
    return answer[0] === ALERT || answer[0] === HANDSHAKE;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    closeConn(conn);
  }
}

/** The types of the records that a server begins with. */
const [ALERT, HANDSHAKE] = [0x15, 0x16];

const TLS12 = [0x03, 0x03];

/** Suites of ciphers that all servers of these days know one of. */
const SUITES = [0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0x00, 0x9c];

/**
 * The curves, and the ways to sign. The number of the first of them, 10, is also the end of a line:
 * a server of HTTP that reads whole lines finds one, and answers that this is none of a request.
 */
const EXTENSIONS = [
  ...[0x00, 0x0a, ...sized(2, sized(2, [0x00, 0x1d, 0x00, 0x17, 0x00, 0x18]))],
  ...[0x00, 0x0d, ...sized(2, sized(2, [0x04, 0x03, 0x04, 0x01, 0x08, 0x04, 0x05, 0x03]))],
];

/** A record with a `ClientHello`: without a session, without compression. */
function greeting(): Uint8Array<ArrayBuffer> {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const hello = [
    ...[...TLS12, ...random, 0],
    ...[...sized(2, SUITES), ...sized(1, [0]), ...sized(2, EXTENSIONS)],
  ];
  return Uint8Array.from([HANDSHAKE, ...TLS12, ...sized(2, [0x01, ...sized(3, hello)])]);
}

/** Bytes behind their count, which has so many bytes itself. */
function sized(width: number, bytes: readonly number[]): number[] {
  const count = Array.from(
    { length: width },
    (_, at) => bytes.length >> 8 * (width - 1 - at) & 255,
  );
  return [...count, ...bytes];
}
