/** The image, as `deno task image` writes it, read and run by programs that are not ours. */
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { LayoutStore } from "../../scripts/image/layout_store.ts";
import { findProgram, requireTool } from "../../scripts/services.ts";
import { digestHex } from "../../src/core/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { capability } from "../../src/oci/capabilities.ts";
import { readContent, readManifest } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { repositoryPath } from "../house/repository.ts";
import { runInChroot, whyNoChroot } from "../support/chroot.ts";
import { runCommand, runOk } from "../support/command.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest, noteSkipped, skopeo, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const VERSION = config.version;
const HERE = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

function image(args: readonly string[], env: Record<string, string> = {}) {
  const script = repositoryPath("scripts/image.ts");
  return runCommand(Deno.execPath(), ["run", "-A", "--no-check", "--quiet", script, ...args], {
    env: { SOURCE_DATE_EPOCH: "", ...env },
  });
}

/** Makes the image; `undefined`, with a notice, where what it is made of cannot be had. */
async function madeImage(name: string, args: readonly string[]): Promise<string | undefined> {
  const { code, stdout, stderr } = await image(args);
  if (code !== 0 && /^Cannot get /.test(stderr) && !Deno.env.get("CI")) {
    return void noteSkipped(name, stderr.trim());
  }
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split("\n")[1];
}

const json = async (store: LayoutStore, descriptor: Descriptor) =>
  JSON.parse(new TextDecoder().decode(await readContent(store, descriptor)));

Deno.test("what an image cannot be made of is named in one line, and nothing is left", async (context) => {
  await using folder = await tempFolder();
  await folder.write("not-a-key.pem", "secret");
  await Deno.mkdir(folder.join("none"));
  await runOk("openssl", ["genrsa", "-out", folder.join("rsa.pem"), "2048"]);
  const cases: [string[], RegExp][] = [
    [["--platform", "linux/riscv64"], /linux\/riscv64.*want linux\/amd64 or linux\/arm64/],
    [["--platform", "windows/amd64"], /windows\/amd64.*want linux\/amd64/],
    [["--packages", folder.join("none")], /Cannot get deno-linux-\S+\.tgz.*--packages can name/],
    [["--key", folder.join("not-a-key.pem")], /Cannot use .*not-a-key.pem as a key: want an EC/],
    [["--key", folder.join("rsa.pem")], /Cannot use .*rsa.pem as a key: want an EC key on P-256/],
    [["--push", "UPPER/case:v1"], /UPPER/],
    [["--color"], /--color/],
  ];
  for (const [args, said] of cases) {
    await context.step(args.join(" ").replaceAll(folder.path, ""), async () => {
      const { code, stdout, stderr } = await image([...args, "--output", folder.join("out/image")]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /secret/);
      const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
      if (left.includes("out")) {
        assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.join("out"))), []);
      }
    });
  }
});

e2eTest("the image is the same each time, and others read it", {
  needs: ["skopeo", "umoci", "docker-registry", "openssl"],
}, async (context) => {
  await using folder = await tempFolder();
  const layout = folder.join("layout");
  const digest = await madeImage(context.name, ["--output", layout]);
  if (digest === undefined) return;

  await context.step("another folder and another time give the same digest", async () => {
    assert.equal(await madeImage(context.name, ["--output", folder.join("a/b")]), digest);
  });

  await context.step("it is for both machines, and says what it is", async () => {
    for (const architecture of ["amd64", "arm64"]) {
      const said = await skopeo(
        ...["--override-arch", architecture, "inspect", `oci:${layout}:${VERSION}`],
      );
      const { Architecture, Os, Labels } = JSON.parse(said);
      assert.deepEqual([Os, Architecture], ["linux", architecture]);
      assert.equal(Labels["org.opencontainers.image.version"], VERSION);
      assert.equal(Labels["org.opencontainers.image.created"], undefined);
    }
  });

  await context.step("what is in it is listed, with versions and digests", async () => {
    const said = await statementsOf(new LayoutStore(layout), `${VERSION}-${HERE}`);
    const bill = said["application/vnd.cyclonedx+json"];
    const urls: string[] = bill.components.map(({ purl }: { purl: string }) => purl);
    for (const part of ["pkg:npm/%40deno/linux", "/libc6@", "/ca-certificates@", "npm/zod@"]) {
      assert.ok(urls.some((url) => url.includes(part)), `${part} in ${urls.join(" ")}`);
    }
    for (const { hashes, name } of bill.components) {
      assert.match(hashes[0].content, /^([0-9a-f]{64}|[0-9a-f]{128})$/, name);
    }
    const { predicate, subject } = said["application/vnd.in-toto+json"];
    const store = new LayoutStore(layout);
    const { digest } = await store.resolve(`${VERSION}-${HERE}`);
    assert.deepEqual(subject[0].digest, { sha256: digestHex(digest) });
    assert.ok(predicate.buildDefinition.resolvedDependencies.length >= bill.components.length);
  });

  const why = await whyNoChroot();
  if (why !== undefined) return noteSkipped(`${context.name}: run`, why);
  await context.step("it pulls a model where there is nothing else, as nobody's user", async () => {
    await runUnpacked(layout);
  });
});

/** What refers to an image, by its type. */
async function statementsOf(store: LayoutStore, tag: string) {
  const { digest } = await store.resolve(tag);
  const index = JSON.parse(
    await Deno.readTextFile(join(store.name.replace(/^layout /, ""), "index.json")),
  );
  const found: Record<string, Awaited<ReturnType<typeof json>>> = {};
  for (const entry of index.manifests) {
    const document = await readManifest(store, entry);
    if (document.subject?.digest !== digest || document.kind !== "manifest") continue;
    found[document.artifactType ?? ""] = await json(store, document.layers[0]!);
  }
  return found;
}

/** Unpacks the image of this machine with `umoci` and runs it in a system of its own. */
async function runUnpacked(layout: string): Promise<void> {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const name = `${registry.address}/models/tiny:v1`;
  await program.home.write("model/weights.bin", new Uint8Array(5_000_000).fill(7));
  await program.home.write("model/Modelfile", "NAME tiny\nMODEL weights.bin\n");
  await program.ok(["build", "-t", name, "model"]);
  await program.ok(["push", "--plain-http", name]);

  await using folder = await tempFolder();
  await Deno.chmod(folder.path, 0o755);
  const unpacked = folder.join("unpacked");
  await runOk(requireTool("umoci"), [
    ...["unpack", "--image", `${layout}:${VERSION}-${HERE}`, unpacked],
  ]);
  // The folder of a bundle is for root alone; the system in it is for everyone.
  await Deno.chmod(unpacked, 0o755);
  const { process } = JSON.parse(await Deno.readTextFile(join(unpacked, "config.json")));
  assert.deepEqual([process.user.uid, process.user.gid, process.cwd], [65532, 65532, "/workspace"]);
  const [root, workspace] = [join(unpacked, "rootfs"), folder.join("workspace")];
  await Deno.mkdir(workspace);
  await Deno.chmod(workspace, 0o777);
  const env = Object.fromEntries(process.env.map((each: string) => each.split(/=(.*)/, 2)));
  const run = async (args: readonly string[], readOnly: boolean) => {
    const { code, stdout, stderr } = await runInChroot(
      root,
      [...process.args.slice(0, -1), ...args],
      { user: "65532:65532", env, mounts: { "/workspace": workspace }, readOnly },
    );
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /error|warning/);
    return stdout;
  };
  assert.match(await run(["version"], false), new RegExp(RegExp.escape(VERSION)));
  const pull = ["pull", "--plain-http", name, "--extract-dir"];
  await run([...pull, "/workspace/one"], false);
  await run(["--storage-dir", "/tmp/store", ...pull, "/workspace/two"], true);
  const bytes = await Deno.readFile(program.home.join("model/weights.bin"));
  for (const copy of ["one", "two"]) {
    const path = join(workspace, copy, "weights.bin");
    assert.deepEqual(await Deno.readFile(path), bytes);
    assert.equal((await Deno.stat(path)).uid, 65532);
  }
  const programs = await Array.fromAsync(Deno.readDir(join(root, "usr/bin")), ({ name }) => name);
  assert.deepEqual(programs, ["deno"]);
  assert.equal((await Deno.stat(join(root, "tmp"))).mode! & 0o7777, 0o1777);
}

e2eTest("a pushed image is signed with all that refers to it, as cosign does", {
  needs: ["docker-registry", "openssl"],
}, async (context) => {
  await using folder = await tempFolder();
  await using registry = await startRegistry();
  const keyFile = folder.join("signing.pem");
  await runOk("openssl", [
    ..."genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out".split(" "),
    keyFile,
  ]);
  const repository = `${registry.address}/tools/modelops`;
  const digest = await madeImage(context.name, [
    ...["--output", folder.join("layout"), "--platform", `linux/${HERE}`],
    ...["--key", keyFile, "--push", `${repository}:v1`, "--plain-http"],
  ]);
  if (digest === undefined) return;
  await using client = new RegistryClient({ plainHttp: true });
  const store = client.repository(repository);
  const index = await store.resolve("v1");
  assert.equal(index.digest, digest);
  const document = await readManifest(store, index);
  assert.ok(document.kind === "index");
  const referrers = capability(store, "referrers")!;
  const [image] = document.manifests;
  const said = await Array.fromAsync(referrers(image!));
  const types = said.map(({ artifactType }) => artifactType).sort();
  assert.deepEqual(types, [
    "application/vnd.cyclonedx+json",
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.in-toto+json",
  ]);
  const publicKey = createPublicKey(await Deno.readTextFile(keyFile));
  const statements = said.filter(({ artifactType }) => !artifactType!.includes("cosign"));
  for (const subject of [index, image!, ...statements]) {
    const tag = `${subject.digest.replace(":", "-")}.sig`;
    const manifest = await readManifest(store, await store.resolve(tag));
    assert.ok(manifest.kind === "manifest");
    assert.equal(manifest.subject?.digest, subject.digest);
    const [layer] = manifest.layers;
    const payload = await readContent(store, layer!);
    const signature = layer!.annotations!["dev.cosignproject.cosign/signature"]!;
    assert.ok(verify("sha256", payload, publicKey, Uint8Array.fromBase64(signature)), tag);
    const { critical } = JSON.parse(new TextDecoder().decode(payload));
    assert.equal(critical.image["docker-manifest-digest"], subject.digest);
    assert.equal(critical.identity["docker-reference"], repository);
  }
  if (findProgram("cosign") === undefined) return;
  await using home = await tempFolder();
  await runOk("openssl", ["pkey", "-in", keyFile, "-pubout", "-out", folder.join("signing.pub")]);
  await runOk("cosign", [
    ...["verify", "--key", folder.join("signing.pub"), "--insecure-ignore-tlog"],
    ...["--allow-insecure-registry", `${repository}:v1`],
  ], { env: { HOME: home.path } });
});
