import assert from "node:assert/strict";
import {
  AccessDeniedError,
  InvalidInputError,
  NotFoundError,
  UnsupportedError,
} from "../../src/core/errors.ts";
import { downloadModel } from "../../src/hubs/download_model.ts";
import { tempFolder } from "../support/temp.ts";
import { type Handler, serve } from "./support.ts";

const MODEL = { hub: "mlflow", repository: "name" } as const;
const FILES: Readonly<Record<string, string>> = {
  "MLmodel": "flavors: {}",
  "data/model 1.pkl": "w".repeat(2000),
  "data/deep/x.json": "{}",
};
const API = "/api/2.0/mlflow";
const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

/** The entries of a folder, as a server lists them. */
function listed(folder: string, form: "names" | "paths") {
  const below = Object.keys(FILES).filter((path) => folder === "" || path.startsWith(`${folder}/`));
  const rest = below.map((path) => path.slice(folder === "" ? 0 : folder.length + 1).split("/"));
  return [...new Set(rest.map(([name]) => name ?? ""))].map((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    const content = FILES[path];
    const size = content === undefined ? {} : { file_size: `${content.length}` };
    return { path: form === "names" ? name : path, is_dir: content === undefined, ...size };
  });
}

/** A tracking server whose artifacts are at `uri`. */
function trackingServer(uri: string, authorization?: string): Handler {
  return async (request) => {
    const { pathname, searchParams, origin } = new URL(request.url);
    if (authorization !== undefined && request.headers.get("Authorization") !== authorization) {
      return new Response("", { status: 401 });
    }
    switch (pathname) {
      case `${API}/registered-models/get-latest-versions`: {
        assert.equal(request.method, "POST");
        const { name } = await request.json();
        if (name !== "name") return Response.json({}, { status: 404 });
        const version = (version: string, current_stage: string) => ({ version, current_stage });
        const model_versions = [version("9", "Production"), version("10", "None")];
        return Response.json({ model_versions });
      }
      case `${API}/registered-models/alias`:
        assert.equal(searchParams.get("alias"), "champion");
        return Response.json({ model_version: { version: "4" } });
      case `${API}/model-versions/get-download-uri`:
        return Response.json({ artifact_uri: uri.replace("ORIGIN", origin) });
      case `${API}/model-versions/list-artifacts`: {
        const entries = listed(searchParams.get("path") ?? "", "paths");
        const at = Number(searchParams.get("page_token") ?? 0);
        const token = at + 1 < entries.length ? { next_page_token: `${at + 1}` } : {};
        return Response.json({ files: entries.slice(at, at + 1), ...token });
      }
      case `${API}/model-versions/get-signed-download-uri`:
        return Response.json({
          signed_uri: `${origin}${PROXY}/1/models/m 1/artifacts/${searchParams.get("path")}`,
          headers: [{ name: "x-signed", value: "1" }],
        });
      case PROXY: {
        const folder = (searchParams.get("path") ?? "").replace(
          /^1\/models\/m 1\/artifacts\/?/,
          "",
        );
        return Response.json({ files: listed(folder, "names") });
      }
      default: {
        const root = `${PROXY}/1/models/m 1/artifacts/`;
        const path = decodeURIComponent(pathname);
        const content = path.startsWith(root) ? FILES[path.slice(root.length)] : undefined;
        return content === undefined ? new Response("", { status: 404 }) : new Response(content);
      }
    }
  };
}

const PLACES = {
  "the server's own storage": "mlflow-artifacts:/1/models/m%201/artifacts",
  "a URL of the server": `ORIGIN${PROXY}/1/models/m%201/artifacts`,
  "Databricks": "dbfs:/databricks/mlflow-registry/1",
};

for (const [place, uri] of Object.entries(PLACES)) {
  Deno.test(`the latest version is downloaded from ${place}`, async () => {
    await using hub = await serve(trackingServer(uri));
    await using folder = await tempFolder();
    const { revision, files } = await downloadModel(MODEL, folder.path, { hubUrl: hub.url });
    assert.equal(revision, "10");
    assert.equal(files.length, 3);
    for (const [path, content] of Object.entries(FILES)) {
      assert.equal(await Deno.readTextFile(folder.join(path)), content);
    }
  });
}

Deno.test("versions, stages and aliases are understood", async () => {
  await using hub = await serve(trackingServer(PLACES["the server's own storage"]));
  await using folder = await tempFolder();
  const versions = { "3": "3", latest: "10", production: "9", "@champion": "4" };
  for (const [revision, version] of Object.entries(versions)) {
    const report = await downloadModel({ ...MODEL, revision }, folder.path, { hubUrl: hub.url });
    assert.equal(report.revision, version);
  }
  await assert.rejects(
    downloadModel({ ...MODEL, revision: "Staging" }, folder.path, { hubUrl: hub.url }),
    NotFoundError,
  );
});

Deno.test("a token or a name with a password is sent", async () => {
  await using folder = await tempFolder();
  const uri = PLACES["the server's own storage"];
  await using bearer = await serve(trackingServer(uri, "Bearer secret"));
  await downloadModel(MODEL, folder.path, { hubUrl: bearer.url, token: "secret" });
  await using basic = await serve(trackingServer(uri, `Basic ${btoa("user:pass")}`));
  await downloadModel(MODEL, folder.path, {
    hubUrl: basic.url,
    username: "user",
    password: "pass",
  });
  await assert.rejects(downloadModel(MODEL, folder.path, { hubUrl: basic.url }), (error) => {
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.facts.setting, "mlflowLogin");
    return true;
  });
});

Deno.test("cloud storage is unsupported, with a remedy", async () => {
  for (const uri of ["s3://bucket/model", "gs://b/m", "file:///mlruns/1", "/mlruns/1"]) {
    await using hub = await serve(trackingServer(uri));
    await using folder = await tempFolder();
    await assert.rejects(downloadModel(MODEL, folder.path, { hubUrl: hub.url }), (error) => {
      assert.ok(error instanceof UnsupportedError);
      assert.match(error.facts.remedy ?? "", /--serve-artifacts/);
      return true;
    });
  }
});

Deno.test("a server has to be named, and a missing model is not found", async () => {
  await assert.rejects(downloadModel(MODEL, "/nowhere"), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.facts.setting, "mlflowAddress");
    return true;
  });
  await using hub = await serve(trackingServer(PLACES["the server's own storage"]));
  await assert.rejects(
    downloadModel({ ...MODEL, repository: "other" }, "/nowhere", { hubUrl: hub.url }),
    NotFoundError,
  );
});

Deno.test("folders that lead out or in circles end the listing", async () => {
  for (const path of ["..", ".", "", "/"]) {
    const good = trackingServer(PLACES["the server's own storage"]);
    await using hub = await serve((request) =>
      new URL(request.url).pathname === PROXY
        ? Response.json({ files: [{ path, is_dir: true }] })
        : good(request)
    );
    await assert.rejects(
      downloadModel(MODEL, "/nowhere", { hubUrl: hub.url }),
      InvalidInputError,
    );
  }
});
