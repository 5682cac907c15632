import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { parseConnectionString } from "../../src/objects/connection_string.ts";

const account = "acct";
const key = "a2V5";

Deno.test("parseConnectionString() finds the endpoint that Azure's own tools find", () => {
  const endpoints: Record<string, string> = {
    "AccountName=acct;AccountKey=a2V5": "https://acct.blob.core.windows.net",
    "AccountName=acct;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn":
      "https://acct.blob.core.chinacloudapi.cn",
    "DefaultEndpointsProtocol=HTTP;AccountName=acct;AccountKey=a2V5;EndpointSuffix=.x.test/":
      "http://acct.blob.x.test",
    "AccountName=acct;AccountKey=a2V5;EndpointSuffix=127.0.0.1:10000":
      "https://acct.blob.127.0.0.1:10000",
    "EndpointSuffix=;AccountName=acct;AccountKey=a2V5;": "https://acct.blob.core.windows.net",
    "BlobEndpoint=https://h.test/a/b;AccountName=acct;AccountKey=a2V5": "https://h.test/a/b",
    " accountname = acct ;; ACCOUNTKEY=a2V5\n; QueueEndpoint=https://q.test\r\n":
      "https://acct.blob.core.windows.net",
  };
  for (const [text, endpoint] of Object.entries(endpoints)) {
    assert.deepEqual(parseConnectionString(text), { account, key, endpoint }, text);
  }
});

Deno.test("parseConnectionString() reads signatures, with and without an account", () => {
  const endpoint = "https://h.test";
  assert.deepEqual(
    parseConnectionString("BlobEndpoint=https://h.test;SharedAccessSignature=sv=1&sig=a=b"),
    { sas: "sv=1&sig=a=b", endpoint },
  );
  assert.deepEqual(
    parseConnectionString(
      "AccountName=acct;SharedAccessSignature=?sig=x;BlobEndpoint=https://h.test",
    ),
    { account, sas: "?sig=x", endpoint },
  );
});

Deno.test("parseConnectionString() finds the emulator", () => {
  const endpoints: Record<string, string> = {
    "UseDevelopmentStorage=true": "http://127.0.0.1:10000",
    "usedevelopmentstorage=True;": "http://127.0.0.1:10000",
    "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://10.0.0.1":
      "http://10.0.0.1:10000",
    "DevelopmentStorageProxyUri=https://h.test/;UseDevelopmentStorage=true": "https://h.test:10000",
  };
  for (const [text, host] of Object.entries(endpoints)) {
    assert.equal(parseConnectionString(text).endpoint, `${host}/devstoreaccount1`, text);
  }
});

const WRONG: readonly [text: string, reason: RegExp][] = [
  ["export AZURE_STORAGE_CONNECTION_STRING='AccountName=acct;AccountKey=s3cr3t'", /has quotes/],
  ['AccountName=acct;AccountKey="s3cr3t"', /has quotes/],
  ["AccountName='acct;AccountKey=s3cr3t'", /has quotes/],
  ["AccountName=acct;AccountKey=s3cr3t;BlobEndpoint=\u201chttps://h\u201d", /has quotes/],
  ["export AZURE_STORAGE_CONNECTION_STRING=AccountName=acct;AccountKey=s3cr3t", /nothing before/],
  ["AZURE_STORAGE_CONNECTION_STRING=AccountName=acct;AccountKey=s3cr3t", /nothing before/],
  ["connectionString: AccountName=acct;AccountKey=s3cr3t", /nothing before/],
  ["AccountName=acct;s3cr3t", /malformed/],
  ["AccountName=acct;=s3cr3t", /malformed/],
  ["AccountName=acct", /neither an AccountKey nor a SharedAccessSignature/],
  ["AccountName=acct;AccountKey=", /neither an AccountKey nor a SharedAccessSignature/],
  ["BlobEndpoint=https://h.test;AccountKye=s3cr3t", /neither an AccountKey nor/],
  ["BlobEndpoint=https://h.test;AccountKey=s3cr3t", /but no AccountName/],
  ["AccountKey=s3cr3t", /neither an account nor a blob endpoint/],
  ["UseDevelopmentStorage=false", /neither an account nor a blob endpoint/],
  [";", /neither an account nor a blob endpoint/],
  ["AccountName=acct,AccountKey=s3cr3t", /neither an AccountKey nor/],
  ["AccountName=a;AccountName=acct;AccountKey=s3cr3t", /has AccountName twice/],
  ["AccountName=acct;AccountKey=s3cr3t;accountkey=s3cr3t2", /has AccountKey twice/],
  ["AccountName=acct;AccountKey=s3cr3t;EndpointSuffix=https://h.test/", /EndpointSuffix/],
  ["AccountName=acct;AccountKey=s3cr3t;EndpointSuffix=h.test/a?s3cr3t", /EndpointSuffix/],
  ["AccountName=acct;AccountKey=s3cr3t;EndpointSuffix=u:s3cr3t@h", /EndpointSuffix/],
  ["AccountName=acct;AccountKey=s3cr3t;DefaultEndpointsProtocol=ftp", /neither http nor https/],
  ["UseDevelopmentStorage=true;DevelopmentStorageProxyUri=h.test", /DevelopmentStorageProxyUri/],
];

Deno.test("parseConnectionString() says what is wrong, points to the setting and shows no secret", () => {
  for (const [text, reason] of WRONG) {
    assert.throws(() => parseConnectionString(text), (error) => {
      assert(error instanceof InvalidInputError);
      assert.match(error.message, reason);
      assert.equal(error.facts.setting, "azureConnectionString");
      return !Deno.inspect(error).includes("s3cr3t");
    }, text);
  }
});

Deno.test("parseConnectionString() gives settings or an error of ours for any text", () => {
  const pair = fc.tuple(
    fc.constantFrom("AccountName", "accountkey", "BlobEndpoint", "SharedAccessSignature", "x"),
    fc.string({ unit: "binary", maxLength: 12 }),
  ).map((pair) => pair.join("="));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pair).map((pairs) => pairs.join(";")),
  );
  fc.assert(fc.property(text, (text) => {
    try {
      const { endpoint, key, sas } = parseConnectionString(text);
      assert(endpoint !== "" && (key ?? sas) !== undefined);
    } catch (error) {
      assert(error instanceof InvalidInputError);
    }
  }));
  const value = fc.stringMatching(/^[A-Za-z0-9+/=]{1,30}$/);
  fc.assert(fc.property(value, value, (account, key) => {
    const text = `AccountKey=${key};BlobEndpoint=http://x.test;AccountName=${account}`;
    assert.deepEqual(parseConnectionString(text), { account, key, endpoint: "http://x.test" });
  }));
});
