import assert from "node:assert/strict";
import {
  type GlobalFlags,
  resolveSettings,
  type SettingsSource,
  sourceDateEpoch,
} from "../../src/cli/settings.ts";
import { InvalidInputError } from "../../src/core/errors.ts";

function settings(
  flags: GlobalFlags = {},
  env: Record<string, string> = {},
  source: Partial<SettingsSource> = {},
) {
  return resolveSettings(flags, {
    env,
    cwd: "/here",
    home: "/home/user",
    stderr: { isTerminal: false },
    ...source,
  });
}

Deno.test("the storage folder comes from the flag, then the environment, then the home", () => {
  const env = { MODCTL_STORAGE_DIR: "/env" };
  assert.equal(settings({ storageDir: "flag" }, env).storageDir, "/here/flag");
  assert.equal(settings({}, env).storageDir, "/env");
  assert.equal(settings({}, { MODCTL_STORAGE_DIR: "" }).storageDir, "/home/user/.modctl");
  assert.equal(settings().logDir, "/home/user/.modctl/logs");
});

Deno.test("a variable is known under three prefixes, and the oldest wins", () => {
  assert.equal(settings({}, { MODELOPS_STORAGE_DIR: "/a" }).storageDir, "/a");
  assert.equal(settings({}, { MODEL_OPS_STORAGE_DIR: "/b" }).storageDir, "/b");
  const both = { MODEL_OPS_REGISTRY_USER: "new", MODCTL_REGISTRY_USER: "old" };
  assert.equal(settings({}, both).username, "old");
});

Deno.test("a user without a home gets a store in the working directory", () => {
  assert.equal(settings({}, {}, { home: undefined }).storageDir, "/here/.modctl");
});

Deno.test("the log level is one of the known names, in any case of letters", () => {
  assert.equal(settings({}, { MODCTL_LOG_LEVEL: "DEBUG" }).logLevel, "debug");
  assert.equal(settings({ logLevel: "error" }, { MODCTL_LOG_LEVEL: "debug" }).logLevel, "error");
  assert.equal(settings().logLevel, "info");
  assert.throws(() => settings({ logLevel: "loud" }), {
    name: "InvalidInputError",
    message: 'Cannot use --log-level "loud": the levels are ' +
      "panic, fatal, error, warn, warning, info, debug, trace",
  });
  assert.throws(() => settings({}, { MODCTL_LOG_LEVEL: "loud" }), InvalidInputError);
});

Deno.test("progress is drawn for a person only, and not into a log", () => {
  const terminal = { stderr: { isTerminal: true } };
  const rows: [GlobalFlags, Record<string, string>, string][] = [
    [{}, {}, "bars"],
    [{}, { CI: "true" }, "lines"],
    [{}, { CI: "false" }, "bars"],
    [{}, { TERM: "dumb" }, "lines"],
    [{ logLevel: "debug" }, {}, "lines"],
    [{ progress: false }, {}, "none"],
    [{ json: true }, {}, "none"],
  ];
  for (const [flags, env, style] of rows) {
    assert.equal(settings(flags, env, terminal).progress, style, JSON.stringify([flags, env]));
  }
  assert.equal(settings().progress, "lines");
});

Deno.test("logins are read from our file, Docker's and Podman's", () => {
  assert.deepEqual(settings().credentialFiles, {
    own: "/home/user/.modctl/config.json",
    others: ["/home/user/.docker/config.json", "/home/user/.config/containers/auth.json"],
  });
  const env = { DOCKER_CONFIG: "/docker", XDG_RUNTIME_DIR: "/run/user/7", XDG_CONFIG_HOME: "/x" };
  assert.deepEqual(settings({}, env).credentialFiles.others, [
    "/docker/config.json",
    "/run/user/7/containers/auth.json",
    "/x/containers/auth.json",
  ]);
});

Deno.test("proxies and certificates come from the usual variables", () => {
  const found = settings({ certFile: "c.pem" }, {
    HTTPS_PROXY: "http://proxy.test",
    no_proxy: "localhost",
    SSL_CERT_FILE: "/ca.pem",
  });
  assert.deepEqual(found.proxy, {
    http: undefined,
    https: "http://proxy.test",
    noProxy: "localhost",
  });
  assert.equal(found.caFile, "/ca.pem");
  assert.equal(found.certFile, "/here/c.pem");
  assert.equal(settings({ caFile: "/mine" }, { SSL_CERT_FILE: "/ca.pem" }).caFile, "/mine");
});

Deno.test("SOURCE_DATE_EPOCH is a whole number of seconds", () => {
  assert.equal(sourceDateEpoch({}), undefined);
  assert.equal(sourceDateEpoch({ SOURCE_DATE_EPOCH: "" }), undefined);
  assert.equal(sourceDateEpoch({ SOURCE_DATE_EPOCH: "1700000000" }), 1700000000);
  for (const text of ["-1", "1.5", "now", "1e9", "999999999999", " 1"]) {
    assert.throws(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: text }), InvalidInputError, text);
  }
});
