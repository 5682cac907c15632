import assert from "node:assert/strict";
import fc from "fast-check";
import { baseRepository, bundleRepositories } from "../../src/bundle/resolve/registry.ts";
import { bundleSettingsFromEnv } from "../../src/library/bundle_settings.ts";
import { InvalidInputError } from "../../src/core/errors.ts";

Deno.test("bundleSettingsFromEnv() demands nothing and has the guide's defaults", () => {
  const settings = bundleSettingsFromEnv({});
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), {
    insecure: false,
    plainHttp: false,
    httpTimeoutSeconds: 30,
    externalTimeoutSeconds: 30,
    allowStatWithoutSha: false,
    azure: { account: "modelops", container: "bundles" },
  });
});

Deno.test("bundleSettingsFromEnv() takes the guide's two variables as they are", () => {
  const settings = bundleSettingsFromEnv({
    AZURE_STORAGE_KEY: "a2V5",
    REGISTRY_REPO: "myorg/models",
  });
  assert.equal(settings.azure?.key, "a2V5");
  assert.equal(settings.azure?.account, "modelops");
  assert.deepEqual(bundleRepositories(settings, "x"), [
    "myorg/models/x",
    "myorg/models/bundles/x",
  ]);
});

Deno.test("bundleSettingsFromEnv() prefers the guide's name, then MODELOPS_, then MODEL_OPS_", () => {
  const all = {
    REGISTRY_REPO: "a",
    MODELOPS_REGISTRY_REPO: "b",
    MODEL_OPS_REGISTRY_REPO: "c",
    EXTERNAL_TIMEOUT_S: "1",
    MODELOPS_EXT_TIMEOUT: "2",
    MODEL_OPS_EXT_TIMEOUT: "3.5",
  };
  assert.equal(bundleSettingsFromEnv(all).repository, "a");
  const second = { ...all, REGISTRY_REPO: "", EXTERNAL_TIMEOUT_S: " " };
  assert.equal(bundleSettingsFromEnv(second).repository, "b");
  assert.equal(bundleSettingsFromEnv(second).externalTimeoutSeconds, 2);
  const third = { ...second, MODELOPS_REGISTRY_REPO: undefined, MODELOPS_EXT_TIMEOUT: undefined };
  assert.equal(bundleSettingsFromEnv(third).repository, "c");
  assert.equal(bundleSettingsFromEnv(third).externalTimeoutSeconds, 3.5);
});

const REGISTRIES: readonly (readonly [
  { url?: string; repo?: string },
  { registry?: string; repository?: string; plainHttp?: boolean },
])[] = [
  [{ repo: "ghcr.io/org/models" }, { registry: "ghcr.io", repository: "org/models" }],
  [{ repo: "localhost:5000/x" }, { registry: "localhost:5000", repository: "x" }],
  [{ repo: "localhost:5000" }, { registry: "localhost:5000", repository: "" }],
  [{ repo: "localhost/x" }, { registry: "localhost", repository: "x" }],
  [{ repo: "[::1]:5000/x" }, { registry: "[::1]:5000", repository: "x" }],
  [{ repo: "x", url: "localhost" }, { registry: "localhost", repository: "x" }],
  [{ repo: "x", url: "localhost:5000" }, { registry: "localhost:5000", repository: "x" }],
  [{ repo: "x", url: "https://r.test/v2" }, { registry: "r.test", repository: "x" }],
  [{ repo: "x", url: "https://r.test/v2/" }, { registry: "r.test", repository: "x" }],
  [{ repo: "x", url: "http://r.test:80/" }, {
    registry: "r.test:80",
    repository: "x",
    plainHttp: true,
  }],
  [{ repo: "r.test/x", url: "https://r.test" }, { registry: "r.test", repository: "x" }],
  [{ repo: "ghcr.io/x", url: "https://r.test" }, { registry: "r.test", repository: "ghcr.io/x" }],
  [{ url: "https://r.test" }, { registry: "r.test" }],
];

for (const [given, expected] of REGISTRIES) {
  Deno.test(`bundleSettingsFromEnv() takes ${JSON.stringify(given)}`, () => {
    const settings = bundleSettingsFromEnv({ REGISTRY_URL: given.url, REGISTRY_REPO: given.repo });
    assert.equal(settings.registry, expected.registry);
    assert.equal(settings.repository, expected.repository);
    assert.equal(settings.plainHttp, expected.plainHttp ?? false);
  });
}

const REFUSED: readonly Record<string, string>[] = [
  { REGISTRY_URL: "ftp://h" },
  { REGISTRY_URL: "h_x" },
  { REGISTRY_URL: "https://user:p@h" },
  { REGISTRY_URL: "not a url" },
  { REGISTRY_URL: "://missing-scheme" },
  { REGISTRY_URL: "HTTPS://r.test" },
  { REGISTRY_URL: "https://r.test:99999" },
  { REGISTRY_URL: "https://r.test/other/path" },
  { REGISTRY_REPO: "Upper/x" },
  { REGISTRY_REPO: "/x" },
  { REGISTRY_REPO: "x/" },
  { REGISTRY_REPO: "a//b" },
  { REGISTRY_REPO: "-x" },
  { REGISTRY_REPO: "a b" },
  { REGISTRY_REPO: "a/../b" },
  { REGISTRY_REPO: "x\ny" },
  { REGISTRY_REPO: "localhost:99999/x" },
  { REGISTRY_REPO: "other:5000/x", REGISTRY_URL: "https://r.test" },
  { MODELOPS_HTTP_TIMEOUT: "0" },
  { MODELOPS_HTTP_TIMEOUT: "-1" },
  { MODELOPS_HTTP_TIMEOUT: "soon" },
  { MODELOPS_HTTP_TIMEOUT: "1.2.3" },
  { MODELOPS_HTTP_TIMEOUT: "Infinity" },
  { MODELOPS_HTTP_RETRY: "-1" },
  { MODELOPS_HTTP_RETRY: "1.5" },
  { MODELOPS_HTTP_RETRY: "many" },
  { EXTERNAL_TIMEOUT_S: "0" },
  { EXTERNAL_TIMEOUT_S: "x" },
  { EXTERNAL_RETRIES: "x" },
  { AZURE_STORAGE_CONTAINER: "Bad_Name" },
  { AZURE_STORAGE_CONTAINER: "a" },
  { AZURE_STORAGE_ENDPOINT: "nowhere" },
  { AZURE_STORAGE_ENDPOINT: "https://h.test/?sig=secret" },
  { AZURE_STORAGE_KEY: "a2V5", AZURE_STORAGE_CONNECTION_STRING: "AccountName=x" },
  { OBJECT_STORE: "s3://bucket" },
  { OBJECT_STORE: "folder" },
];

for (const env of REFUSED) {
  Deno.test(`bundleSettingsFromEnv() refuses ${JSON.stringify(env)}`, () => {
    assert.throws(() => bundleSettingsFromEnv(env), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.ok(error.message.includes(Object.keys(env)[0]!), error.message);
      assert.ok(!/user:p|secret|a2V5/.test(error.message), error.message);
      return true;
    });
  });
}

Deno.test("bundleSettingsFromEnv() reads switches as people write them", () => {
  for (const text of ["true", "1", "YES", "on"]) {
    assert.equal(bundleSettingsFromEnv({ MODELOPS_REGISTRY_INSECURE: text }).insecure, true);
  }
  for (const text of ["false", "0", "off", "No", "maybe", ""]) {
    assert.equal(bundleSettingsFromEnv({ MODELOPS_REGISTRY_INSECURE: text }).insecure, false);
  }
});

Deno.test("bundleSettingsFromEnv() collects what reaches Azure and the folder for objects", () => {
  const settings = bundleSettingsFromEnv({
    AZURE_STORAGE_ACCOUNT: "acme",
    AZURE_STORAGE_SAS_TOKEN: "sv=1",
    AZURE_STORAGE_CONTAINER: "big-files",
    MODELOPS_AZURE_BLOB_ENDPOINT: "http://127.0.0.1:10000/",
    OBJECT_STORE: "file:///srv/objects/",
    MODELOPS_CACHE_DIR: "/tmp/cache",
    MODELOPS_PROVIDER: "fake",
  });
  assert.equal(settings.azure?.account, "acme");
  assert.equal(settings.azure?.sas, "sv=1");
  assert.equal(settings.azure?.container, "big-files");
  assert.equal(settings.azure?.endpoint, "http://127.0.0.1:10000");
  assert.equal(settings.objectStore, "file:///srv/objects");
  assert.equal(settings.cacheFolder, "/tmp/cache");
  assert.equal(settings.provider, "fake");
});

Deno.test("bundleRepositories() knows none where no path for bundles is set", () => {
  const settings = bundleSettingsFromEnv({ REGISTRY_URL: "https://r.test" });
  assert.equal(baseRepository(settings), undefined);
  assert.deepEqual(bundleRepositories(settings, "x"), []);
});

Deno.test("bundleSettingsFromEnv() gives settings or an InvalidInputError, whatever the values", () => {
  const names = ["REGISTRY_URL", "REGISTRY_REPO", "EXTERNAL_TIMEOUT_S", "OBJECT_STORE"];
  const value = fc.oneof(fc.string(), fc.stringMatching(/^[a-z:\/.@0-9-]*$/));
  fc.assert(fc.property(fc.constantFrom(...names), value, (name, text) => {
    try {
      bundleSettingsFromEnv({ [name]: text });
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});

Deno.test("bundleSettingsFromEnv() refuses half a login, which would log nobody in", () => {
  for (const name of ["REGISTRY_USERNAME", "MODELOPS_REGISTRY_PASSWORD"]) {
    const wanted = new RegExp(`^Cannot use ${name}: a (user|password) needs a .* is not set$`);
    assert.throws(() => bundleSettingsFromEnv({ [name]: "x" }), { message: wanted });
  }
  const both = { REGISTRY_USERNAME: "ann", MODELOPS_REGISTRY_PASSWORD: "x" };
  const { username, password } = bundleSettingsFromEnv(both);
  assert.deepEqual([username, password], ["ann", "x"]);
});
