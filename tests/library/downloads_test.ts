import assert from "node:assert/strict";
import { resolveSettings } from "../../src/cli/settings/global.ts";
import { AccessDeniedError, InvalidInputError } from "../../src/core/errors.ts";
import { downloadModel } from "../../src/library/downloads.ts";
import { huggingFaceServer, serve } from "../hubs/support.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { runIn } from "../cli/support.ts";

const FILES = {
  "config.json": '{"model_type":"llama"}',
  "model.bin": "weights",
  "checkpoints/1/old.bin": "old weights",
};

/** Downloads `url` with this environment into the folder. */
function download(
  folder: TempFolder,
  env: Record<string, string>,
  request: { url?: string; provider?: string; exclude?: string[] } = {},
) {
  const source = { env, cwd: folder.path, home: folder.path, stderr: { isTerminal: false } };
  const { url = "owner/name", ...options } = request;
  return downloadModel(resolveSettings({}, source), url, {
    provider: "huggingface",
    parent: folder.path,
    ...options,
  });
}

Deno.test("a model is kept in a folder of its name, and only what is missing is downloaded", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES } }));
  await using folder = await tempFolder();
  const env = { HF_ENDPOINT: hub.url };
  const target = folder.join("name");
  assert.deepEqual(await download(folder, env), { folder: target, downloaded: 3, present: 0 });
  assert.equal(await Deno.readTextFile(folder.join("name", "model.bin")), "weights");
  await Deno.remove(folder.join("name", "model.bin"));
  const url = `${hub.url}/owner/name/tree/main`;
  assert.deepEqual(await download(folder, env, { url }), {
    folder: target,
    downloaded: 1,
    present: 2,
  });
});

Deno.test("what is left out of the Modelfile is not downloaded, folders included", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES } }));
  for (const pattern of ["checkpoints/", "checkpoints", "checkpoints/**", "check*"]) {
    await using folder = await tempFolder();
    const report = await download(folder, { HF_ENDPOINT: hub.url }, { exclude: [pattern] });
    assert.equal(report.downloaded, 2, pattern);
  }
});

Deno.test("the token comes from the environment, else from the file that the hub's tool keeps", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES }, token: "secret" }));
  await using folder = await tempFolder();
  const env = { HF_ENDPOINT: hub.url };
  await assert.rejects(download(folder, env), AccessDeniedError);
  assert.equal((await download(folder, { ...env, HF_TOKEN: "secret" })).downloaded, 3);
  await folder.write("hf/token", "secret\n");
  assert.equal((await download(folder, { ...env, HF_HOME: folder.join("hf") })).present, 3);
  await folder.write(".cache/huggingface/token", "secret");
  assert.equal((await download(folder, env)).present, 3);
});

Deno.test("bad settings and URLs are errors, and no credential is shown", async () => {
  await using folder = await tempFolder();
  const rows: [Record<string, string>, { url?: string; provider?: string }][] = [
    [{ HF_ENDPOINT: "nonsense:user:pass@" }, {}],
    [{ HF_ENDPOINT: "ftp://user:pass@hub.test" }, {}],
    [{ HF_ENDPOINT: "http://user:pass@127.0.0.1:1" }, {}],
    [{ MODELSCOPE_ENDPOINT: "http://user:pass@127.0.0.1:1" }, { provider: "modelscope" }],
    [{ MODELSCOPE_ENDPOINT: "ftp://pass.test" }, { provider: "modelscope" }],
    [{ MODELSCOPE_DOMAIN: "user:pass@hub.test" }, { provider: "modelscope" }],
    [{}, { url: "https://user:pass@huggingface.co/owner/name" }],
    [{}, { url: "not a model" }],
    [{ MLFLOW_TRACKING_URI: "file:///pass" }, { url: "models:/name", provider: "mlflow" }],
  ];
  for (const [env, request] of rows) {
    await assert.rejects(download(folder, env, request), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.doesNotMatch(error.message, /pass/);
      return true;
    });
  }
});

Deno.test("modelfile generate --model-url writes a Modelfile for files that stay", async () => {
  await using hub = await serve(huggingFaceServer({ revisions: { main: FILES } }));
  await using folder = await tempFolder();
  const args = ["modelfile", "generate", "--model-url", "owner/name", "--provider", "huggingface"];
  const world = {
    cwd: folder.path,
    transport: undefined,
    env: { HF_ENDPOINT: hub.url, MODCTL_STORAGE_DIR: folder.join("store") },
  };
  const { code, stdout, stderr } = await runIn([...args, "--exclude", "checkpoints"], world);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\nNAME name\n/);
  assert.match(stdout, /\nFAMILY llama\n/);
  assert.match(stdout, /\nMODEL model.bin\n/);
  const modelfile = await Deno.readTextFile(folder.join("Modelfile"));
  assert.ok(stdout.endsWith(modelfile));
  // The Modelfile and the folder are what a build needs.
  const build = ["build", "-t", "registry.test/name:v1", "-f", folder.join("Modelfile")];
  const built = await runIn([...build, folder.join("name")], world);
  assert.equal(built.code, 0, built.stderr);
});
