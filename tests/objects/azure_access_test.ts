import assert from "node:assert/strict";
import { InvalidInputError, type SettingFact } from "../../src/core/errors.ts";
import {
  azureAccess,
  type AzureSettings,
  hasAzureCredential,
} from "../../src/objects/azure_access.ts";

const key = { kind: "key", account: "acct", key: "a2V5" };

Deno.test("azureAccess() knows the address of an account", () => {
  const url = (settings: AzureSettings) => azureAccess({ key: "a2V5", ...settings }).url;
  const account = "acct";
  assert.equal(url({ account }), "https://acct.blob.core.windows.net");
  const endpoints = {
    "http://127.0.0.1:10000": "http://127.0.0.1:10000/acct",
    "http://127.0.0.1:10000/": "http://127.0.0.1:10000/acct",
    "http://127.0.0.1:10000/acct/": "http://127.0.0.1:10000/acct",
    "https://acct.blob.core.usgovcloudapi.net/": "https://acct.blob.core.usgovcloudapi.net",
    "https://proxy.test/blobs": "https://proxy.test/blobs/acct",
  };
  for (const [endpoint, want] of Object.entries(endpoints)) {
    assert.equal(url({ account, endpoint }), want);
  }
});

Deno.test("azureAccess() takes a key, a SAS or a login, in this order", () => {
  const account = "acct";
  const credential = (settings: AzureSettings) => azureAccess({ account, ...settings }).credential;
  assert.deepEqual(credential({ key: "a2V5", sas: "sig=x", identity: true }), key);
  assert.deepEqual(credential({ sas: "?sv=1&sig=x", identity: true }), {
    kind: "sas",
    sas: "sv=1&sig=x",
  });
  assert.deepEqual(credential({ identity: true }), { kind: "identity" });
});

Deno.test("azureAccess() reads connection strings", () => {
  const access = (connectionString: string, settings: AzureSettings = {}) =>
    azureAccess({ connectionString, ...settings });
  const url = "https://acct.blob.core.windows.net";
  assert.deepEqual(access("AccountName=acct;AccountKey=a2V5"), { url, credential: key });
  assert.deepEqual(
    access(
      "defaultendpointsprotocol=http; accountname = acct ;AccountKey=a2V5==;;EndpointSuffix=x.y",
    ),
    { url: "http://acct.blob.x.y", credential: { ...key, key: "a2V5==" } },
  );
  assert.deepEqual(
    access("BlobEndpoint=https://blobs.test/;SharedAccessSignature=sv=1&sig=a=b"),
    { url: "https://blobs.test", credential: { kind: "sas", sas: "sv=1&sig=a=b" } },
  );
  assert.equal(
    access("AccountName=acct;AccountKey=a2V5", { endpoint: "http://127.0.0.1:1" }).url,
    "http://127.0.0.1:1/acct",
  );
  assert.equal(
    access("UseDevelopmentStorage=true").url,
    "http://127.0.0.1:10000/devstoreaccount1",
  );
});

Deno.test("azureAccess() says what is missing and which setting decides", () => {
  const cases: [AzureSettings, SettingFact][] = [
    [{}, "azureCredential"],
    [{ account: "acct" }, "azureCredential"],
    [{ key: "s3cr3t" }, "azureAccount"],
    [{ sas: "sig=s3cr3t" }, "azureAccount"],
    [{ connectionString: "s3cr3t=1;AccountName=acct;", key: "s3cr3t" }, "azureOneLogin"],
    [{ connectionString: "AccountName=acct" }, "azureConnectionString"],
    [{ connectionString: "AccountName=ACCT;AccountKey=s3cr3t" }, "azureLogin"],
    [{ connectionString: "AccountName=acct;AccountKey=s3cr3t%3D" }, "azureLogin"],
    [{ connectionString: "AccountName=a23;AccountKey=k;BlobEndpoint=s3cr3t" }, "azureEndpoint"],
  ];
  for (const [settings, setting] of cases) {
    assert.throws(() => azureAccess(settings), (error) => {
      assert(error instanceof InvalidInputError);
      assert.equal(error.facts.setting, setting);
      return !Deno.inspect(error).includes("s3cr3t");
    });
  }
});

Deno.test("azureAccess() refuses what cannot be right, and shows no secret", () => {
  const account = "acct";
  const wrong: AzureSettings[] = [
    { account: "Acct", key: "s3cr3t" },
    { account: "evil.test/x", key: "s3cr3t" },
    { account, key: "s3cr3t", endpoint: "ftp://x" },
    { account, key: "s3cr3t", endpoint: "s3cr3t" },
    { account, key: "k", endpoint: "https://x.test/?sig=s3cr3t" },
    { account, key: "k", endpoint: "https://s3cr3t@x.test/" },
    { account, key: "s3cr3t!!" },
    { account, key: "s3cr3t s3cr3t" },
    { account, key: "s3cr3t===" },
    { account, identity: true, endpoint: "http://127.0.0.1:10000" },
    { connectionString: "s3cr3t" },
    { connectionString: "AccountKey=s3cr3t" },
    { connectionString: "AccountName=a/b;AccountKey=s3cr3t" },
    { connectionString: "AccountName=acct;AccountKey=s3cr3t;BlobEndpoint=x" },
  ];
  for (const settings of wrong) {
    assert.throws(
      () => azureAccess(settings),
      (error) => error instanceof InvalidInputError && !Deno.inspect(error).includes("s3cr3t"),
    );
  }
});

Deno.test("hasAzureCredential() asks for more than an account", () => {
  assert.equal(hasAzureCredential(undefined), false);
  assert.equal(hasAzureCredential({ account: "acct", key: "", identity: false }), false);
  assert.equal(hasAzureCredential({ sas: "sig=x" }), true);
});

Deno.test("azureAccess() names the quotes around a secret, and shows none of it", () => {
  const secrets: AzureSettings[] = [
    { connectionString: '"AccountName=acct;AccountKey=s3cr3t"' },
    { connectionString: "'AccountName=acct;AccountKey=s3cr3t'" },
    { connectionString: " \u201cAccountName=acct;AccountKey=s3cr3t\u201d" },
    { account: "acct", key: '"s3cr3t"' },
    { account: "acct", sas: "'sig=s3cr3t'" },
    { connectionString: 'AccountName=acct;AccountKey=s3cr3t"' },
    { account: "acct", key: "s3cr3t`" },
    { account: "acct", sas: "sig=s3cr3t' " },
  ];
  for (const settings of secrets) {
    assert.throws(() => azureAccess(settings), (error: Error) => {
      assert.match(error.message, /is in quotes|has quotes in it/);
      return !Deno.inspect(error).includes("s3cr3t");
    });
  }
});

Deno.test("azureAccess() takes a shared access signature as the portal shows it, and nothing else for one", () => {
  const enter = (sas: string) => azureAccess({ account: "acct", sas }).credential;
  const query =
    "sv=2024-11-04&ss=b&srt=co&sp=rwl&se=2030-01-01T00%3A00%3A00Z&spr=https,http&sig=a%2Bb%3D";
  for (const sas of [query, `?${query}`, `&${query}`]) {
    assert.deepEqual(enter(sas), { kind: "sas", sas: query });
  }
  const others = [
    `https://acct.blob.core.windows.net/?${query}`,
    "s3cr3t",
    "sv=1&sig=",
    "sv=1&sig=s3cr3t and more",
    "sv=1&sig=s3cr3t#x",
    "AZURE_STORAGE_SAS_TOKEN: sig=s3cr3t",
  ];
  for (const sas of others) {
    assert.throws(() => enter(sas), (error: Error) => {
      assert.match(error.message, /shared access signature is none/);
      return !Deno.inspect(error).includes("s3cr3t");
    });
  }
});
