import assert from "node:assert/strict";
import { formatRecord, type LogLevelName, openLog } from "../../../src/cli/output/log.ts";
import { escapeControls } from "../../../src/cli/output/format.ts";
import { tempFolder } from "../../support/temp.ts";
import { RecordingSink } from "../support.ts";

const time = new Date("2026-03-01T12:00:00Z");

function openIn(logDir: string, logLevel: LogLevelName) {
  const stderr = new RecordingSink();
  const warnings: string[] = [];
  const log = openLog({ logDir, logLevel }, {
    now: () => time,
    stderr,
    warn: (message) => warnings.push(message),
  });
  return { log, stderr, warnings };
}

Deno.test("formatRecord() writes one line of keys and values", () => {
  assert.equal(
    formatRecord(time, "info", "Pushed it", {
      reference: "r.test/m:v1",
      bytes: 7,
      none: undefined,
    }),
    'time="2026-03-01T12:00:00.000Z" level=info msg="Pushed it" reference=r.test/m:v1 bytes=7\n',
  );
  assert.equal(
    formatRecord(time, "error", "two\nlines", { list: ["a b"] }),
    'time="2026-03-01T12:00:00.000Z" level=error msg="two\\nlines" list="[\\"a b\\"]"\n',
  );
});

Deno.test("the log file is made with the first record, and only appended to", async () => {
  await using folder = await tempFolder();
  const logDir = folder.join("deep", "logs");
  const { log, stderr } = openIn(logDir, "info");
  log("debug", "too chatty");
  await assert.rejects(Deno.stat(logDir), Deno.errors.NotFound);
  log("info", "first");
  openIn(logDir, "info").log("error", "second");
  const text = await Deno.readTextFile(`${logDir}/modctl.log`);
  assert.deepEqual(text.match(/msg=\w+/g), ["msg=first", "msg=second"]);
  assert.equal(stderr.text, "");
});

Deno.test("levels keep what is at least as grave", async () => {
  await using folder = await tempFolder();
  const rows: [LogLevelName, number][] = [
    ["panic", 0],
    ["fatal", 0],
    ["error", 1],
    ["warn", 2],
    ["warning", 2],
    ["info", 3],
    ["debug", 4],
    ["trace", 4],
  ];
  for (const [level, count] of rows) {
    const { log } = openIn(folder.join(level), level);
    for (const each of ["error", "warning", "info", "debug"] as const) log(each, "x");
    const text = await Deno.readTextFile(folder.join(level, "modctl.log")).catch(() => "");
    assert.equal(text.split("\n").length - 1, count, level);
  }
});

Deno.test("the level debug writes to standard error as well", async () => {
  await using folder = await tempFolder();
  const { log, stderr } = openIn(folder.path, "debug");
  log("debug", "seen");
  assert.match(stderr.text, /level=debug msg=seen\n$/);
});

Deno.test("a log that cannot be written is one warning", async () => {
  await using folder = await tempFolder();
  const file = await folder.write("file", "");
  const { log, warnings } = openIn(`${file}/logs`, "info");
  log("info", "one");
  log("info", "two");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^Cannot write the log ".*modctl\.log": /);
});

Deno.test("a record of text from outside cannot steer a terminal", () => {
  for (const hostile of ["\u001b[2J", "\u009b2J", "abc\u202etxt", "a\u2066b", "a\u061cb", "\r\n"]) {
    const line = formatRecord(time, "info", hostile, { name: hostile, more: [hostile] });
    assert.equal(line.trimEnd(), escapeControls(line.trimEnd()), JSON.stringify(line));
    assert.equal(line.split("\n").length, 2);
  }
});
