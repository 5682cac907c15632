/** The commands of README.md, run by a shell as a person pastes them. */
import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";
import { openProgram, PROGRAM, withoutZstd } from "../support/program.ts";
import { repositoryPath } from "../house/repository.ts";

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
  const script = text.replace(/^modelops serve .*$/m, "")
    .replaceAll("localhost:5000", `localhost:${port}`)
    .replaceAll("/srv/objects", home.join("objects"));
  const path = `${home.join("bin")}:${Deno.env.get("PATH")}`;
  const { code, stdout, stderr } = await runCommand("bash", ["-e", "-c", `${serve}\n${script}`], {
    cwd,
    env: { ...env, PATH: path },
  });
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test({
  name: "the commands of README.md bring a model to a registry and back",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await openProgram();
    const { home } = program;
    await home.write("llama/config.json", '{"model_type":"llama"}');
    await home.write("llama/model.safetensors", "no tensors");
    await paste(sample("modelops build -t"), home.path, program);
    for (const name of ["config.json", "model.safetensors"]) {
      const copy = await Deno.readTextFile(home.join("copy", name));
      assert.equal(copy, await Deno.readTextFile(home.join("llama", name)));
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
    await home.write("epi-sir/src/model.py", "print(1)\n");
    await home.write("epi-sir/data/cases.csv", "day,cases\n1,2\n");
    const text = sample("modelops bundle init");
    const form = lacking === "" ? ".tar.zst" : ".tar";
    await paste(text.replaceAll(".tar.zst", form), home.path, program);
    for (const folder of ["ws", "copy"]) {
      const text = await Deno.readTextFile(home.join(folder, "src/model.py"));
      assert.equal(text, "print(1)\n", folder);
    }
  },
});
