import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { isPublic, publicUrl, withoutCredentials } from "../../../src/model/source/public_url.ts";

Deno.test("withoutCredentials() drops what may be secret", () => {
  const rows = [
    ["https://git.test/a.git", "https://git.test/a.git"],
    ["https://user:secret@git.test/a.git", "https://git.test/a.git"],
    ["https://token@git.test:8443/a.git", "https://git.test:8443/a.git"],
    ["https://user:se@cr?et#@git.test/a.git", "https://git.test/a.git"],
    ["https://git.test/a.git?private_token=secret#x", "https://git.test/a.git"],
    ["https://git.test/@scope/a.git", "https://git.test/@scope/a.git"],
    ["ssh://git@git.test:2222/a.git", "ssh://git.test:2222/a.git"],
    ["git@git.test:team/a.git", "git@git.test:team/a.git"],
    ["user:secret@git.test:team/a.git", "git.test:team/a.git"],
    ["//user:secret@git.test/a.git", "//git.test/a.git"],
    ["https:/user:secret@git.test/a.git", "https:/git.test/a.git"],
    ["user:secret@git.test/a.git", "git.test/a.git"],
    ["https:\\\\user:secret@git.test/a.git", "https:\\\\git.test/a.git"],
    ["/srv/git/a.git", "/srv/git/a.git"],
    ["/srv/a:b/c@d.git", "/srv/a:b/c@d.git"],
    ["../a.git", "../a.git"],
  ] as const;
  for (const [url, expected] of rows) assert.equal(withoutCredentials(url), expected);
});

Deno.test("publicUrl() takes out users, passwords, tokens and signatures, and leaves all else", () => {
  for (
    const text of [
      "https://user:secret@git.test/a",
      "https://token@git.test/a",
      "https://user:p?secret@git.test/a",
      "//user:secret@git.test/a",
      "https:/user:secret@git.test/a",
      "user:secret@git.test:a/b.git",
      "user:secret@git.test/a/b.git",
      "https:\\\\user:secret@git.test/a",
      "https://git.test/a?private_token=secret",
      "https://git.test/a?x=1&access-key=secret",
      "https://git.test/a?sv=1&sig=secret",
      "https://git.test/a#access_token=secret",
    ]
  ) {
    assert.ok(!publicUrl(text).includes("secret"), text);
    assert.notEqual(publicUrl(text), text);
  }
  for (
    const text of [
      "https://git.test/@scope/a",
      "https://git.test:8443/@scope/a:b@c",
      "https://git.test/a?branch=main#readme",
      "https://hub.test/#/models/m",
      "https://git.test/a?author=me&monkey=1",
      "git@git.test:a/b.git",
      "mailto:me@mail.test",
      "Contact: me@mail.test",
      "a:b@c",
      "C:\\\\models\\me@work",
      "pkg:npm/a@1/b",
      "/srv/git/a.git",
    ]
  ) assert.equal(publicUrl(text), text);
});

Deno.test("publicUrl() finds the URLs in a text, and leaves all else of it", () => {
  const rows = [
    ["see https://u:secret@git.test/a for more", "see https://git.test/a for more"],
    ["(https://secret@git.test/a)", "(https://git.test/a)"],
    ['{"url":"https://u:secret@git.test/a","n":1}', '{"url":"https://git.test/a","n":1}'],
    ["a=https://u:secret@a.test b=https://x.test/y?z=1", "a=https://a.test b=https://x.test/y?z=1"],
    ["https://a.test\nhttps://u:secret@b.test/c", "https://a.test\nhttps://b.test/c"],
    ["mirror of git+ssh://u:secret@git.test/a", "mirror of git+ssh://git.test/a"],
    ["from https://git.test/a?private_token=secret now", "from https://git.test/a now"],
  ] as const;
  for (const [text, expected] of rows) {
    assert.equal(publicUrl(text), expected);
    assert.deepEqual([isPublic(text), isPublic(expected)], [false, true], text);
  }
  for (
    const text of ["at a://b for c://d", "mail me@mail.test, see https://a.test/@b:c@d", "a://"]
  ) {
    assert.deepEqual([publicUrl(text), isPublic(text)], [text, true]);
  }
  // As long as no other argument of a command: looked through once.
  const long = "a".repeat(1_000_000);
  assert.equal(publicUrl(`${long} ${long}://`), `${long} ${long}://`);
});

Deno.test("withoutCredentials() refuses a URL that cannot be taken apart, and publicUrl() too", () => {
  for (
    const text of [
      "https://user:se/cret@git.test/a",
      "ssh://me:a/b@git.test/a",
      "git+https://user:se/cr/et@git.test:8443/a.git",
    ]
  ) assert.throws(() => publicUrl(text), InvalidInputError, text);
  assert.throws(() => withoutCredentials("https://user:se/cret@git.test/a"), /malformed/);
});

Deno.test("withoutCredentials() lets no user or password through", () => {
  const secret = fc.stringMatching(/^[A-Z0-9!?#@:]{8,}$/).map((text) => `SECRET${text}`);
  fc.assert(fc.property(secret, secret, (user, password) => {
    const url = `https://${user}:${password}@git.test/a`;
    assert.equal(withoutCredentials(url), "https://git.test/a");
  }));
});
