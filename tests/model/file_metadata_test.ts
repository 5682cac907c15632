import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeFileMetadata,
  fileMetadata,
  formatTime,
  parseFileMetadata,
  parseTime,
} from "../../src/model/file_metadata.ts";

const FILE = {
  path: "weights/model.bin",
  size: 16,
  mode: 0o100755,
  uid: 1000,
  gid: 1001,
  mtime: Date.UTC(2025, 0, 1),
};

Deno.test("file metadata is written in the form other tools write", () => {
  assert.equal(
    encodeFileMetadata(fileMetadata({ ...FILE, path: "config.json", mode: 0o644, uid: 0, gid: 0 })),
    '{"name":"config.json","mode":420,"uid":0,"gid":0,"size":16,"mtime":"2025-01-01T00:00:00Z","typeflag":0}',
  );
});

Deno.test("fileMetadata() keeps permission bits and the last part of the path only", () => {
  const metadata = fileMetadata({ ...FILE, mode: 0o104755 });
  assert.equal(metadata.mode, 0o755);
  assert.equal(metadata.name, "model.bin");
});

Deno.test("fileMetadata() clamps the time and drops the owner under SOURCE_DATE_EPOCH", () => {
  const early = fileMetadata(FILE, { sourceDateEpoch: 86400 });
  assert.equal(early.mtime, "1970-01-02T00:00:00Z");
  assert.equal(early.uid, 0);
  assert.equal(early.gid, 0);
  const late = fileMetadata(FILE, { sourceDateEpoch: 4_000_000_000 });
  assert.equal(late.mtime, "2025-01-01T00:00:00Z");
  assert.equal(fileMetadata(FILE, { sourceDateEpoch: 0 }).mtime, "1970-01-01T00:00:00Z");
});

Deno.test("formatTime() writes the shortest fraction", () => {
  const start = Date.UTC(2025, 9, 10, 20, 30, 0);
  assert.equal(formatTime(start), "2025-10-10T20:30:00Z");
  assert.equal(formatTime(start + 500), "2025-10-10T20:30:00.5Z");
  assert.equal(formatTime(start + 120), "2025-10-10T20:30:00.12Z");
  assert.equal(formatTime(start + 7), "2025-10-10T20:30:00.007Z");
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => {
    assert.equal(Date.parse(formatTime(date.getTime())), date.getTime());
  }));
});

Deno.test("parseTime() keeps of a fraction what a number holds, before 1970 too", () => {
  assert.equal(parseTime("2023-11-14T22:13:20.123456789Z"), 1_700_000_000.1234567);
  assert.equal(parseTime("2023-11-15T06:13:20.5+08:00"), 1_700_000_000.5);
  assert.equal(parseTime("1969-12-31T23:59:58.75Z"), -1.25);
  assert.equal(parseTime("1955-03-01T00:00:00Z"), -468_288_000);
  fc.assert(fc.property(fc.date({ noInvalidDate: true, min: new Date(0) }), (date) => {
    assert.equal(parseTime(formatTime(date.getTime())), date.getTime() / 1000);
  }));
});

Deno.test("parseFileMetadata() reads nanoseconds and offsets", () => {
  const mtime = "2025-08-05T10:27:51.123456789+08:00";
  assert.deepEqual(parseFileMetadata(JSON.stringify({ mtime })), { mtime });
});

Deno.test("parseFileMetadata() leaves out what is malformed, and bits that are no permissions", () => {
  const text = JSON.stringify({
    name: 1,
    mode: 0o104755,
    uid: -1,
    gid: 1.5,
    size: 1e300,
    mtime: "yesterday",
    typeflag: "0",
    other: true,
  });
  assert.deepEqual(parseFileMetadata(text), { mode: 0o755 });
});

Deno.test("parseFileMetadata() has no facts of what is no JSON object", () => {
  for (const text of ["", "x", "1", "null", "[]", '"a"']) {
    assert.equal(parseFileMetadata(text), undefined, text);
  }
});

Deno.test("parseFileMetadata() never throws, and reads back what was written", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    parseFileMetadata(text);
  }));
  fc.assert(fc.property(fc.string(), fc.nat(), (name, size) => {
    const metadata = fileMetadata({ ...FILE, path: name.replaceAll("/", ""), size });
    assert.deepEqual(parseFileMetadata(encodeFileMetadata(metadata)), metadata);
  }));
});
