import assert from "node:assert/strict";
import fc from "fast-check";
import { oddText } from "../../support/odd_text.ts";
import {
  escapeControls,
  escapeJsonControls,
  escapeTextControls,
  formatAge,
  formatBytes,
  formatDuration,
  formatTime,
  shortDigest,
} from "../../../src/cli/output/format.ts";

Deno.test("formatBytes() shows two significant digits or more", () => {
  const rows: [number, string][] = [
    [0, "0 B"],
    [7, "7 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [16 * 1024, "16 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [40 * 1024 ** 3, "40 GiB"],
  ];
  for (const [bytes, text] of rows) assert.equal(formatBytes(bytes), text);
  assert.equal(formatBytes(16 * 1024, ""), "16KiB");
});

Deno.test("formatBytes() never needs more than eight characters", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => formatBytes(bytes).length <= 8));
});

Deno.test("formatDuration() uses the units that matter", () => {
  const rows: [number, string][] = [
    [0, "0.0 s"],
    [0.44, "0.4 s"],
    [9.96, "10 s"],
    [59.6, "1m 00s"],
    [185, "3m 05s"],
    [7620, "2h 07m"],
  ];
  for (const [seconds, text] of rows) assert.equal(formatDuration(seconds), text);
});

Deno.test("formatAge() names the largest unit that fits", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  const rows: [number, string][] = [
    [0, "now"],
    [1, "1 second ago"],
    [300, "5 minutes ago"],
    [7200, "2 hours ago"],
    [86400, "1 day ago"],
    [3 * 7 * 86400, "3 weeks ago"],
    [62 * 86400, "2 months ago"],
    [800 * 86400, "2 years ago"],
    [-7200, "in 2 hours"],
  ];
  for (const [seconds, text] of rows) {
    assert.equal(formatAge(new Date(now.getTime() - seconds * 1000), now), text);
  }
});

Deno.test("formatTime() gives UTC in seconds, and nothing for what is no time", () => {
  assert.equal(formatTime("2026-03-01T12:00:00.123+02:00"), "2026-03-01T10:00:00Z");
  assert.equal(formatTime(undefined), undefined);
  assert.equal(formatTime("soon"), undefined);
});

Deno.test("shortDigest() keeps twelve digits", () => {
  assert.equal(shortDigest(`sha256:${"a".repeat(64)}`), `sha256:${"a".repeat(12)}`);
});

Deno.test("escapeControls() leaves no control character, and all other text as it is", () => {
  assert.equal(escapeControls("modèle 模型"), "modèle 模型");
  assert.equal(escapeControls("a\u001b[31mb\r\n"), "a\\u001b[31mb\\u000d\\u000a");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) =>
    // deno-lint-ignore no-control-regex
    !/[\u0000-\u001f\u007f-\u009f]/.test(escapeControls(text))));
  fc.assert(fc.property(oddText, (text) => {
    assert.equal(JSON.parse(`"${escapeControls(text).replace(/\\(?!u)|"/g, "\\$&")}"`), text);
  }));
});

Deno.test("escapeJsonControls() leaves a document that means the same", () => {
  const value = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
  fc.assert(fc.property(value, (value) => {
    const json = escapeJsonControls(JSON.stringify(value, undefined, "\t"));
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
    assert.doesNotMatch(json, /[\u007f-\u009f\u202e]/);
  }));
});

Deno.test("escapeTextControls() leaves line ends and tabs, and no other control character", () => {
  assert.equal(escapeTextControls("a\tb\n\u001b[31mc\r"), "a\tb\n\\u001b[31mc\\u000d");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) =>
    // deno-lint-ignore no-control-regex
    !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(escapeTextControls(text))));
});
