import assert from "node:assert/strict";
import fc from "fast-check";
import { remoteUrl } from "../../../src/model/source/git_config.ts";

Deno.test("remoteUrl() finds the first URL of the remote", () => {
  const config = `[core]
\tbare = false
[remote "upstream"]
\turl = https://git.test/up
[remote "origin"]
\tfetch = +refs/heads/*:refs/remotes/origin/*
\turl = https://git.test/first
\turl = https://git.test/second
[branch "main"]
\tremote = origin
`;
  assert.equal(remoteUrl(config, "origin"), "https://git.test/first");
  assert.equal(remoteUrl(config, "upstream"), "https://git.test/up");
  assert.equal(remoteUrl(config, "other"), undefined);
});

Deno.test("remoteUrl() understands quotes, comments, escapes and letter case", () => {
  const rows = [
    ['[remote "origin"] url = a', "a"],
    ['[REMOTE "origin"]\nURL=a', "a"],
    ['[remote "origin"]\nurl = a ; comment', "a"],
    ['[remote "origin"]\nurl = "a # b"', "a # b"],
    ['[remote "origin"]\nurl = a\\\\b\\"', 'a\\b"'],
    ['[remote "origin"]\r\nurl = a\r\n', "a"],
    ['[remote "origin"]\nurl = a\\\nb', "ab"],
    ['# [remote "origin"]\nurl = a', undefined],
    ['[remote "Origin"]\nurl = a', undefined],
    ["[remote]\nurl = a", undefined],
  ] as const;
  for (const [config, expected] of rows) {
    assert.equal(remoteUrl(config, "origin"), expected, config);
  }
});

Deno.test("remoteUrl() never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    remoteUrl(text, "origin");
    remoteUrl(`[remote "origin"]\nurl = ${text}`, "origin");
  }));
});
