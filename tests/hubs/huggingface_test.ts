import assert from "node:assert/strict";
import { join } from "node:path";
import { AccessDeniedError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { downloadModel } from "../../src/hubs/download_model.ts";
import { OCR_MODELS_FOLDER } from "../support/models.ts";
import { tempFolder } from "../support/temp.ts";
import { commitOf, FAST, huggingFaceServer, sendBytes, serve, sha256 } from "./support.ts";

const MODEL = { hub: "huggingface", repository: "owner/name" } as const;
const FILES = {
  "config.json": '{"model_type":"test"}',
  "weights/model 1#.safetensors": "w".repeat(5000),
  "README.md": "",
};
const LARGE = ["weights/model 1#.safetensors"];

Deno.test("a model is downloaded with its folders, at the commit of its default branch", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES }, large: LARGE }));
  await using folder = await tempFolder();
  const report = await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
  for (const [path, content] of Object.entries(FILES)) {
    assert.equal(await Deno.readTextFile(folder.join(path)), content);
  }
  assert.deepEqual(report, {
    folder: folder.path,
    sourceUrl: `${hub.url}/owner/name`,
    revision: commitOf("main"),
    files: Object.entries(FILES).map(([path, content]) => ({
      path,
      size: content.length,
      present: false,
    })),
  });
});

Deno.test("a revision may have slashes", async () => {
  const revisions = { main: FILES, "refs/pr/1": { "config.json": "{}" } };
  await using hub = await serve(huggingFaceServer({ revisions }));
  await using folder = await tempFolder();
  const model = { ...MODEL, revision: "refs/pr/1" };
  const { files, revision } = await downloadModel(model, folder.path, { hubUrl: hub.url });
  assert.deepEqual(files.map(({ path }) => path), ["config.json"]);
  assert.equal(revision, commitOf("refs/pr/1"));
});

Deno.test("the listing is read page by page", async () => {
  const files = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`f${at}`, `${at}`]));
  await using hub = await serve(huggingFaceServer({ revisions: { main: files }, pageSize: 10 }));
  await using folder = await tempFolder();
  const report = await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
  assert.equal(report.files.length, 25);
  assert.equal(hub.paths().filter((path) => path.includes("/tree/")).length, 3);
});

Deno.test("only missing and different files are downloaded", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES }, large: LARGE }));
  await using folder = await tempFolder();
  await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
  await Deno.remove(folder.join("README.md"));
  await folder.write("config.json", '{"model_type":"TEST"}');
  const report = await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
  assert.deepEqual(report.files.map(({ present }) => present), [false, true, false]);
  assert.equal(await Deno.readTextFile(folder.join("config.json")), FILES["config.json"]);
});

Deno.test("patterns choose the files", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES } }));
  await using folder = await tempFolder();
  const { files } = await downloadModel(MODEL, folder.path, {
    hubUrl: hub.url,
    include: ["*.json", "weights/"],
    exclude: ["config.*"],
  });
  assert.deepEqual(files.map(({ path }) => path), ["weights/model 1#.safetensors"]);
  await assert.rejects(
    downloadModel(MODEL, folder.path, { hubUrl: hub.url, include: ["*.bin"] }),
    NotFoundError,
  );
  await assert.rejects(
    downloadModel(MODEL, folder.path, { hubUrl: hub.url, include: ["["] }),
    /malformed include pattern "\["/,
  );
});

Deno.test("the token goes to the hub and never to the place it redirects to", async () => {
  const weights = "w".repeat(3000);
  await using cdn = await serve((request) => sendBytes(request, weights), "localhost");
  await using hub = await serve(huggingFaceServer({
    revisions: { main: { "model.bin": weights } },
    large: ["model.bin"],
    token: "secret",
    cdn: cdn.url,
  }));
  await using folder = await tempFolder();
  await downloadModel(MODEL, folder.path, { hubUrl: hub.url, token: "secret" });
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), weights);
  assert.equal(cdn.requests.length, 1);
  for (const name of ["Authorization", "Cookie"]) {
    assert.equal(cdn.requests[0]?.headers.get(name), null);
  }
});

Deno.test("a next page on another host is not asked for", async () => {
  await using other = await serve(() => Response.json([]), "localhost");
  const good = huggingFaceServer({ revisions: { main: FILES }, token: "secret" });
  await using hub = await serve(async (request) => {
    const response = await good(request);
    if (request.url.includes("/tree/")) {
      response.headers.set("Link", `<${other.url}/next>; rel="next"`);
    }
    return response;
  });
  await using folder = await tempFolder();
  await assert.rejects(
    downloadModel(MODEL, folder.path, { hubUrl: hub.url, token: "secret" }),
    /the next page of its list of files is on another server, localhost:/,
  );
  assert.equal(other.requests.length, 0);
});

Deno.test("a model that needs a token says so", async () => {
  const server = huggingFaceServer({ revisions: { main: FILES }, token: "secret" });
  await using hub = await serve(server);
  await using folder = await tempFolder();
  await assert.rejects(
    downloadModel(MODEL, folder.path, { hubUrl: hub.url, token: "wrong" }),
    (error) => {
      assert.ok(error instanceof AccessDeniedError);
      assert.equal(error.facts.setting, "huggingfaceLogin");
      assert.ok(!JSON.stringify([error.message, error.facts]).includes("wrong"));
      return true;
    },
  );
  assert.equal(hub.requests.length, 1);
});

Deno.test("a gated model is explained", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES }, gated: true }));
  await using folder = await tempFolder();
  await assert.rejects(downloadModel(MODEL, folder.path, { hubUrl: hub.url }), (error) => {
    assert.ok(error instanceof AccessDeniedError);
    assert.match(error.message, /the model is gated/);
    assert.match(
      error.facts.remedy ?? "",
      /^accept its terms at http.*\/owner\/name$/,
    );
    return true;
  });
});

Deno.test("a missing revision and a missing model are not found", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES } }));
  await using folder = await tempFolder();
  const options = { hubUrl: hub.url };
  await assert.rejects(
    downloadModel({ ...MODEL, revision: "v9" }, folder.path, options),
    (error) =>
      error instanceof NotFoundError && /"owner\/name@v9".*no such revision/.test(error.message),
  );
  await assert.rejects(
    downloadModel({ ...MODEL, repository: "owner/other" }, folder.path, options),
    (error) => error instanceof NotFoundError && /no such model/.test(error.message),
  );
});

Deno.test("unsafe names are all refused before anything is written", async () => {
  const files = { "../evil": "x", "/abs": "x", "a\\b": "x", "good": "x", "good/b": "2" };
  await using hub = await serve(huggingFaceServer({ revisions: { main: files } }));
  await using folder = await tempFolder();
  await assert.rejects(downloadModel(MODEL, folder.join("in"), { hubUrl: hub.url }), (error) => {
    assert.ok(error instanceof InvalidInputError);
    // A backslash is a letter where it separates nothing.
    assert.equal(error.facts.problems?.length, Deno.build.os === "windows" ? 4 : 3);
    return true;
  });
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.path)), []);
});

Deno.test("a listing that is malformed or endless is invalid", async () => {
  for (const answer of [[{ type: "file" }], ["x"]]) {
    const good = huggingFaceServer({ revisions: { main: FILES } });
    await using hub = await serve((request) =>
      request.url.includes("/tree/") ? Response.json(answer) : good(request)
    );
    await using folder = await tempFolder();
    await assert.rejects(
      downloadModel(MODEL, folder.path, { hubUrl: hub.url }),
      (error) => error instanceof InvalidInputError && /malformed/.test(error.message),
    );
  }
  const { origin } = new URL("http://hub.test");
  const endless = (request: Request) =>
    Promise.resolve(
      request.url.includes("/tree/")
        ? Response.json([], { headers: { Link: `<${request.url}>; rel="next"` } })
        : Response.json({ sha: commitOf("main") }),
    );
  await assert.rejects(
    downloadModel(MODEL, "/nowhere", { hubUrl: origin, transport: endless }),
    /its list of files goes on after a page without any/,
  );
});

Deno.test("answers that ask for patience are followed by another try", async () => {
  const good = huggingFaceServer({ revisions: { main: FILES } });
  const statuses = [503, 429];
  await using hub = await serve((request) => {
    const status = statuses.shift();
    return status === undefined ? good(request) : new Response("later", { status });
  });
  await using folder = await tempFolder();
  const report = await downloadModel(MODEL, folder.path, { hubUrl: hub.url, retry: FAST });
  assert.equal(report.files.length, 3);
});

Deno.test("an unreachable hub is a transfer error after some tries", async () => {
  let tries = 0;
  const transport = () => {
    tries++;
    return Promise.reject(
      new TypeError("error sending request for url (https://hub.test/a?sig=1)"),
    );
  };
  await assert.rejects(
    downloadModel(MODEL, "/nowhere", { hubUrl: "https://hub.test", transport, retry: FAST }),
    (error) => {
      assert.match(String(error), /Cannot reach "hub.test": it broke off/);
      assert.ok(!String(error).includes("sig="));
      return true;
    },
  );
  assert.equal(tries, 3);
});

Deno.test("real models arrive whole", async () => {
  const files: Record<string, Uint8Array> = {};
  for await (const { name } of Deno.readDir(OCR_MODELS_FOLDER)) {
    files[name] = await Deno.readFile(join(OCR_MODELS_FOLDER, name));
  }
  const large = Object.keys(files).filter((name) => name.endsWith(".onnx"));
  await using hub = await serve(huggingFaceServer({ revisions: { main: files }, large }));
  await using folder = await tempFolder();
  const phases = new Set<string>();
  await downloadModel(MODEL, folder.path, {
    hubUrl: hub.url,
    progress: (event) => {
      if (event.state === "plan") return;
      const { name, phase, state, bytes, size } = event;
      assert.ok(bytes <= size);
      phases.add(`${name} ${phase} ${state}`);
    },
  });
  for (const [name, bytes] of Object.entries(files)) {
    assert.equal(sha256(await Deno.readFile(folder.join(name))), sha256(bytes));
    assert.ok(phases.has(`${name} download done`));
  }
});

Deno.test("credentials and URLs that cannot be used are refused and not repeated", async () => {
  const bad = [
    { hubUrl: "https://hub.test", token: "secret\n" },
    { hubUrl: "https://secret:x@hub.test" },
    { hubUrl: "secret" },
    { hubUrl: "ftp://secret.test" },
  ];
  for (const options of bad) {
    await assert.rejects(downloadModel(MODEL, "/nowhere", options), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.ok(!JSON.stringify([error.message, error.facts]).includes("secret"));
      return true;
    });
  }
});

Deno.test("a hub may live below a path", async () => {
  const good = huggingFaceServer({ revisions: { main: FILES } });
  await using hub = await serve((request) =>
    good(new Request(request.url.replace("/mirror/", "/"), request))
  );
  await using folder = await tempFolder();
  await downloadModel(MODEL, folder.path, { hubUrl: `${hub.url}/mirror/` });
  assert.ok(hub.paths().every((path) => path.startsWith("/mirror/")));
});
