import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { dragonflySettings } from "../../../src/http/dragonfly/options.ts";
import { proxyOfSocket } from "../../../src/http/dragonfly/proxy_of_socket.ts";
import { checkDragonfly, parseDragonflyEndpoint } from "../../../src/http/dragonfly/settings.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("an endpoint is an HTTP proxy, perhaps with a login, or a socket", () => {
  const proxy = (text: string) => {
    const found = parseDragonflyEndpoint(text);
    assert.ok(found.kind === "proxy");
    return [found.url.href, found.login];
  };
  assert.deepEqual(proxy("http://127.0.0.1:4001"), ["http://127.0.0.1:4001/", undefined]);
  assert.deepEqual(proxy("https://node/"), ["https://node/", undefined]);
  assert.deepEqual(proxy("http://me:p%40ss@[::1]:4001"), ["http://[::1]:4001/", "me:p@ss"]);
  for (const text of ["unix:///run/d.sock", "unix:/run/d.sock", "/run/d.sock"]) {
    assert.deepEqual(parseDragonflyEndpoint(text), { kind: "socket", path: "/run/d.sock" });
  }
});

Deno.test("what is no endpoint is refused with what to write, and its password is not shown", () => {
  const rows: [string, RegExp][] = [
    ["127.0.0.1:4001", /neither a URL nor the path/],
    ["dns:///node:65000", /"dns:\/\/" is not the scheme/],
    ["grpc://u:secret@node:65000", /"grpc:\/\/" is not the scheme/],
    ["http://u:secret@node:4001/path", /more or less than http:\/\/host:port/],
    ["http://node:4001?x", /more or less/],
    ["http://", /more or less/],
    ["http://u:%ff@node", /encodes no text/],
    ["", /neither a URL/],
  ];
  for (const [text, expected] of rows) {
    assert.throws(
      () => parseDragonflyEndpoint(text),
      (error) =>
        error instanceof InvalidInputError && expected.test(error.message) &&
        /http:\/\/127\.0\.0\.1:4001/.test(error.facts.remedy ?? "") &&
        !error.message.includes("secret"),
      text,
    );
  }
});

Deno.test("whatever is given as an endpoint is one, or an error of ours", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
    try {
      parseDragonflyEndpoint(text);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});

Deno.test("tag, application and priority have to fit into headers", () => {
  const endpoint = "http://node";
  for (const more of [{ tag: "a b" }, { tag: "" }, { application: "ä" }, { tag: "a\nb" }]) {
    assert.throws(() => checkDragonfly({ endpoint, ...more }), InvalidInputError);
  }
  for (const priority of [-1, 7, 1.5, NaN]) {
    assert.throws(() => checkDragonfly({ endpoint, priority }), InvalidInputError);
  }
  checkDragonfly({ endpoint, tag: "prod", application: "x", priority: 6 });
  const login = { endpoint: "http://u:p@node", forwardAuth: true };
  assert.throws(() => checkDragonfly(login), /leave out one of them/);
});

Deno.test("an operation's own endpoint counts before the usual one; rules without one are refused", () => {
  const usual = { endpoint: "http://usual", tag: "t", required: true };
  assert.equal(dragonflySettings({}), undefined);
  assert.deepEqual(dragonflySettings({ dragonflyEndpoint: "http://own" }, usual), {
    endpoint: "http://own",
    tag: "t",
    required: true,
    forwardAuth: undefined,
  });
  assert.equal(dragonflySettings({ dragonflyRequired: false }, usual)?.required, false);
  assert.throws(() => dragonflySettings({}, { required: true }), /no daemon is named/);
  assert.equal(dragonflySettings({ dragonflyEndpoint: "http://x" }, { tag: "t" })?.tag, "t");
  assert.throws(
    () => dragonflySettings({ dragonflyRequired: true }),
    /--dragonfly-required: no daemon/,
  );
  assert.throws(
    () => dragonflySettings({ dragonflyForwardAuth: true }),
    /--dragonfly-forward-auth/,
  );
});

Deno.test("the proxy of a socket is the one that the daemon's file names", async () => {
  await using folder = await tempFolder();
  const rows: [string, string, string][] = [
    [
      "proxy:\n  server:\n    port: 4321\n",
      "/var/run/dragonfly/dfdaemon.sock",
      "http://127.0.0.1:4321/",
    ],
    ["{}", "/run/dragonfly/dfdaemon.sock", "http://127.0.0.1:4001/"],
    [
      "download: {server: {socketPath: /d/s}}\nproxy: {server: {ip: '::', port: 5}}",
      "/d/s",
      "http://[::1]:5/",
    ],
    [
      "download: {server: {socketPath: /d/s}}\nproxy: {server: {ip: 10.1.2.3}}",
      "/d/s",
      "http://10.1.2.3:4001/",
    ],
  ];
  for (const [text, socket, url] of rows) {
    const file = await folder.write("dfdaemon.yaml", text);
    assert.equal((await proxyOfSocket(socket, file)).href, url);
  }
});

Deno.test("a socket whose proxy nobody names is refused with what to set", async () => {
  await using folder = await tempFolder();
  const rows: [string | undefined, string, RegExp][] = [
    [undefined, "/run/x.sock", /is not there/],
    ["{}", "/run/other.sock", /is of the daemon at/],
    ["proxy: [", "/run/dragonfly/dfdaemon.sock", /is no YAML/],
    ["proxy: {server: {port: many}}", "/run/dragonfly/dfdaemon.sock", /names no port/],
  ];
  for (const [text, socket, expected] of rows) {
    const file = text === undefined ? folder.join("none") : await folder.write("f.yaml", text);
    await assert.rejects(
      proxyOfSocket(socket, file),
      (error) =>
        error instanceof InvalidInputError && expected.test(error.message) &&
        error.facts.remedy?.includes("http://127.0.0.1:4001") === true,
    );
  }
});
