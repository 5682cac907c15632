import assert from "node:assert/strict";
import { explainFault, faultError, isFault } from "../../src/http/faults.ts";
import { TransferError } from "../../src/core/errors.ts";

const OLD = "it speaks only old versions of TLS";

const MALFORMED = "its answer is not one of HTTP/1.1";

const CASES: readonly (readonly [string, string, string])[] = [
  ["client error (SendRequest): invalid content-length parsed", "refused", MALFORMED],
  ["client error (SendRequest): message head is too large", "refused", MALFORMED],
  ["client error (SendRequest): invalid HTTP version parsed", "refused", MALFORMED],
  ["This is not HTTP", "refused", MALFORMED],
  ["The answer is not one of HTTP/1.1", "refused", MALFORMED],
  ["HPE_HEADER_OVERFLOW: Parse Error: Header overflow", "refused", MALFORMED],
  ["received fatal alert: NoApplicationProtocol", "refused", "it does not speak HTTP/1.1"],
  ["unexpected end of file", "lost", "the connection was cut"],
  ["client error (Connect): dns error: failed to lookup", "unreachable", "its name was not found"],
  ["connect ECONNREFUSED 127.0.0.1:1", "unreachable", "the connection was refused"],
  ["received corrupt message of type InvalidContentType", "not-tls", "it does not speak TLS"],
  ["invalid peer certificate: UnknownIssuer", "refused", "its certificate is not trusted"],
  ["invalid peer certificate: certificate expired: x", "refused", "its certificate has expired"],
  [
    "invalid peer certificate: certificate not valid for name, NotValidForName",
    "refused",
    "its certificate is for another name",
  ],
  [
    'invalid peer certificate: certificate not valid for name "a"; certificate is only valid for DnsName("b")',
    "refused",
    "its certificate is for another name",
  ],
  [
    'invalid peer certificate: certificate not valid for name "a"; certificate is not valid for any names',
    "refused",
    "its certificate is for another name",
  ],
  [
    "invalid peer certificate: certificate not valid yet: verification time 1 (UNIX)",
    "refused",
    "its certificate is not valid yet",
  ],
  [
    "CERT_NOT_YET_VALID: certificate is not yet valid",
    "refused",
    "its certificate is not valid yet",
  ],
  [
    "invalid peer certificate: UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [6] }",
    "refused",
    "its certificate is signed too weakly",
  ],
  ["CA_MD_TOO_WEAK: ca md too weak", "refused", "its certificate is signed too weakly"],
  ["EE_KEY_TOO_SMALL: ee key too small", "refused", "its certificate is signed too weakly"],
  // An authority of the same name with another key: the right one may still be named.
  [
    "invalid peer certificate: BadSignature",
    "refused",
    "its certificate has a short key, or a wrong signature",
  ],
  [
    "invalid peer certificate: certificate does not allow extended key usage for server authentication",
    "refused",
    "its certificate is not meant for servers",
  ],
  ["received fatal alert: CertificateRequired", "refused", "it wants a client certificate"],
  ["received fatal alert: UnknownCA", "refused", "it wants another client certificate"],
  ["received fatal alert: CertificateExpired", "refused", "it wants another client certificate"],
  ["sslv3 alert bad certificate", "refused", "it wants another client certificate"],
  ["error sending request: received fatal alert: ProtocolVersion", "refused", OLD],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "refused", OLD],
  [
    "error sending request: received fatal alert: HandshakeFailure",
    "refused",
    "it refused the TLS handshake",
  ],
  ["received fatal alert: UnrecognisedName", "refused", "it refused to speak TLS"],
  ["received fatal alert: InternalError", "lost", "it broke off"],
  ["tls handshake eof", "lost", "the connection was cut"],
  ["http2 error: stream error received: INTERNAL_ERROR", "lost", "the connection was cut"],
  ["operation timed out", "lost", "it did not answer in time"],
  ["something new", "refused", "the connection failed: fetch failed | something new"],
];

for (const [message, kind, reason] of CASES) {
  Deno.test(`explainFault() understands "${message}"`, () => {
    const fault = explainFault(new TypeError("fetch failed", { cause: new Error(message) }));
    assert.equal(fault.kind, kind);
    assert.equal(fault.reason, reason);
  });
}

Deno.test("faultError() names the host and keeps the queries of URLs to itself", () => {
  const cause = new Error("error sending request for url (https://cdn.test/x?sig=secret): reset");
  const error = faultError(
    new TypeError("fetch failed", { cause }),
    "https://cdn.test/x?sig=secret",
  );
  assert.equal(error.message, 'Cannot reach "cdn.test": the connection was cut');
  assert(!String((error.cause as Error).message).includes("secret"));
  assert.match(String((error.cause as Error).message), /https:\/\/cdn.test\/x\)/);
});

Deno.test("faultError() says what helps", () => {
  const remedy = (message: string) => faultError(new Error(message), "https://a.test").facts.remedy;
  assert.match(remedy("InvalidContentType") ?? "", /--plain-http/);
  assert.match(remedy("UnknownIssuer certificate") ?? "", /--ca-file.*--insecure/);
  assert.match(remedy("CertificateRequired") ?? "", /--cert-file and --key-file/);
  assert.match(remedy("alert handshake failure") ?? "", /--cert-file and --key-file.*TLS 1\.3/);
  assert.match(remedy("certificate not valid yet") ?? "", /the clock of this machine/);
  assert.match(remedy("BadSignature") ?? "", /--ca-file.*longer key.*--insecure/);
  // An authority does not help where the certificate itself is the fault.
  for (const words of ["certificate expired", "MD_TOO_WEAK", "not valid for name"]) {
    assert.doesNotMatch(remedy(words) ?? "--ca-file", /--ca-file/);
  }
});

Deno.test("faultError() says to leave out --plain-http where it was spoken, and may be wrong", () => {
  const remedy = (url: string) => faultError(new Error("This is not HTTP"), url).facts.remedy;
  assert.match(remedy("http://a.test") ?? "", /^leave out --plain-http/);
  assert.equal(remedy("https://a.test"), undefined);
});

Deno.test("isFault() tells the network's errors from aborts and from ours", () => {
  assert(isFault(new TypeError("fetch failed")));
  assert(!isFault(new TransferError("Cannot x: y")));
  assert(!isFault(new DOMException("Aborted", "AbortError")));
  assert(!isFault(new TypeError("fetch failed"), AbortSignal.abort()));
});

Deno.test("isFault() leaves alone what the runtime did not allow", () => {
  const refusal = new Deno.errors.NotCapable("Requires net access");
  for (const error of [refusal, new TypeError("fetch failed", { cause: refusal })]) {
    assert.equal(isFault(error), false);
  }
  assert.equal(isFault(new Deno.errors.PermissionDenied("Permission denied (os error 13)")), true);
});
