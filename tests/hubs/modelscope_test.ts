import assert from "node:assert/strict";
import { AccessDeniedError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { downloadModel } from "../../src/hubs/download_model.ts";
import { tempFolder } from "../support/temp.ts";
import { type Handler, sendBytes, serve, sha256 } from "./support.ts";

const MODEL = { hub: "modelscope", repository: "owner/name" } as const;
const FILES: Readonly<Record<string, string>> = {
  "configuration.json": "{}",
  "weights/model&1.bin": "w".repeat(2000),
};

/** The hub's HTTP API for one model. */
function hubOf(files: Readonly<Record<string, string>>, token?: string): Handler {
  return (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const cookie = request.headers.get("Cookie") ?? "";
    if (token !== undefined && cookie !== `m_session_id=${token}`) {
      return Response.json({ Code: 10010205001, Message: "denied" }, { status: 403 });
    }
    if (pathname === "/api/v1/models/owner/name/repo/files") {
      const Files = Object.entries(files).map(([Path, content]) => ({
        Name: Path.split("/").at(-1),
        Path,
        Type: "blob",
        Size: content.length,
        Sha256: sha256(content),
        Revision: searchParams.get("Revision"),
      }));
      const folder = { Name: "weights", Path: "weights", Type: "tree", Size: 0, Sha256: "" };
      return Response.json({ Code: 200, Success: true, Data: { Files: [folder, ...Files] } });
    }
    const content = files[searchParams.get("FilePath") ?? ""];
    const found = pathname === "/api/v1/models/owner/name/repo" && content !== undefined;
    return found ? sendBytes(request, content) : Response.json({ Code: 404 }, { status: 404 });
  };
}

Deno.test("a model is downloaded from its default branch", async () => {
  await using hub = await serve(hubOf(FILES));
  await using folder = await tempFolder();
  await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
  for (const [path, content] of Object.entries(FILES)) {
    assert.equal(await Deno.readTextFile(folder.join(path)), content);
  }
  const query = "Revision=master&Recursive=true";
  assert.equal(hub.paths()[0], `/api/v1/models/owner/name/repo/files?${query}`);
});

Deno.test("a revision is asked for in the listing and for each file", async () => {
  await using hub = await serve(hubOf(FILES));
  await using folder = await tempFolder();
  await downloadModel({ ...MODEL, revision: "v1/x" }, folder.path, { hubUrl: hub.url });
  assert.ok(hub.paths().every((path) => path.includes("Revision=v1%2Fx")));
});

Deno.test("a token is sent, and its absence is explained", async () => {
  await using hub = await serve(hubOf(FILES, "secret"));
  await using folder = await tempFolder();
  await downloadModel(MODEL, folder.path, { hubUrl: hub.url, token: "secret" });
  await assert.rejects(
    downloadModel(MODEL, folder.path, { hubUrl: hub.url }),
    (error) => error instanceof AccessDeniedError && error.facts.setting === "modelscopeLogin",
  );
});

Deno.test("a missing model is not found", async () => {
  await using hub = await serve(hubOf(FILES));
  await using folder = await tempFolder();
  const other = { ...MODEL, repository: "owner/other" };
  await assert.rejects(downloadModel(other, folder.path, { hubUrl: hub.url }), NotFoundError);
});

for (
  const [message, told] of [
    ["no permission", '"no permission"'],
    ["\u202eno\u0007 <b>", '"no <b>"'],
    ["x".repeat(5000), /x{20,}/],
  ] as const
) {
  Deno.test(`the hub's own words for a refusal are told: ${message.slice(0, 20)}`, async () => {
    const answer = { Code: 10010205001, Success: false, Message: message, Data: null };
    await using hub = await serve(() => Response.json(answer));
    await using folder = await tempFolder();
    await assert.rejects(downloadModel(MODEL, folder.path, { hubUrl: hub.url }), (error) => {
      assert(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot read "owner\/name" from ModelScope: it refuses: "/);
      assert.match(
        error.message,
        typeof told === "string" ? new RegExp(RegExp.escape(told)) : told,
      );
      assert(error.message.length < 1000, `${error.message.length}`);
      return true;
    });
  });
}

/** Names of files that a hub may list, and why they are refused. */
const NAMES: readonly (readonly [string, RegExp])[] = [
  ["\udc00/x", /not valid Unicode/],
  ["a\ud800", /not valid Unicode/],
  ["a\u001b[31m", /control character/],
  ["a\u0000b", /control character/],
  ["../../x", /leaves the target directory/],
  ["/etc/passwd", /absolute/],
  ["a/".repeat(3000) + "b", /too long|long/],
];

for (const [name, found] of NAMES) {
  Deno.test(`a file that the hub calls ${JSON.stringify(name.slice(0, 20))} is refused`, async () => {
    await using hub = await serve(hubOf({ [name]: "x" }));
    await using folder = await tempFolder();
    const error = await downloadModel(MODEL, folder.path, { hubUrl: hub.url }).catch(String);
    assert.match(String(error), found);
    assert.doesNotMatch(String(error), /[\p{Cc}\p{Cs}]/u);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.path)), []);
  });
}

Deno.test("answers that are no listing are invalid", async () => {
  for (const answer of ["<html>", "{}", '{"Data":{"Files":[{}]}}']) {
    await using hub = await serve(() => new Response(answer));
    await using folder = await tempFolder();
    await assert.rejects(
      downloadModel(MODEL, folder.path, { hubUrl: hub.url }),
      InvalidInputError,
    );
  }
});
