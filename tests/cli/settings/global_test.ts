import assert from "node:assert/strict";
import {
  type GlobalFlags,
  resolveSettings,
  type SettingsSource,
  sourceDateEpoch,
} from "../../../src/cli/settings/global.ts";
import { LOG_LEVELS } from "../../../src/cli/output/log.ts";
import type { HubName } from "../../../src/hubs/hub.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

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
    message: 'Cannot use --log-level "loud": it is one of ' +
      "panic, fatal, error, warn, warning, info, debug, trace",
  });
  assert.throws(() => settings({}, { MODCTL_LOG_LEVEL: "loud" }), InvalidInputError);
});

Deno.test("every level that scripts know is understood, by flag and by variable", () => {
  for (const level of LOG_LEVELS) {
    assert.equal(settings({ logLevel: level }).logLevel, level);
    assert.equal(settings({}, { MODCTL_LOG_LEVEL: level }).logLevel, level);
  }
});

Deno.test("profiles are served when they are asked for, on this machine if nothing else is said", () => {
  assert.equal(settings().pprof, undefined);
  assert.equal(settings({ pprofAddr: "localhost:1" }).pprof, undefined);
  assert.equal(settings({ pprof: true }).pprof, "localhost:6060");
  assert.equal(settings({ pprof: true, pprofAddr: "127.0.0.1:0" }).pprof, "127.0.0.1:0");
});

Deno.test("hubs are reached as their own variables say", () => {
  assert.deepEqual(settings().hubs, {
    huggingface: {
      hubUrl: undefined,
      token: undefined,
      tokenFiles: ["/home/user/.cache/huggingface/token", "/home/user/.huggingface/token"],
    },
    modelscope: { hubUrl: undefined, token: undefined, tokenFiles: [] },
    mlflow: {
      hubUrl: undefined,
      token: undefined,
      username: undefined,
      password: undefined,
      tokenFiles: [],
    },
  });
  const { huggingface, modelscope } = settings({}, {
    HF_ENDPOINT: "https://hub.test",
    HF_TOKEN: "hf",
    HF_HOME: "/hf",
    MODELSCOPE_SDK_TOKEN: "ms",
  }).hubs;
  assert.deepEqual(huggingface, {
    hubUrl: "https://hub.test",
    token: "hf",
    tokenFiles: ["/hf/token", "/home/user/.huggingface/token"],
  });
  assert.equal(modelscope?.token, "ms");
  assert.deepEqual(settings({}, {}, { home: undefined }).hubs.huggingface?.tokenFiles, []);
});

for (
  const [variable, value, hubUrl] of [
    ["MODELSCOPE_ENDPOINT", "http://127.0.0.1:8000", "http://127.0.0.1:8000"],
    ["MODELSCOPE_ENDPOINT", "hub.test", "https://hub.test"],
    ["MODELSCOPE_DOMAIN", "www.modelscope.ai", "https://www.modelscope.ai"],
    ["MODELSCOPE_DOMAIN", "https://mirror.test/hub", "https://mirror.test/hub"],
  ] as const
) {
  Deno.test(`the ModelScope hub of ${variable}=${value} is at ${hubUrl}`, () => {
    assert.equal(settings({}, { [variable]: value }).hubs.modelscope?.hubUrl, hubUrl);
    const both = {
      MODELSCOPE_DOMAIN: "other.test",
      MODELSCOPE_ENDPOINT: "hub.test",
      [variable]: value,
    };
    assert.equal(
      settings({}, both).hubs.modelscope?.hubUrl,
      variable === "MODELSCOPE_ENDPOINT" ? hubUrl : "https://hub.test",
    );
  });
}

for (const value of ["x", "NaN", "7", "-1", "3.5", "0x3", "1e0", "3 4", "٣"]) {
  Deno.test(`${value} is no priority of Dragonfly, and the variable that has it is named`, () => {
    for (const name of ["MODCTL_DRAGONFLY_PRIORITY", "MODEL_OPS_DRAGONFLY_PRIORITY"]) {
      assert.throws(() => settings({}, { [name]: value }), {
        name: "InvalidInputError",
        message: `Cannot use ${name}: "${value}" is not a whole number from 0 to 6`,
      });
    }
  });
}

Deno.test("a priority of Dragonfly is a whole number, with space around it or not", () => {
  for (const [value, priority] of [["0", 0], [" 6 ", 6], ["03", 3]] as const) {
    const { dragonfly } = settings({}, { MODCTL_DRAGONFLY_PRIORITY: value });
    assert.equal(dragonfly?.priority, priority);
  }
});

Deno.test("MLflow is a server of one's own, or Databricks", () => {
  const own = {
    MLFLOW_TRACKING_URI: "http://mlflow.test:5000",
    MLFLOW_TRACKING_USERNAME: "me",
    MLFLOW_TRACKING_PASSWORD: "secret",
  };
  const databricks = { DATABRICKS_HOST: "dbc.test", DATABRICKS_TOKEN: "token" };
  const facts = { token: undefined, username: undefined, password: undefined, tokenFiles: [] };
  const ofOwn = {
    ...facts,
    hubUrl: "http://mlflow.test:5000",
    username: "me",
    password: "secret",
  };
  const ofDatabricks = { ...facts, hubUrl: "https://dbc.test", token: "token" };
  assert.deepEqual(settings({}, own).hubs.mlflow, ofOwn);
  assert.deepEqual(settings({}, databricks).hubs.mlflow, ofDatabricks);
  // The login of one server is never sent to the other.
  assert.deepEqual(settings({}, { ...own, ...databricks }).hubs.mlflow, ofOwn);
  assert.deepEqual(
    settings({}, { ...own, ...databricks, MLFLOW_TRACKING_URI: "databricks" }).hubs.mlflow,
    ofDatabricks,
  );
});

Deno.test("progress is drawn for a person only, and not into a log", () => {
  const terminal = { stderr: { isTerminal: true } };
  const rows: [GlobalFlags, Record<string, string>, string][] = [
    [{}, {}, "bar"],
    [{}, { CI: "true" }, "plain"],
    [{}, { CI: "false" }, "bar"],
    [{}, { TERM: "dumb" }, "plain"],
    [{ logLevel: "debug" }, {}, "plain"],
    [{ progress: false }, {}, "none"],
    [{ json: true }, {}, "none"],
    [{}, { MODCTL_NO_PROGRESS: "1" }, "none"],
    [{}, { MODELOPS_NO_PROGRESS: "0" }, "bar"],
    [{ progress: "json" }, {}, "json"],
    [{ progress: "Plain" }, {}, "plain"],
    [{ progress: "none" }, {}, "none"],
    [{ progress: "plain", json: true }, {}, "plain"],
    [{ progress: "bar", json: true, logLevel: "debug" }, { CI: "1" }, "bar"],
    [{ progress: "bar" }, { TERM: "dumb" }, "plain"],
    [{}, { MODELOPS_PROGRESS: "json" }, "json"],
    [{}, { MODCTL_PROGRESS: "plain", MODCTL_NO_PROGRESS: "1" }, "plain"],
    [{ progress: "bar" }, { MODEL_OPS_PROGRESS: "none" }, "bar"],
    [{ progress: false }, { MODELOPS_PROGRESS: "json" }, "none"],
    [{}, { MODELOPS_PROGRESS: "" }, "bar"],
  ];
  for (const [flags, env, style] of rows) {
    assert.equal(settings(flags, env, terminal).progress, style, JSON.stringify([flags, env]));
  }
  assert.equal(settings().progress, "plain");
  assert.equal(settings({ progress: "bar" }).progress, "plain");
});

Deno.test("a form of progress that there is not is refused, by flag and by variable", () => {
  for (
    const [flags, env, message, actual] of [
      [{ progress: "bars" }, {}, 'Cannot use --progress "bars"', "bars"],
      [{ progress: "" }, {}, 'Cannot use --progress ""', ""],
      [{}, { MODELOPS_PROGRESS: "X" }, `Cannot use MODELOPS_PROGRESS "X"`, "x"],
    ] as const
  ) {
    assert.throws(() => settings(flags, env), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.equal(error.message, `${message}: it is one of plain, bar, json, none`);
      assert.deepEqual(error.facts.choices, ["plain", "bar", "json", "none"]);
      assert.equal(error.facts.actual, actual);
      return true;
    });
  }
});

Deno.test("a value that cannot be used is named with the variable that gave it", () => {
  const rows: [env: Record<string, string>, message: string][] = [
    [{ MODCTL_LOG_LEVEL: "loud" }, 'Cannot use MODCTL_LOG_LEVEL "loud": '],
    [{ MODELOPS_COLOR: "Purple" }, 'Cannot use MODELOPS_COLOR "Purple": '],
    [{ MODEL_OPS_PROGRESS: "x", MODCTL_PROGRESS: "" }, 'Cannot use MODEL_OPS_PROGRESS "x": '],
    [{ MODEL_OPS_MAX_RATE: "fast" }, 'Cannot use MODEL_OPS_MAX_RATE "fast": '],
    [{ MODCTL_COLOR: "a", MODELOPS_COLOR: "never" }, 'Cannot use MODCTL_COLOR "a": '],
  ];
  for (const [env, message] of rows) {
    assert.throws(() => settings({}, env), (error) => {
      assert.ok(
        error instanceof InvalidInputError && error.message.startsWith(message),
        `${error}`,
      );
      return true;
    });
  }
});

Deno.test("logins are read from our file, Docker's and Podman's", () => {
  assert.deepEqual(settings().credentialFiles, {
    own: "/home/user/.modctl/config.json",
    docker: "/home/user/.docker/config.json",
    prefersDocker: false,
    others: ["/home/user/.config/containers/auth.json"],
  });
  const env = { DOCKER_CONFIG: "/docker", XDG_RUNTIME_DIR: "/run/user/7", XDG_CONFIG_HOME: "/x" };
  const { docker, prefersDocker, others } = settings({}, env).credentialFiles;
  assert.deepEqual([docker, prefersDocker], ["/docker/config.json", true]);
  assert.equal(
    settings({}, { DOCKER_CONFIG: "d" }).credentialFiles.docker,
    "/here/d/config.json",
  );
  assert.deepEqual(others, [
    "/run/user/7/containers/auth.json",
    "/x/containers/auth.json",
  ]);
});

Deno.test("the login of the environment may be for one registry", () => {
  const found = (env: Record<string, string>) => {
    const { username, password, loginRegistry } = settings({}, env);
    return [username, password, loginRegistry];
  };
  const env = { MODCTL_REGISTRY_USER: "me\n", MODCTL_REGISTRY_PASS: " pass\r\n" };
  assert.deepEqual(found(env), ["me", " pass", undefined]);
  const rows = [
    ["r.test:5000", "r.test:5000"],
    [" r.test ", "r.test"],
    ["https://r.test/v2/", "r.test"],
    ["r.test/models", "r.test"],
    ["", undefined],
  ];
  for (const [said = "", host] of rows) {
    assert.equal(found({ ...env, MODCTL_REGISTRY: said })[2], host, said);
  }
});

Deno.test("tokens of hubs are read without white space around them", () => {
  const token = (env: Record<string, string>, hub: HubName) => settings({}, env).hubs[hub]?.token;
  for (const text of ["hf_x", "hf_x\n", " hf_x", "\thf_x\r\n"]) {
    assert.equal(token({ HF_TOKEN: text }, "huggingface"), "hf_x");
    assert.equal(token({ HF_TOKEN: " ", HUGGING_FACE_HUB_TOKEN: text }, "huggingface"), "hf_x");
    assert.equal(token({ MODELSCOPE_API_TOKEN: text }, "modelscope"), "hf_x");
    assert.equal(token({ DATABRICKS_TOKEN: text }, "mlflow"), "hf_x");
  }
});

Deno.test("proxies and certificates come from the usual variables", () => {
  const found = settings({ certFile: "c.pem" }, {
    HTTPS_PROXY: "http://proxy.test",
    no_proxy: "localhost",
    SSL_CERT_FILE: "/ca.pem",
    SSL_CERT_DIR: "/one::two",
  });
  assert.deepEqual(found.proxy, {
    http: undefined,
    https: "http://proxy.test",
    noProxy: "localhost",
  });
  assert.equal(found.caFile, undefined);
  assert.deepEqual(found.authorities, { file: "/ca.pem", folders: ["/one", "/here/two"] });
  assert.equal(found.certFile, "/here/c.pem");
  assert.equal(settings({ caFile: "/mine" }, { SSL_CERT_FILE: "/ca.pem" }).caFile, "/mine");
});

Deno.test("servers on the internet may point to private addresses when a flag or a variable says so", () => {
  const allowed = (flags: GlobalFlags, env: Record<string, string> = {}) =>
    settings(flags, env).allowPrivateRedirects;
  assert.equal(allowed({}), false);
  assert.equal(allowed({ allowPrivateRedirects: true }), true);
  for (const name of ["MODCTL", "MODELOPS", "MODEL_OPS"]) {
    assert.equal(allowed({}, { [`${name}_ALLOW_PRIVATE_REDIRECTS`]: "1" }), true);
    assert.equal(allowed({}, { [`${name}_ALLOW_PRIVATE_REDIRECTS`]: "0" }), false);
  }
});

Deno.test("SOURCE_DATE_EPOCH is a whole number of seconds", () => {
  assert.equal(sourceDateEpoch({}), undefined);
  assert.equal(sourceDateEpoch({ SOURCE_DATE_EPOCH: "" }), undefined);
  assert.equal(sourceDateEpoch({ SOURCE_DATE_EPOCH: "1700000000" }), 1700000000);
  for (const text of ["-1", "1.5", "now", "1e9", "999999999999", " 1"]) {
    assert.throws(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: text }), InvalidInputError, text);
  }
});

Deno.test("a switch of the environment is on or off; what says neither is refused by its name", () => {
  const allows = (value: string) =>
    settings({}, { MODELOPS_ALLOW_PRIVATE_REDIRECTS: value }).allowPrivateRedirects;
  for (const value of ["1", "true", "YES", " on "]) assert.equal(allows(value), true, value);
  for (const value of ["", "0", "False", "no", "off"]) assert.equal(allows(value), false, value);
  for (
    const name of ["ALLOW_PRIVATE_REDIRECTS", "NO_PROGRESS", "DRAGONFLY_REQUIRED"].map((name) =>
      `MODCTL_${name}`
    )
  ) {
    const wanted = { message: `Cannot use ${name}: "perhaps" is neither true nor false` };
    assert.throws(() => settings({}, { [name]: "perhaps" }), wanted);
  }
});
