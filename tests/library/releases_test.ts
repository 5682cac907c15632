import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError, NotFoundError, TransferError } from "../../src/core/errors.ts";
import { isNewer, newestVersion } from "../../src/library/releases.ts";
import { BUILD_INFO } from "../../src/cli/build_info.ts";
import { runIn } from "../cli/support.ts";

const RELEASES = "https://downloads.example.com/modelops";

/** Asks releases that answer with some text. */
function ask(body: BodyInit | null, status = 200, releases = RELEASES) {
  const asked: string[] = [];
  const transport = (request: Request) => {
    asked.push(request.url);
    return Promise.resolve(new Response(body, { status }));
  };
  const retry = { attempts: 1 };
  return { asked, answer: newestVersion({ transport, retry }, releases) };
}

Deno.test("the newest version is what the releases name", async () => {
  for (const text of ["1.2.3", "v1.2.3\n", "  1.2.3\r\n"]) {
    const { asked, answer } = ask(text, 200, `${RELEASES}//`);
    assert.equal(await answer, "1.2.3");
    assert.deepEqual(asked, [`${RELEASES}/latest/download/VERSION`]);
  }
});

Deno.test("what is no version is refused, whatever it is", async () => {
  for (const text of ["", "<html>", "1.2", "1.2.3.4", "1.2.3 4", "9".repeat(99), "1.2.3-\u202e"]) {
    await assert.rejects(ask(text).answer, TransferError, text);
  }
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
  });
  await assert.rejects(ask(endless).answer, /larger than/);
  await assert.rejects(ask("gone", 404).answer, NotFoundError);
  await assert.rejects(ask("no", 500).answer, /status 500/);
  const page = "<html>".padEnd(10_000);
  await assert.rejects(ask(page, 404).answer, NotFoundError);
  await assert.rejects(ask(page, 403).answer, /status 403$/);
});

Deno.test("an address of releases is an HTTP URL without credentials", async () => {
  for (const releases of ["", "downloads", "file:///srv", "https://me:secret@example.com"]) {
    const { asked, answer } = ask("1.0.0", 200, releases);
    await assert.rejects(answer, (error: unknown) => {
      assert.ok(error instanceof InvalidInputError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.deepEqual(asked, []);
  }
});

Deno.test("versions are compared by their numbers, and marks come before a release", () => {
  const ordered = [
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
  ];
  for (const [index, version] of ordered.entries()) {
    for (const [other, than] of ordered.entries()) {
      assert.equal(isNewer(version, than), index > other, `${version} ${than}`);
    }
  }
  assert.throws(() => isNewer("1.0", "1.0.0"), InvalidInputError);
});

Deno.test("of two versions at most one is newer", () => {
  const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.constantFrom("", "-a", "-b"))
    .map(([major, minor, patch, mark]) => `${major}.${minor}.${patch}${mark}`);
  fc.assert(fc.property(version, version, (left, right) => {
    assert.equal(
      Number(isNewer(left, right)) + Number(isNewer(right, left)),
      left === right ? 0 : 1,
    );
  }));
});

Deno.test("upgrade --check tells both versions, and upgrade alone changes nothing", async () => {
  const transport = () => Promise.resolve(new Response("999.0.0\n"));
  const upgrade = (args: string[], env: Record<string, string> = {}) =>
    runIn(["upgrade", ...args], { transport, env });
  const said = await upgrade(["--check", "--releases", RELEASES]);
  assert.deepEqual([said.code, said.stdout], [0, `999.0.0 is newer than ${BUILD_INFO.version}\n`]);
  const { stdout } = await upgrade(["--check", "--json"], { MODELOPS_RELEASES: RELEASES });
  assert.deepEqual(JSON.parse(stdout), {
    version: BUILD_INFO.version,
    newest: "999.0.0",
    available: true,
  });
  const nowhere = await upgrade(["--check"]);
  assert.deepEqual([nowhere.code, /MODELOPS_RELEASES/.test(nowhere.stderr)], [2, true]);
  const bare = await upgrade([]);
  assert.deepEqual([bare.code, /does not replace itself/.test(bare.stderr)], [2, true]);
});
