import assert from "node:assert/strict";
import { AccessDeniedError, type ModelOpsError } from "../../../src/core/errors.ts";
import { authenticated } from "../../../src/registry/auth/authenticator.ts";
import {
  type Credentials,
  type CredentialSource,
  fixedCredentials,
} from "../../../src/registry/auth/credentials.ts";
import { redirecting } from "../../../src/http/redirects.ts";

const USER: Credentials = { username: "ann", password: "secret" };
const REALM = "https://auth.test/token";

interface Setup {
  readonly credentials?: Credentials;
  /** Several logins, best first, in place of one. */
  readonly logins?: readonly Credentials[];
  readonly origin?: string;
  readonly allowHttp?: boolean;
  /** What the registry's challenge says. */
  readonly challenge?: string;
  /** Authorizations that the registry lets in. */
  readonly accepts?: (authorization: string) => boolean;
  /** Answers token requests; tokens `t1`, `t2`, … when absent. */
  readonly tokenServer?: (request: Request, count: number) => Response | Promise<Response>;
}

function several(logins: readonly Credentials[]): CredentialSource {
  return {
    find: () => Promise.resolve(logins[0]),
    async *all() {
      yield* logins;
    },
  };
}

/** A registry that wants authentication, and what it and its token server saw. */
function setup(options: Setup = {}) {
  const origin = new URL(options.origin ?? "https://registry.test/");
  const registry: (string | null)[] = [];
  const tokens: Request[] = [];
  const clock = { now: 0 };
  const challenge = options.challenge ?? `Bearer realm="${REALM}",service="registry.test"`;
  const accepts = options.accepts ?? (() => true);
  const network = async (request: Request): Promise<Response> => {
    if (new URL(request.url).origin !== origin.origin) {
      tokens.push(request.clone());
      return await options.tokenServer?.(request, tokens.length) ??
        Response.json({ token: `t${tokens.length}` });
    }
    await request.text();
    const authorization = request.headers.get("Authorization");
    registry.push(authorization);
    if (authorization !== null && accepts(authorization)) return new Response("in");
    return new Response(null, { status: 401, headers: { "WWW-Authenticate": challenge } });
  };
  const send = authenticated(network, {
    registry: origin.host,
    origin,
    credentials: options.logins
      ? several(options.logins)
      : { find: () => Promise.resolve(options.credentials) },
    send: redirecting(network),
    allowHttp: options.allowHttp ?? false,
    now: () => clock.now,
  });
  const get = (path = "/v2/a/manifests/v1", init?: RequestInit) =>
    send(new Request(new URL(path, origin), init));
  return { send, get, registry, tokens, clock };
}

Deno.test("authenticated() sends no credentials before it is asked", async () => {
  const { get, registry } = setup({ challenge: 'Basic realm="r"', credentials: USER });
  assert.equal((await get()).status, 200);
  await get();
  const basic = `Basic ${btoa("ann:secret")}`;
  assert.deepEqual(registry, [null, basic, basic]);
});

Deno.test("authenticated() does not try a refused password twice", async () => {
  const { get, registry } = setup({
    challenge: "Basic",
    credentials: USER,
    accepts: () => false,
  });
  assert.equal((await get()).status, 401);
  assert.equal((await get()).status, 401);
  assert.equal(registry.length, 3);
});

Deno.test("authenticated() leaves a 401 as it is when it has nothing to answer it with", async () => {
  for (const challenge of ["Basic", "Negotiate abc", "Bearer", ""]) {
    const { get, registry, tokens } = setup({ challenge });
    assert.equal((await get()).status, 401);
    assert.equal(registry.length + tokens.length, 1, challenge);
  }
});

Deno.test("authenticated() gets an anonymous token and keeps it for the scope", async () => {
  const { get, registry, tokens } = setup();
  await get();
  await get();
  await get("/v2/b/manifests/v1");
  assert.deepEqual(registry, [null, "Bearer t1", "Bearer t1", "Bearer t2"]);
  assert.deepEqual(tokens.map(({ url }) => new URL(url).search), [
    "?service=registry.test&scope=repository%3Aa%3Apull",
    "?service=registry.test&scope=repository%3Ab%3Apull",
  ]);
  assert.equal(tokens[0]?.headers.get("Authorization"), null);
});

Deno.test("authenticated() shows the password to the token server and the token to the registry", async () => {
  const { get, registry, tokens } = setup({ credentials: USER });
  await get();
  assert.equal(tokens[0]?.headers.get("Authorization"), `Basic ${btoa("ann:secret")}`);
  assert.deepEqual(registry, [null, "Bearer t1"]);
});

Deno.test("authenticated() exchanges an identity token with a POST", async () => {
  const { get, tokens } = setup({
    credentials: { identityToken: "refresh" },
    tokenServer: () => Response.json({ access_token: "a" }),
  });
  assert.equal((await get()).status, 200);
  assert.equal(tokens[0]?.method, "POST");
  assert.equal(tokens[0]?.url, REALM);
  const body = await tokens[0]!.text();
  assert.equal(tokens[0]?.headers.get("Content-Length"), String(body.length));
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
    grant_type: "refresh_token",
    refresh_token: "refresh",
    client_id: "modelops",
    service: "registry.test",
    scope: "repository:a:pull",
  });
});

Deno.test("authenticated() gives a registry token to the registry itself", async () => {
  const { get, registry, tokens } = setup({ credentials: { registryToken: "r" } });
  await get();
  assert.deepEqual(registry, [null, "Bearer r"]);
  assert.equal(tokens.length, 0);
});

Deno.test("authenticated() asks for what the challenge names beside what the request needs", async () => {
  const { get, tokens } = setup({
    challenge: `Bearer realm="${REALM}",scope="repository:a:pull,push other:x:y"`,
  });
  await get();
  assert.deepEqual(new URL(tokens[0]!.url).searchParams.getAll("scope"), [
    "repository:a:pull,push",
    "other:x:y",
  ]);
});

Deno.test("authenticated() prefers tokens where both are offered, in either order", async () => {
  for (const challenge of [`Basic, Bearer realm="${REALM}"`, `Bearer realm="${REALM}", Basic`]) {
    const { get, registry } = setup({ challenge, credentials: USER });
    await get();
    assert.equal(registry[1], "Bearer t1");
  }
});

Deno.test("authenticated() renews a token that ran out, before and after it is refused", async () => {
  let valid = "Bearer t1";
  const { get, registry, clock } = setup({
    accepts: (authorization) => authorization === valid,
    tokenServer: (_, count) => Response.json({ token: `t${count}`, expires_in: 300 }),
  });
  await get();
  valid = "Bearer t2";
  assert.equal((await get()).status, 200);
  assert.deepEqual(registry.slice(2), ["Bearer t1", "Bearer t2"]);
  valid = "Bearer t3";
  clock.now = 291_000;
  assert.equal((await get()).status, 200);
  assert.deepEqual(registry.slice(4), ["Bearer t3"]);
});

Deno.test("authenticated() renews once, then believes the refusal", async () => {
  const { get, tokens } = setup({ accepts: () => false });
  assert.equal((await get()).status, 401);
  assert.equal(tokens.length, 1);
});

for (const expires of [0, -1, null, "60", 1e400]) {
  Deno.test(`authenticated() uses a token whose expires_in is ${expires}`, async () => {
    const { get, tokens } = setup({
      tokenServer: () => Response.json({ token: "t", expires_in: expires }),
    });
    await get();
    await get();
    assert.equal(tokens.length, 1);
  });
}

Deno.test("authenticated() gets one token for requests that run together", async () => {
  const { get, tokens } = setup();
  await get();
  await Promise.all([get("/v2/b/tags/list"), get("/v2/b/tags/list"), get("/v2/b/manifests/x")]);
  assert.equal(tokens.length, 2);
});

Deno.test("authenticated() sends nothing to other origins", async () => {
  const { get, send, tokens } = setup({ challenge: "Basic", credentials: USER });
  await get();
  for (
    const url of ["https://registry.test:444/v2/", "http://registry.test/v2/", "https://x.test/"]
  ) {
    await send(new Request(url));
  }
  assert.deepEqual(tokens.map(({ headers }) => headers.get("Authorization")), [null, null, null]);
});

Deno.test("authenticated() sends small bodies again and hands a 401 back for large ones", async () => {
  const { get, registry } = setup();
  const put = (length: number) => ({
    method: "PUT",
    headers: { "Content-Length": String(length) },
    body: "12345",
  });
  assert.equal((await get("/v2/a/manifests/v1", put(5))).status, 200);
  assert.deepEqual(registry, [null, "Bearer t1"]);
  assert.equal((await get("/v2/b/blobs/uploads/1", put(5e6))).status, 200);
  const late = setup();
  assert.equal((await late.get("/v2/b/blobs/uploads/1", put(5e6))).status, 401);
  assert.equal((await late.get("/v2/b/blobs/uploads/1", put(5e6))).status, 200);
});

async function denied(options: Setup): Promise<ModelOpsError> {
  const { get, tokens } = setup({ credentials: USER, ...options });
  let caught: unknown;
  await get().catch((error) => caught = error);
  assert(caught instanceof AccessDeniedError, String(caught));
  assert(!caught.message.includes("secret"));
  assert.equal(tokens.length, 0);
  return caught;
}

const BAD_REALMS: readonly (readonly [string, RegExp])[] = [
  ["http://auth.test/token", /does not use TLS/],
  ["http://registry.test/token", /does not use TLS/],
  ["https://user:secret@auth.test/token", /user name/],
  ["file:///etc/passwd", /scheme "file:"/],
  ["gopher://auth.test/", /scheme "gopher:"/],
  ["/token", /no valid URL/],
];

for (const [realm, reason] of BAD_REALMS) {
  Deno.test(`authenticated() sends no credentials to the realm ${realm}`, async () => {
    assert.match((await denied({ challenge: `Bearer realm="${realm}"` })).message, reason);
  });
}

const GOOD_REALMS: readonly (readonly [string, string, boolean])[] = [
  ["https://registry.test/", "https://auth.other.test/token", false],
  ["https://registry.test/", "https://registry.test:8443/token", false],
  ["https://10.0.0.1/", "https://10.0.0.2/token", false],
  ["http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", false],
  ["http://localhost:5000/", "http://127.0.0.1:5001/token", false],
  ["http://[::1]:5000/", "http://localhost:5001/token", false],
  ["http://registry.test/", "http://auth.test/token", true],
  ["http://registry.test/", "https://auth.test/token", false],
];

for (const [origin, realm, allowHttp] of GOOD_REALMS) {
  Deno.test(`authenticated() goes from ${origin} to the realm ${realm}`, async () => {
    const { get } = setup({ origin, challenge: `Bearer realm="${realm}"`, allowHttp });
    assert.equal((await get()).status, 200);
  });
}

Deno.test("authenticated() needs the user's word to send a password to another host without TLS", async () => {
  const error = await denied({
    origin: "http://127.0.0.1:5000/",
    challenge: 'Bearer realm="http://auth.test/token"',
  });
  assert.match(error.message, /does not use TLS/);
});

Deno.test("authenticated() takes no credentials along when the token server redirects", async () => {
  const { get, tokens } = setup({
    credentials: USER,
    tokenServer: (_, count) =>
      count === 1
        ? new Response(null, { status: 302, headers: { Location: "https://evil.test/" } })
        : Response.json({ token: "t" }),
  });
  await get();
  assert.deepEqual(tokens.map(({ headers }) => headers.has("Authorization")), [true, false]);
  const identity = setup({
    credentials: { identityToken: "refresh" },
    tokenServer: () =>
      new Response(null, { status: 307, headers: { Location: "https://evil.test/" } }),
  });
  await assert.rejects(identity.get(), /auth\.test answered 307/);
  assert.equal(identity.tokens.length, 1);
});

const BAD_ANSWERS: readonly (readonly [string, () => Response])[] = [
  ["no token", () => Response.json({})],
  ["a token with line breaks", () => Response.json({ token: "a\r\nX-Evil: 1" })],
  ["an empty token", () => Response.json({ token: "" })],
  ["a token that is no text", () => Response.json({ token: 5 })],
  ["a page", () => new Response("<html>")],
  ["null", () => new Response("null")],
  [
    "an endless body",
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65536)),
        }, { highWaterMark: 0 }),
      ),
  ],
];

for (const [what, answer] of BAD_ANSWERS) {
  Deno.test(`authenticated() refuses a token server that gives ${what}`, async () => {
    const { get } = setup({ tokenServer: answer });
    await assert.rejects(get(), (error: ModelOpsError) => error.kind === "transfer");
  });
}

Deno.test("authenticated() reports a token server that refuses the password", async () => {
  const { get, registry } = setup({
    credentials: USER,
    tokenServer: () => Response.json({ errors: [{ code: "UNAUTHORIZED" }] }, { status: 401 }),
  });
  await assert.rejects(get(), (error) => {
    assert(error instanceof AccessDeniedError);
    assert.match(error.message, /^Cannot get a token for "registry.test": auth.test answered 401 /);
    assert.equal(error.facts.remedy, "run `modelops login registry.test`");
    return true;
  });
  assert.equal(registry.length, 1);
});

Deno.test("authenticated() finds credentials by registry and repository", async () => {
  const asked: unknown[] = [];
  const network = (request: Request) =>
    Promise.resolve(
      request.headers.has("Authorization") ? new Response("in") : new Response(null, {
        status: 401,
        headers: { "WWW-Authenticate": "Basic" },
      }),
    );
  const send = authenticated(network, {
    registry: "registry.test",
    origin: new URL("https://registry.test/"),
    credentials: {
      find: (...names) => {
        asked.push(names);
        return fixedCredentials(USER).find(...names);
      },
    },
    send: network,
    allowHttp: false,
    now: () => 0,
  });
  await send(new Request("https://registry.test/v2/a/b/tags/list"));
  await send(new Request("https://registry.test/v2/a/b/tags/list"));
  assert.deepEqual(asked, [["registry.test", "a/b"]]);
});

const person = (username: string) => ({ username, password: "secret" });
const shown = (username: string) => `Basic ${btoa(`${username}:secret`)}`;
const LOGINS = [person("new"), person("new"), person("old"), person("oldest")];

Deno.test("authenticated() goes on to another login where one is refused, and stays with it", async () => {
  const { get, registry } = setup({
    challenge: "Basic",
    logins: LOGINS,
    accepts: (value) => value === shown("old"),
  });
  assert.equal((await get()).status, 200);
  assert.equal((await get()).status, 200);
  assert.deepEqual(registry, [null, shown("new"), shown("old"), shown("old")]);
});

Deno.test("authenticated() shows each login once to a registry that refuses all", async () => {
  const { get, registry } = setup({ challenge: "Basic", logins: LOGINS, accepts: () => false });
  assert.equal((await get()).status, 401);
  assert.deepEqual(registry, [null, shown("new"), shown("old"), shown("oldest")]);
  assert.equal((await get()).status, 401);
  assert.equal(registry.length, 5);
});

Deno.test("authenticated() shows requests at once the same logins in the same order", async () => {
  const { get, registry } = setup({
    challenge: "Basic",
    logins: LOGINS,
    accepts: (value) => value === shown("oldest"),
  });
  const answers = await Promise.all([get(), get(), get()]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  assert(!registry.slice(-3).includes(shown("new")));
});

Deno.test("authenticated() gets a token by another login where the token server refuses one", async () => {
  const { get, tokens } = setup({
    logins: LOGINS,
    tokenServer: (request) =>
      request.headers.get("Authorization") === shown("old")
        ? Response.json({ token: "good" })
        : new Response(null, { status: 401 }),
    accepts: (value) => value === "Bearer good",
  });
  assert.equal((await get()).status, 200);
  assert.deepEqual(tokens.map(({ headers }) => headers.get("Authorization")), [
    shown("new"),
    shown("old"),
  ]);
});

Deno.test("authenticated() gets a token by another login where the registry refuses the first one's", async () => {
  const { get } = setup({
    logins: LOGINS,
    tokenServer: (request) =>
      Response.json({ token: request.headers.get("Authorization")!.slice(6) }),
    accepts: (value) => value === shown("oldest").replace("Basic", "Bearer"),
  });
  assert.equal((await get()).status, 200);
});

Deno.test("authenticated() says why the last login was refused when a token server refuses all", async () => {
  const { get, tokens } = setup({
    logins: LOGINS,
    tokenServer: () => new Response(null, { status: 401 }),
  });
  await assert.rejects(get(), AccessDeniedError);
  assert.equal(tokens.length, 3);
});
