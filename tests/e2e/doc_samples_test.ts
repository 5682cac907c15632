/** Shell samples of the documents, run by a shell as a person pastes them. */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { bundle } from "../../scripts/bundle.ts";
import { hash } from "bcryptjs";
import { runCommand, startCommand } from "../support/command.ts";
import { makeCertificates } from "../support/certificates.ts";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { shellSamples } from "../support/samples.ts";
import { staticFiles } from "../../scripts/static_files.ts";

const SELF = "tests/e2e/doc_samples_test.ts";
const samples = (await shellSamples()).filter(({ runBy }) => runBy === SELF);

/** The documents that have a sample which is run here, one each. */
const DOCUMENTS = ["docs/permissions.md", "docs/serve.md"] as const;

/** The sample of a document that this file runs. */
function sampleOf(file: typeof DOCUMENTS[number]): string {
  return samples.find((sample) => sample.file === file)?.text ?? assert.fail(`${file} has none`);
}

/** The variables of a shell that has `modelops` and `deno` on its path. */
async function shellEnv({ home, env }: Program): Promise<Record<string, string>> {
  const programs = { modelops: PROGRAM, deno: [Deno.execPath()] };
  for (const [name, words] of Object.entries(programs)) {
    const command = words.map((word) => `'${word}'`).join(" ");
    await home.write(`bin/${name}`, `#!/bin/sh\nexec ${command} "$@"\n`);
    await Deno.chmod(home.join(`bin/${name}`), 0o755);
  }
  return { ...env, PATH: `${home.join("bin")}:${Deno.env.get("PATH")}` };
}

/** Runs a line until it says that it is ready, and stops it; gives the address that it says. */
async function serveLine(line: string, program: Program): Promise<string> {
  const options = { cwd: program.home.path, env: await shellEnv(program) };
  const child = startCommand("bash", ["-c", `exec ${line}`], options);
  await child.stdin.close();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (stdout.endsWith("\n")) child.kill("SIGTERM");
  }
  const { code } = await child.status;
  assert.equal(code, 0, await stderr);
  return stdout;
}

e2eTest("the servers of docs/serve.md start, for this machine and for others", {
  needs: ["openssl"],
}, async () => {
  await using program = await openProgram();
  const { home } = program;
  const { server } = await makeCertificates(home.path);
  await Deno.rename(server.certFile, home.join("cert.pem"));
  await Deno.rename(server.keyFile, home.join("key.pem"));
  await home.write("users", `alice:${await hash("secret", 4)}\n`);
  const lines = sampleOf("docs/serve.md").replaceAll("\\\n", " ").trimEnd().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines) {
    // Ports are free ones: the words stay, and the address comes last.
    const [command = ""] = line.split(" #");
    const free = command.includes("--address")
      ? command.replace(":5000", ":0")
      : `${command} --address 127.0.0.1:0`;
    assert.match(await serveLine(free, program), /^ready \S+:\d+\n$/);
  }
});

e2eTest("the bundle runs from a web server under the permissions of docs/permissions.md", {
  needs: ["docker-registry"],
}, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { home } = program;
  const name = `${registry.address}/models/demo:v1`;
  await home.write("model/model.bin", "weights");
  await home.write("model/Modelfile", "NAME demo\nMODEL model.bin\n");
  await program.ok(["build", "-t", name, home.join("model")]);
  await program.ok(["push", name]);
  await program.ok(["rm", name]);
  await bundle(home.join("site/modelops"));
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    staticFiles(pathToFileURL(`${home.join("site")}/`)),
  );
  const web = `127.0.0.1:${host.addr.port}`;
  const line = sampleOf("docs/permissions.md")
    .replaceAll("registry.example.org", registry.address)
    .replaceAll("https://example.org", `http://${web}`)
    .replaceAll("example.org", web);
  const env = { ...await shellEnv(program), DENO_DIR: home.join("empty"), DENO_NO_PROMPT: "1" };
  const { code, stderr } = await runCommand("bash", ["-e", "-c", line], { cwd: home.path, env });
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /allow/);
  await program.ok(["extract", name, "--output", home.join("out")]);
  assert.equal(await Deno.readTextFile(home.join("out/model.bin")), "weights");
});

Deno.test("no other document says that a sample of its is run here", () => {
  assert.deepEqual(samples.map(({ file }) => file), [...DOCUMENTS]);
});
