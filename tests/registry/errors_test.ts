import assert from "node:assert/strict";
import fc from "fast-check";
import { parseErrorDocument } from "../../src/registry/error_document.ts";
import { responseError } from "../../src/registry/errors.ts";

const ASKED = { action: 'read "registry.test/a:v1"', registry: "registry.test" };

function answer(status: number, body: BodyInit, type = "application/json"): Response {
  return new Response(body, { status, headers: { "Content-Type": type } });
}

const document = (code: string, message = "m") => JSON.stringify({ errors: [{ code, message }] });

const KINDS: readonly (readonly [number, string, string])[] = [
  [401, document("UNAUTHORIZED"), "denied"],
  [403, document("DENIED"), "denied"],
  [404, document("NAME_UNKNOWN"), "not-found"],
  [405, document("UNSUPPORTED"), "unsupported"],
  [400, document("UNSUPPORTED"), "unsupported"],
  [405, "", "unsupported"],
  [400, document("SIZE_INVALID"), "integrity"],
  [413, document("SIZE_INVALID"), "transfer"],
  [400, document("DIGEST_INVALID"), "integrity"],
  [400, document("MANIFEST_INVALID"), "transfer"],
  [429, document("TOOMANYREQUESTS"), "transfer"],
  [500, "<html>", "transfer"],
  [599, "", "transfer"],
];

for (const [status, body, kind] of KINDS) {
  Deno.test(`responseError() makes "${kind}" of ${status} with ${body || "no body"}`, async () => {
    const error = await responseError(answer(status, body), ASKED);
    assert.equal(error.kind, kind);
    assert.equal(error.facts.status, status);
    assert.equal(error.facts.registry, "registry.test");
  });
}

for (
  const [status, code] of [[404, "NAME_UNKNOWN"], [405, "UNSUPPORTED"], [
    400,
    "DIGEST_INVALID",
  ]] as const
) {
  Deno.test(`${status} of a token server says nothing of what the registry has`, async () => {
    const asked = { ...ASKED, server: "auth.test" };
    const error = await responseError(answer(status, document(code)), asked);
    assert.equal(error.kind, "transfer");
    assert.match(error.message, /auth\.test answered/);
  });
}

const IN_CLEAR = {
  Go: "Client sent an HTTP request to an HTTPS server.\n",
  nginx: "<center>The plain HTTP request was sent to HTTPS port</center>",
  Apache: "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
};
for (const [server, text] of Object.entries(IN_CLEAR)) {
  Deno.test(`responseError() hears of ${server} that it speaks TLS`, async () => {
    const error = await responseError(answer(400, text, "text/html"), ASKED);
    assert.match(error.message, /answered 400 Bad Request \([^<>]*HTTP[^<>]*\)$/);
    assert.match(error.facts.remedy ?? "", /^leave out --plain-http/);
  });
}

Deno.test("responseError() says what the registry said, and how to log in", async () => {
  const error = await responseError(answer(401, document("UNAUTHORIZED", "who are you")), ASKED);
  assert.equal(
    error.message,
    'Cannot read "registry.test/a:v1": registry.test answered 401 Unauthorized (UNAUTHORIZED: who are you)',
  );
  assert.equal(error.facts.code, "UNAUTHORIZED");
  assert.equal(error.facts.remedy, "run `modelops login registry.test`");
});

Deno.test("responseError() shows no control characters, and no page", async () => {
  const nasty = document("DENIED", "\u001b[31mred\u001b[0m\r\n\u202etxt");
  const error = await responseError(answer(403, nasty), ASKED);
  assert.match(error.message, /DENIED: \[31mred \[0m txt\)$/);
  const page = await responseError(answer(502, "<html>gateway</html>", "text/html"), ASKED);
  assert.equal(
    page.message,
    'Cannot read "registry.test/a:v1": registry.test answered 502 Bad Gateway',
  );
});

Deno.test("responseError() shows a line of plain text", async () => {
  const text = "Client sent an HTTP request to an HTTPS server.\n";
  const error = await responseError(answer(400, text, "text/plain; charset=utf-8"), ASKED);
  assert.match(
    error.message,
    /400 Bad Request \(Client sent an HTTP request to an HTTPS server\.\)$/,
  );
});

Deno.test("responseError() reads no endless body", async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(4096)),
    cancel: () => void (cancelled = true),
  });
  const error = await responseError(answer(500, endless), ASKED);
  assert.equal(error.kind, "transfer");
  assert(cancelled);
});

Deno.test("parseErrorDocument() takes any text and any document", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    const { code, message } = parseErrorDocument(text);
    assert(code === undefined || typeof code === "string");
    assert(message === undefined || typeof message === "string");
  }));
  for (const errors of [null, 1, "x", [], [null], [{ code: 1, message: {} }]]) {
    const { code, message } = parseErrorDocument(JSON.stringify({ errors }));
    assert.deepEqual([code, message], [undefined, undefined]);
  }
});
