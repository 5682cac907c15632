import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { ModelOpsError } from "../../src/core/errors.ts";
import {
  explainRead,
  explainUnexpected,
  explainWrite,
  fileFault,
  isUnwritable,
  systemCode,
} from "../../src/core/file_errors.ts";
import { tempFolder } from "../support/temp.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: in the words of the system`), { code });
}

function told(error: unknown): readonly string[] {
  assert(error instanceof ModelOpsError);
  assert.equal(error.facts.path, "a/b");
  assert(error.cause instanceof Error);
  return [error.kind, error.message];
}

Deno.test("explainRead() and explainWrite() say what the system's error means for the one and the other", () => {
  for (
    const [code, read, write] of [
      ["ENOENT", "not-found: no such file", "transfer: no such folder"],
      ["ENOTDIR", "not-found: no such file", "invalid: a part of the path is a file, not a folder"],
      ["EACCES", "invalid: permission denied", "invalid: permission denied"],
      [
        "EEXIST",
        "conflict: a file of that name is in the way",
        "conflict: a file of that name is in the way",
      ],
      ["ELOOP", "invalid: links go in a circle", "invalid: links go in a circle"],
      [
        "ENOLCK",
        "unsupported: files cannot be locked here; on Node that takes the program flock, which is of util-linux",
        "unsupported: files cannot be locked here; on Node that takes the program flock, which is of util-linux",
      ],
      ["ENOSPC", "transfer: no space left on the device", "transfer: no space left on the device"],
      [
        "ENXIO",
        "transfer: ENXIO: in the words of the system",
        "transfer: ENXIO: in the words of the system",
      ],
    ] as const
  ) {
    for (
      const [verb, explain, want] of [["read", explainRead, read], [
        "write",
        explainWrite,
        write,
      ]] as const
    ) {
      const [kind, reason] = want.split(/: (.*)/);
      const message = `Cannot ${verb} "a/b": ${reason}`;
      assert.deepEqual(told(explain("a/b", systemError(code))), [kind, message]);
    }
  }
});

Deno.test("an error of one of Deno's classes has the code of its class", () => {
  assert.equal(systemCode(new Deno.errors.NotCapable("Requires read access")), "EACCES");
  assert.equal(fileFault("read", new Deno.errors.NotFound()), "no such file");
});

Deno.test("a refusal names the flag that is missing, also where a file to write may not be read", () => {
  const refused = (flag: string) =>
    new Deno.errors.NotCapable(`Requires access to "a/b", run again with the ${flag} flag`);
  for (const flag of ["--allow-read", "--allow-write"]) {
    assert.equal(fileFault("write", refused(flag)), `permission denied without ${flag}`);
  }
});

Deno.test("explainRead() says where a link to nothing leads", async () => {
  await using folder = await tempFolder();
  const message = (explain: typeof explainRead, name: string) =>
    (explain(folder.join(name), new Deno.errors.NotFound()) as Error).message.split(": ")[1];
  await Deno.symlink("gone.bin", folder.join("link.bin"));
  assert.equal(
    message(explainRead, "link.bin"),
    'it is a link to "gone.bin", and nothing is there',
  );
  assert.equal(message(explainRead, "gone.bin"), "no such file");
  assert.equal(message(explainWrite, "link.bin"), "no such folder");
});

Deno.test("an error of the system without a code is told by the number in its words", () => {
  for (
    const [message, code, reason] of [
      ["File too large (os error 27): copy 'a' -> 'b'", "EFBIG", /^the file is too large for/],
      ["Disk quota exceeded (os error 122)", "EDQUOT", /^the disk quota is used up$/],
      ["Disc quota exceeded (os error 69): writefile 'a'", "EDQUOT", /^the disk quota is used up$/],
      ["Stale file handle (os error 116): stat '/a'", "E116", /^Stale file handle$/],
    ] as const
  ) {
    assert.equal(systemCode(new Error(message)), code);
    assert.match(fileFault("write", new Error(message)) ?? "", reason);
  }
});

Deno.test("an error that is not the system's is left as it is", () => {
  for (const error of [new TypeError("x"), Object.assign(new Error(), { code: "ERR_X" }), "text"]) {
    assert.equal(explainRead("a/b", error), error);
    assert.equal(systemCode(error), undefined);
  }
});

Deno.test("isUnwritable() knows what may not be written, by an error or what caused it", () => {
  const errors = ["EACCES", "EPERM", "EROFS"].map(systemError);
  for (const error of [...errors, ...errors.map((error) => explainWrite("a/b", error))]) {
    assert.equal(isUnwritable(error), true, String(error));
  }
  assert.equal(isUnwritable(new Deno.errors.PermissionDenied("no")), true);
  const others = [systemError("ENOSPC"), systemError("ENOENT"), new Error("EROFS"), "EROFS"];
  // What the runtime was not allowed is the user's to allow.
  for (const error of [...others, new Deno.errors.NotCapable("no")]) {
    assert.equal(isUnwritable(error), false, String(error));
  }
});

Deno.test({
  name: "a path below a folder that is held open is told by the folder's own path",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    await Deno.mkdir(folder.join("out/deep"), { recursive: true });
    const [outer, inner] = [openSync(folder.path, "r"), openSync(folder.join("out"), "r")];
    const message = (path: string) =>
      (explainWrite(path, systemError("ENOSPC")) as Error).message.replace(folder.path, "…");
    const no = ": no space left on the device";
    assert.equal(message(`/proc/self/fd/${outer}/a`), `Cannot write "…/a"${no}`);
    assert.equal(message(`/proc/self/fd/${inner}/deep/a`), `Cannot write "…/out/deep/a"${no}`);
    assert.equal(message("/proc/self/fd/x/a"), `Cannot write "/proc/self/fd/x/a"${no}`);
    closeSync(outer);
    closeSync(inner);
    // One that is closed leads nowhere.
    assert.equal(message("/proc/self/fd/999999/a"), `Cannot write "/proc/self/fd/999999/a"${no}`);
  },
});

Deno.test("what a disk or a limit refuses has a remedy, and what the user named has none", () => {
  const remedy = (code: string) => (explainWrite("a/b", systemError(code)) as ModelOpsError).facts;
  for (
    const [code, words] of [
      ["ENOENT", /^make the folder, and/],
      ["ENOSPC", /^free room there, files as well as bytes, or choose a folder/],
      ["EDQUOT", /^free room there, or/],
      ["EROFS", /^make it writable, or/],
      ["EFBIG", /^raise the limit with `ulimit -f unlimited`, or/],
      ["EMFILE", /^raise the limit with `ulimit -n 4096`, or lower --concurrency$/],
      ["ENFILE", /^raise the limit with `ulimit -n 4096`, or lower --concurrency$/],
      ["EIO", /^look at the disk, or/],
    ] as const
  ) assert.match(remedy(code).remedy ?? "", words, code);
  const reading = explainRead("a/b", systemError("EACCES")) as ModelOpsError;
  assert.match(remedy("EACCES").remedy ?? "", /^choose a folder that this user may write to, or/);
  assert.match(reading.facts.remedy ?? "", /^let this user read it, or/);
  for (const code of ["EEXIST", "ENOTDIR", "EISDIR"]) assert.ok(!("remedy" in remedy(code)), code);
});

Deno.test("an error that nobody explained is told by the file that it names", () => {
  for (
    const [message, code, want] of [
      [
        "No space left on device (os error 28): mkdir '/s/_turns'",
        "ENOSPC",
        'Cannot write "/s/_turns": no space left on the device',
      ],
      [
        "Input/output error (os error 5): rename '/s/a' -> '/s/it's b'",
        "EIO",
        `Cannot write "/s/it's b": the disk failed`,
      ],
      ["EMFILE: too many open files, open '/out'", "EMFILE", 'Cannot read "/out": too many files'],
      ["Permission denied (os error 13): readdir '/s'", "EACCES", 'Cannot read "/s": permission'],
    ] as const
  ) {
    const cause = Object.assign(new Error(message), { code });
    const error = explainUnexpected(cause);
    assert.ok(error instanceof ModelOpsError, message);
    assert.equal(error.message.slice(0, want.length), want);
    assert.equal(error.cause, cause);
  }
  for (const message of ["Connection refused (os error 111)", "stat '/a'", "x: frob"]) {
    const error = new Error(message);
    assert.equal(explainUnexpected(error), error);
  }
});
