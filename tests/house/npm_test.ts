import assert from "node:assert/strict";
import { basename } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { packPackage } from "../../scripts/npm.ts";
import { type CommandOptions, runCommand, runOk, startCommand } from "../support/command.ts";
import { makeCertificates } from "../support/certificates.ts";
import { tempFolder } from "../support/temp.ts";

/** A program of somebody else that uses each entry of the library, and says what it got. */
const CONSUMER = `
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type BuildResult, ModelOpsError, openModels, serveStore } from "modelops";
import * as bundle from "modelops/bundle";
import * as objects from "modelops/objects";
import { type Digest, digestBytes } from "modelops/oci";
import * as registry from "modelops/registry";
import * as server from "modelops/server";

async function main(): Promise<void> {
  const folder = await mkdtemp(tmpdir() + "/consumer-");
  const path = (name: string) => folder + "/" + name;
  await writeFile(path("model.bin"), "weights");
  const stop = new AbortController();
  const served = await serveStore(
    { storageDir: path("served") },
    { address: "127.0.0.1:0", signal: stop.signal },
  );
  const name = served.address + "/demo:v1";
  const models = await openModels({ storageDir: path("one") });
  const built: BuildResult = await models.build(folder, { targets: [name] });
  await models.push(name, { plainHttp: true });
  const others = await openModels({ storageDir: path("two") });
  await others.pull(name, { plainHttp: true });
  await others.extract(name, { output: path("out") });
  const failure = await others.pull("no reference").catch((error: unknown) => error);
  const digest: Digest = digestBytes(await readFile(path("out/model.bin")));
  await models[Symbol.asyncDispose]();
  await others[Symbol.asyncDispose]();
  stop.abort();
  await served.finished;
  console.log(JSON.stringify({
    built: /^sha256:/.test(built.digest),
    same: digest === digestBytes(new TextEncoder().encode("weights")),
    failed: failure instanceof ModelOpsError,
    entries: [bundle, objects, registry, server].every((entry) => Object.keys(entry).length > 0),
    global: "Deno" in globalThis,
  }));
}

main();
`;

/** The compilers of consumers: the newest, and the last that knows the oldest defaults. */
const COMPILERS = { newest: "typescript@7.0.2", older: "typescript@5.9.3" } as const;

/**
 * The package in an empty folder, installed from its archive with an empty cache and no network.
 */
async function installedPackage() {
  const home = await tempFolder();
  const archive = await packPackage(home.join("packed"));
  await home.write("user/package.json", '{ "type": "module" }');
  const options: CommandOptions = { cwd: home.join("user"), env: { HOME: home.path } };
  const quiet = ["--no-audit", "--no-fund"];
  await runOk("npm", ["install", "--offline", ...quiet, archive], options);
  return {
    home,
    archive,
    options,
    npx: (name: string, ...args: string[]) =>
      runCommand("npx", ["--no-install", name, ...args], options),
    install: (...packages: string[]) =>
      // The user's own cache: these are fetched once for all tests.
      runOk("npm", ["install", "--prefer-offline", ...quiet, ...packages], { cwd: options.cwd }),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** The program on Node, started without the programs of npm in between. */
function start(cwd: string, home: string, ...args: string[]): Deno.ChildProcess {
  return startCommand("node", ["node_modules/modelops/dist/modelops.js", ...args], {
    cwd,
    env: { HOME: home },
  });
}

/** Reads a stream until it has shown a pattern. */
async function shown(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`The stream ended without ${pattern}: ${text}`);
      text += decoder.decode(value, { stream: true });
      const found = pattern.exec(text);
      if (found) return found[0];
    }
  } finally {
    reader.releaseLock();
  }
}

// It does not install on Windows, for lack of locks there.
const ignore = Deno.build.os === "windows";
const title = "the package works from its archive in an empty folder, with Node and npm";

Deno.test(title, { ignore }, async (context) => {
  await using it = await installedPackage();
  const { home, options, npx } = it;
  await context.step("it is one package, named by its version, and small", async () => {
    assert.equal(basename(it.archive), `modelops-${config.version}.tgz`);
    assert.ok((await Deno.stat(it.archive)).size < 1.5 * 1024 * 1024);
    const modules = await Array.fromAsync(Deno.readDir(home.join("user/node_modules")));
    const names = modules.map(({ name }) => name).filter((name) => !name.startsWith("."));
    assert.deepEqual(names, ["modelops"]);
  });
  await context.step("each command has its own name", async () => {
    for (const name of ["modelops", "modctl"]) {
      const { stdout, stderr } = await npx(name, "push", "--help");
      assert.ok(stdout.startsWith(`Usage: ${name} push`), stdout + stderr);
    }
    assert.equal((await npx("modelops", "--version")).stdout, `${config.version}\n`);
  });
  await context.step("a model goes to a registry of its own over TLS and comes back", async () => {
    const weights = crypto.getRandomValues(new Uint8Array(65536));
    const large = new Uint8Array(5 * 1024 * 1024).map((_, index) => weights[index % 65521]!);
    await home.write("user/model/weights.bin", large);
    await home.write("user/model/Modelfile", "NAME tiny\nMODEL weights.bin\n");
    const { caFile, server: { certFile, keyFile } } = await makeCertificates(home.path);
    const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
    const server = start(options.cwd!, home.path, "serve", "--address", "127.0.0.1:0", ...tls);
    const name = `${await shown(server.stdout, /127\.0\.0\.1:\d+/)}/tiny:v1`;
    const other = ["--storage-dir", home.join("other")];
    for (
      const args of [
        ["build", "-t", name, "model"],
        ["push", "--ca-file", caFile, name],
        ["pull", "--ca-file", caFile, name, ...other],
        ["extract", name, "--output", "out", ...other],
      ]
    ) {
      const { code, stderr } = await npx("modelops", ...args);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(await Deno.readFile(home.join("user/out/weights.bin")), large);
    // A signal lets it end as it should.
    server.kill("SIGINT");
    assert.equal((await server.status).code, 0);
    await Promise.all([server.stdin.close(), server.stdout.cancel(), server.stderr.cancel()]);
  });
  await context.step("a failure has its exit code and its words", async () => {
    const { code, stderr } = await npx("modelops", "biuld", ".");
    assert.equal(code, 2);
    assert.match(stderr, /did you mean "build"/);
  });
  await context.step("it waits for the lock that a program on Deno has", async () => {
    const store = home.join("locked");
    await Deno.mkdir(store);
    using lock = await Deno.open(home.join("locked/modelops.lock"), { create: true, write: true });
    await lock.lock(true);
    const args = ["build", "model", "-t", "localhost:5000/a:v1", "--storage-dir", store];
    const logs = home.join("logs");
    await Deno.mkdir(logs);
    using changes = Deno.watchFs(logs);
    const building = start(options.cwd!, home.path, ...args, "--log-dir", logs);
    for await (const { paths } of changes) {
      const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path).catch(() => "")));
      if (/Waiting for another command/.test(texts.join(""))) break;
    }
    await lock.unlock();
    assert.equal((await building.status).code, 0);
    await Promise.all([building.stdin.close(), building.stdout.cancel(), building.stderr.cancel()]);
  });
  await context.step(
    "a program that imports it passes compilers as they are, and runs",
    async () => {
      const compilers = Object.entries(COMPILERS).map(([name, spec]) => `${name}@npm:${spec}`);
      await it.install("@types/node@20.19.25", ...compilers);
      const source = await home.write("user/consumer.ts", CONSUMER);
      for (const [name, spec] of Object.entries(COMPILERS)) {
        const compiler = `node_modules/${name}/bin/tsc`;
        const { code, stdout } = await runCommand("node", [compiler, "--noEmit", source], options);
        assert.equal(code, 0, `${spec}: ${stdout}`);
      }
      const emitted = ["--module", "nodenext", "--target", "es2022", "--strict"];
      await runOk("node", ["node_modules/newest/bin/tsc", ...emitted, source], options);
      const { stdout } = await runOk("node", ["consumer.js"], options);
      const said = JSON.parse(stdout);
      assert.deepEqual(said, {
        built: true,
        same: true,
        failed: true,
        entries: true,
        global: false,
      });
    },
  );
});
