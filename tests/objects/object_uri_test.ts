import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, UnsupportedError } from "../../src/core/errors.ts";
import { formatObjectUri, parseObjectUri, quoteUri } from "../../src/objects/object_uri.ts";

Deno.test("parseObjectUri() reads objects in containers", () => {
  const cases = {
    "az://a/b": ["az", "a", "b"],
    "azure://data/train.csv": ["azure", "data", "train.csv"],
    "az://my-container_123/data_2023/model-v1.2.pkl": [
      "az",
      "my-container_123",
      "data_2023/model-v1.2.pkl",
    ],
    "s3://bucket/file.tar.gz": ["s3", "bucket", "file.tar.gz"],
    "gs://b/very/deep/f.json": ["gs", "b", "very/deep/f.json"],
    "az://$root/x": ["az", "$root", "x"],
    "az://c/k..x": ["az", "c", "k..x"],
    "az://c/a#b?c/d=e?": ["az", "c", "a#b?c/d=e?"],
    "az://c/..a/b.": ["az", "c", "..a/b."],
    "az://c/%2e%2e/a b+c&d=e:f@g": ["az", "c", "%2e%2e/a b+c&d=e:f@g"],
    "az://c/данные/模型/😀": ["az", "c", "данные/模型/😀"],
  };
  for (const [text, [scheme, container, key]] of Object.entries(cases)) {
    assert.deepEqual(parseObjectUri(text), { scheme, container, key });
  }
});

Deno.test("parseObjectUri() reads files", () => {
  const file = (path: string, absolute: boolean) => ({ scheme: "file", absolute, path });
  assert.deepEqual(parseObjectUri("file:///data/x.bin"), file("/data/x.bin", true));
  assert.deepEqual(parseObjectUri("file:/data/x.bin"), file("/data/x.bin", true));
  assert.deepEqual(parseObjectUri("file:data/a b%20.bin"), file("data/a b%20.bin", false));
});

Deno.test("parseObjectUri() refuses what is malformed", () => {
  const malformed = [
    ...["", "c/k", "//c/k", "az", "az:", "az:c/k", "az:/c/k", "az://", "az://c", "az://c/"],
    ...["az:///k", "az:///c/k", "s3:////b/k", "az://c//k", "az://c/k/", "az://c/a//b"],
    ...["az://c/../e", "s3://b/good/../evil", "gs://b/p/../../../etc/passwd", "az://c/./k"],
    ...["az://c/..", "az://../k", "az://c/.", "az://c\\f", "az://c/a\\b", "AZ://c/k", "File:///x"],
    ...["az://c/k?sig=1", "az://c/k?sv=1&SIG=x", "az://c?x/k", "az://user@c/k", "az://c:80/k"],
    ...["az://C/k", "az://-c/k", "az://c c/k", `az://${"c".repeat(64)}/k`, "az://é/k"],
    ...[
      "az://c/k\n",
      "az://c/\0",
      "az://c/\x7f",
      "az://c/\u0085",
      "az://c/\u2028",
      "az://c/\ud800",
    ],
    ...[`az://c/${"k".repeat(1025)}`, " az://c/k", "\naz://c/k"],
    ...["file:", "file:/", "file:///", "file://host/path", "file:a/../b", "file:///a//b"],
    ...["file:///a/", "file:a\\b", "file:////x", "file://localhost/x", "FILE:///x"],
    ...["file:%2e", "file:a/%2E%2e/x", "file:.%2e", "file:a%2fb", "file:a%5Cb", "file:a%00"],
  ];
  for (const text of malformed) {
    assert.throws(() => parseObjectUri(text), InvalidInputError, text);
  }
});

Deno.test("parseObjectUri() names the schemes it knows", () => {
  for (const text of ["invalid://c/k", "http://c/k", "https://c/k", "ftp://c/k", "fs://c/k"]) {
    assert.throws(() => parseObjectUri(text), (error: Error) => {
      assert(error instanceof UnsupportedError);
      assert.match(error.message, /known are az, azure, s3, gs, file$/);
      return true;
    });
  }
});

Deno.test("parseObjectUri() shows neither a query nor user info", () => {
  for (
    const text of [
      "az://c/k?sv=1&sig=s3cr3t",
      "az://c/\n?sv=1&sig=s3cr3t",
      "az://user:s3cr3t@c/k",
      "https://s3cr3t@host/k?sig=s3cr3t",
      "az://c/\n?sig=s3cr3t",
    ]
  ) {
    assert.throws(() => parseObjectUri(text), (error) => !Deno.inspect(error).includes("s3cr3t"));
  }
  assert.equal(quoteUri("az://c/k"), '"az://c/k"');
  for (const part of ["?", "//a@", "=?", "a?b"]) {
    const shown = quoteUri(`az://c/${part.repeat(500_000)}`);
    assert(shown.length < 400, part);
  }
});

const part = fc.string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) =>
    !/[\p{Cc}\p{Zl}\p{Zp}\\/%]|[?&]sig=/iu.test(text) && !/^\.{1,2}$/.test(text) &&
    text.isWellFormed()
  );
const key = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const container = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);
const scheme = fc.constantFrom("az", "azure", "s3", "gs");

Deno.test("formatObjectUri() and parseObjectUri() undo each other", () => {
  fc.assert(fc.property(scheme, container, key, (scheme, container, key) => {
    const text = `${scheme}://${container}/${key}`;
    const parsed = parseObjectUri(text);
    assert.deepEqual(parsed, { scheme, container, key });
    assert.equal(formatObjectUri(parsed), text);
  }));
  fc.assert(fc.property(fc.boolean(), key, (absolute, key) => {
    const text = absolute ? `file:///${key}` : `file:${key}`;
    assert.equal(formatObjectUri(parseObjectUri(text)), text);
  }));
});

Deno.test("parseObjectUri() refuses parts of dots wherever they stand", () => {
  for (
    const text of ["file:.", "file:..", "file:../a", "file:a/..", "file:///a/./b", "az://c/.."]
  ) {
    assert.throws(() => parseObjectUri(text), {
      name: "InvalidInputError",
      message: /"\." or "\.\." part$/,
    });
  }
  assert.equal(formatObjectUri(parseObjectUri("az://c/a:..b")), "az://c/a:..b");
});

Deno.test("parseObjectUri() gives an address or an error of ours for any text", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(scheme, fc.string({ unit: "binary" })).map(([scheme, rest]) => `${scheme}://${rest}`),
    fc.string().map((rest) => `file:${rest}`),
  );
  fc.assert(fc.property(anything, (text) => {
    try {
      const uri = parseObjectUri(text);
      const path = uri.scheme === "file" ? uri.path : uri.key;
      assert.doesNotMatch(path, /[\\]|(^|\/)\.\.?(\/|$)|\/$/);
      assert.deepEqual(parseObjectUri(formatObjectUri(uri)), uri);
    } catch (error) {
      assert(error instanceof InvalidInputError || error instanceof UnsupportedError);
    }
  }));
});
