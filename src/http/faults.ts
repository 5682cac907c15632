/**
 * What can go wrong before there is an answer, in plain words.
 * @module
 */
import { isAbort, ModelOpsError, TransferError } from "../core/errors.ts";
import { isNotAllowed } from "../core/file_errors.ts";
import { TransientError } from "../core/retry.ts";
import { plainText, quote } from "../core/text.ts";

/** Kinds of faults, by what can be done about them. */
export type FaultKind =
  /** Nobody is there: trying again helps only when somebody was there before. */
  | "unreachable"
  /** The server does not speak TLS. */
  | "not-tls"
  /** Trust or identity: trying again changes nothing. */
  | "refused"
  /** The connection was lost: trying again may help. */
  | "lost";

export interface Fault {
  readonly kind: FaultKind;
  /** What happened, as a clause. */
  readonly reason: string;
  /** What the user can do, where something is known. */
  readonly remedy?: string;
}

const TRUST = "add --ca-file with the authority of the registry, or --insecure to skip the check";
const NAME = "check the name, or add --insecure to skip the check";
const RENEW = "let the server have a new one, or add --insecure to skip the check";
const ANEW = "add --ca-file with the authority that the registry has today, let it have a " +
  "certificate with a longer key, or add --insecure to skip the check";
const CLOCK = "check the clock of this machine, or add --insecure to skip the check";
const PLAIN_HTTP = "add --plain-http if the registry is meant to be used without TLS";
/** What to do where a server that was spoken to in clear speaks TLS. */
export const TLS = "leave out --plain-http, and http:// in front of its name, if it speaks TLS";
const IDENTITY = "add --cert-file and --key-file";
const OLD_TLS = "let the server speak TLS 1.2 or 1.3";
const HANDSHAKE = "if it wants a client certificate, " + IDENTITY + "; else let it speak TLS 1.3";
const PROXIES =
  "look at --proxy, or look at HTTP_PROXY and HTTPS_PROXY, or name its host in NO_PROXY";
const PROXY = "put the user name and password of the proxy into its URL";

/** What a source of bytes failed with while a request was sent: no fault of the network. */
export class SourceFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super("the source failed", { cause: error });
    this.error = error;
  }
}

const MALFORMED = "its answer is not one of HTTP/1.1";

/** The words of the runtime's two network stacks, most telling first. */
const FAULTS: readonly (readonly [RegExp, FaultKind, string, string?])[] = [
  [/InvalidContentType|wrong.version.number/i, "not-tls", "it does not speak TLS", PLAIN_HTTP],
  [/proxy auth/i, "refused", "the proxy wants credentials", PROXY],
  [/proxy refuses/, "refused", "the proxy does not connect to it", PROXIES],
  [/proxy cannot be reached/, "unreachable", "its proxy cannot be reached", PROXIES],
  [/proxy headers/, "refused", "the answer of its proxy is not one of HTTP/1.1", PROXIES],
  [
    /unsuccessful tunnel|while tunneling|Proxy connection ended/,
    "lost",
    "the proxy does not connect to it",
    PROXIES,
  ],
  [/certificate.?required/i, "refused", "it wants a client certificate", IDENTITY],
  [
    // What the other side says of ours.
    /alert.*(unknown.?ca|(bad|unsupported).?certificate|certificate.?(expired|unknown|revoked))/i,
    "refused",
    "it wants another client certificate",
    `${IDENTITY} of one that it trusts`,
  ],
  [/CERT_HAS_EXPIRED|certificate.*expired/i, "refused", "its certificate has expired", RENEW],
  [
    /CERT_NOT_YET_VALID|certificate.*not.(valid.yet|yet.valid)/i,
    "refused",
    "its certificate is not valid yet",
    CLOCK,
  ],
  [
    /ALTNAME_INVALID|NotValidForName|not valid for name/i,
    "refused",
    "its certificate is for another name",
    NAME,
  ],
  [
    /UnsupportedSignatureAlgorithm|MD_TOO_WEAK|KEY_TOO_SMALL/,
    "refused",
    "its certificate is signed too weakly",
    RENEW,
  ],
  // An authority that was made anew under its old name, or a key of 1024 bits.
  [/BadSignature/, "refused", "its certificate has a short key, or a wrong signature", ANEW],
  [
    /key usage|INVALID_PURPOSE/i,
    "refused",
    "its certificate is not meant for servers",
    RENEW,
  ],
  [
    /certificate|SELF.SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/i,
    "refused",
    "its certificate is not trusted",
    TRUST,
  ],
  [/alert.*protocol.?version/i, "refused", "it speaks only old versions of TLS", OLD_TLS],
  [
    /alert.*handshake.?failure|NoCipherSuite/i,
    "refused",
    "it refused the TLS handshake",
    HANDSHAKE,
  ],
  [/NoApplicationProtocol/, "refused", "it does not speak HTTP/1.1"],
  [/fatal alert: (?!InternalError)/, "refused", "it refused to speak TLS"],
  [
    /Parse Error|invalid HTTP|invalid content-length|unexpected transfer-enc|head is too large|status provided|not one of HTTP|This is not HTTP/,
    "refused",
    MALFORMED,
  ],
  [/ECONNREFUSED|connection refused/i, "unreachable", "the connection was refused"],
  [/ENOTFOUND|EAI_AGAIN|dns error|failed to lookup/i, "unreachable", "its name was not found"],
  [/EHOSTUNREACH|ENETUNREACH|unreachable|No route/i, "unreachable", "there is no way to it"],
  [/ETIMEDOUT|timed out|timeout/i, "lost", "it did not answer in time"],
  [
    /ECONNRESET|EPIPE|reset|closed|hang up|eof|end of file|aborted|http2|GOAWAY|broken pipe|before secure|cut off/i,
    "lost",
    "the connection was cut",
  ],
  [
    /fatal alert|SendRequest|error sending|error reading|incomplete|connection error/i,
    "lost",
    "it broke off",
  ],
];

/** Explains an error that a transport threw. */
export function explainFault(error: unknown): Fault {
  // What nobody has seen before is as likely a mistake of ours as a fault that passes.
  return knownFault(error) ??
    { kind: "refused", reason: `the connection failed: ${scrub(wordsOf(error))}` };
}

/** Explains an error by the words of the runtime, if they are known. */
export function knownFault(error: unknown): Fault | undefined {
  const words = wordsOf(error);
  const row = FAULTS.find(([pattern]) => pattern.test(words));
  if (row === undefined) return undefined;
  const [, kind, reason, remedy] = row;
  return { kind, reason, remedy };
}

/**
 * Whether an error of a transport is a fault of the network: not an abort, an error of ours, or
 * what the runtime did not allow.
 */
export function isFault(error: unknown, signal?: AbortSignal): boolean {
  const ours = error instanceof ModelOpsError || error instanceof SourceFailure;
  return !ours && !isNotAllowed(error) && !signal?.aborted && !isAbort(error, signal);
}

/** A fault of the network as an error that another try may mend; other errors pass. */
export function transientFault(error: unknown, signal?: AbortSignal): unknown {
  return isFault(error, signal) ? new TransientError(explainFault(error).reason) : error;
}

/** A connection that was lost, or could not be made just now: who can go on may try again. */
export class ConnectionLost extends TransferError {
  override name = "TransferError";
}

/**
 * The error for a fault on the way to `url`. Only the host of the URL is shown.
 * @param wasAnswered Whether another server was reached, which led to this one.
 */
export function faultError(error: unknown, url: string, wasAnswered = false): TransferError {
  const { host, protocol } = new URL(url);
  const { kind, reason, remedy } = explainFault(error);
  // To a request in clear a server of TLS answers with an alert.
  const mayBeTls = reason === MALFORMED && protocol === "http:";
  const made = kind === "lost" || kind === "unreachable" ? ConnectionLost : TransferError;
  return new made(`Cannot reach ${quote(host)}: ${reason}`, {
    registry: host,
    unanswered: kind === "unreachable" && !wasAnswered || undefined,
    remedy: mayBeTls ? TLS : remedy,
    // The runtime's text may quote a signed URL, so the error itself is not kept.
    cause: new Error(scrub(chain(error).join(": "))),
  });
}

/** What an error and its causes say. */
export function wordsOf(error: unknown): string {
  return chain(error).join(" | ");
}

/** The messages and codes of an error and its causes. */
function chain(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const code = "code" in error && typeof error.code === "string" ? [error.code] : [];
  const cause = error.cause === undefined ? [] : chain(error.cause);
  return [...code, error.message, ...cause].filter((words) => words !== "");
}

/** Text without the queries of URLs, which may hold signatures. */
function scrub(text: string): string {
  return plainText(text.replace(/(\bhttps?:\/\/[^\s?#)]*)[?#][^\s)]*/g, "$1"), 300);
}
