/**
 * This program and modctl on one store and through one registry: whatever one of them writes, the
 * other lists, inspects, extracts, attaches to, pushes and pulls.
 */
import assert from "node:assert/strict";
import { runOk } from "../support/command.ts";
import { folderState } from "../support/bundles.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { DiskRepository } from "../../src/oci/disk_repository.ts";
import { DiskStore } from "../../src/oci/disk_store.ts";
import { sampleArtifact, writeSample } from "../conformance/store.ts";
import { LISTED_CONFIGS } from "../support/listed_configs.ts";
import { peerTest } from "../support/peers.ts";
import { openProgram } from "../support/program.ts";
import { startRegistry } from "../support/registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const needs = ["docker-registry"] as const;

/** One of the two programs, over a store that each call names. */
interface Contender {
  readonly name: string;
  /** The flags by which `build` writes names that the other one knows. */
  readonly buildFlags: readonly string[];
  /** The flags that ask for tar layers. */
  readonly tarFlags: readonly string[];
  run(store: string, ...args: readonly string[]): Promise<string>;
}

interface Pair extends AsyncDisposable {
  readonly home: TempFolder;
  readonly ours: Contender;
  readonly theirs: Contender;
}

async function openPair(modctl: string): Promise<Pair> {
  const program = await openProgram();
  const { home } = program;
  const env = { HOME: home.path, DOCKER_CONFIG: home.join(".docker"), SOURCE_DATE_EPOCH: "" };
  const flags = (store: string) => ["--storage-dir", store, "--no-progress"];
  const knowsOnly = await knownFamily(modctl, home, env);
  return {
    home,
    ours: {
      name: "ours",
      buildFlags: ["--media-types", knowsOnly],
      tarFlags: ["--raw=false"],
      run: (store, ...args) => program.ok([...flags(store), ...args]),
    },
    theirs: {
      name: "modctl",
      buildFlags: [],
      tarFlags: [],
      run: async (store, ...args) => {
        const options = { env, cwd: home.path };
        return (await runOk(modctl, [...flags(store), ...args], options)).stdout;
      },
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The family of media types that a modctl writes: earlier releases know the predecessor alone. */
async function knownFamily(
  modctl: string,
  home: TempFolder,
  env: Record<string, string>,
): Promise<string> {
  await home.write("probe/Modelfile", "NAME probe\nMODEL x.bin\n");
  await home.write("probe/x.bin", "x");
  const store = ["--storage-dir", home.join("probe-store")];
  const ref = "registry.test/probe:v1";
  const cwd = home.join("probe");
  await runOk(modctl, ["build", ...store, "-t", ref, "-f", "Modelfile", "."], { env, cwd });
  const { stdout } = await runOk(modctl, ["inspect", ...store, ref], { env, cwd });
  return stdout.includes("vnd.cnai.") ? "cnai" : "cncf";
}

const FILES: Record<string, string> = {
  "config.json": '{"model_type": "demo"}\n',
  "weights/model-00001-of-00002.safetensors": "weights, first part",
  "weights/model-00002-of-00002.safetensors": "weights, second part",
  "scripts/run.py": "print('ünï')\n",
  "README.md": "# Demo\n",
  "empty.json": "",
};

const MODELFILE = `NAME demo
ARCH transformer
FAMILY llama
FORMAT safetensors
CONFIG *.json
MODEL weights/*.safetensors
CODE scripts/*.py
DOC README.md
`;

async function writeModel(folder: TempFolder): Promise<string> {
  for (const [path, text] of Object.entries(FILES)) await folder.write(`model/${path}`, text);
  await folder.write("model/Modelfile", MODELFILE);
  return folder.join("model");
}

/** The files that a program has written are those of the model, byte for byte. */
async function assertModel(folder: string, more: Readonly<Record<string, string>> = {}) {
  await using wanted = await tempFolder();
  for (const [path, text] of Object.entries({ ...FILES, ...more })) await wanted.write(path, text);
  assert.deepEqual(await folderState(folder), await folderState(wanted.path));
}

/** The digest and the layers that `inspect` tells. */
async function inspected(contender: Contender, store: string, ...args: string[]) {
  const document = JSON.parse(await contender.run(store, "inspect", ...args));
  const layers = document.Layers as { Digest: string; Filepath: string; MediaType: string }[];
  return {
    digest: document.Digest as string,
    layers: layers.map(({ Digest, Filepath, MediaType }) => [Filepath, Digest, MediaType]),
  };
}

const PAIRS = (pair: Pair) =>
  [[pair.ours, pair.theirs], [pair.theirs, pair.ours]] as const satisfies [Contender, Contender][];

peerTest("ours and modctl use one store", { peer: "modctl", needs }, async (modctl, t) => {
  await using pair = await openPair(modctl);
  const model = await writeModel(pair.home);
  for (const [writer, reader] of PAIRS(pair)) {
    for (const raw of [false, true]) {
      const form = raw ? "raw" : "tar";
      await t.step(
        `what ${writer.name} builds in the ${form} form is read by ${reader.name}`,
        async () => {
          const store = pair.home.join(`store-${writer.name}-${form}`);
          const ref = "registry.test/models/demo:v1";
          const formFlags = ({ tarFlags }: Contender) => raw ? ["--raw"] : tarFlags;
          const building = [...writer.buildFlags, ...formFlags(writer)];
          await writer.run(
            store,
            "build",
            "-t",
            ref,
            "-f",
            `${model}/Modelfile`,
            ...building,
            model,
          );
          assert.match(await reader.run(store, "ls"), /registry\.test\/models\/demo +v1 /);
          const seen = await inspected(reader, store, ref);
          assert.deepEqual(seen, await inspected(writer, store, ref));
          const out = pair.home.join(`out-${writer.name}-${form}`);
          await reader.run(store, "extract", ref, "--output", out);
          await assertModel(out);

          const attached = "registry.test/models/demo:v2";
          await pair.home.write("NOTES.md", "attached");
          const more = ["attach", "NOTES.md", "-s", ref, "-t", attached, ...formFlags(reader)];
          await reader.run(store, ...more);
          assert.equal(
            (await inspected(writer, store, attached)).layers.length,
            seen.layers.length + 1,
          );
          await writer.run(store, "extract", attached, "--output", `${out}-attached`);
          await assertModel(`${out}-attached`, { "NOTES.md": "attached" });

          await reader.run(store, "tag", ref, "registry.test/models/demo:again");
          assert.match(await writer.run(store, "ls"), /demo +again /);
          await reader.run(store, "rm", attached);
          assert.doesNotMatch(await writer.run(store, "ls"), /demo +v2 /);
          await reader.run(store, "prune");
          await writer.run(store, "extract", ref, "--output", `${out}-pruned`);
          await assertModel(`${out}-pruned`);
        },
      );
    }
  }
});

peerTest("ours and modctl meet at a registry", { peer: "modctl", needs }, async (modctl, t) => {
  await using pair = await openPair(modctl);
  await using registry = await startRegistry();
  const model = await writeModel(pair.home);
  for (const [sender, receiver] of PAIRS(pair)) {
    await t.step(`what ${sender.name} sends comes to ${receiver.name}`, async () => {
      const name = `${registry.address}/from-${sender.name}/demo`;
      const from = pair.home.join(`from-${sender.name}`);
      const into = pair.home.join(`into-${receiver.name}`);
      const http = "--plain-http";
      const building = [...sender.buildFlags, "-f", `${model}/Modelfile`, model];
      await sender.run(from, "build", "-t", `${name}:v1`, ...building);
      await sender.run(from, "push", `${name}:v1`, http);
      const remote = await inspected(receiver, into, `${name}:v1`, "--remote", http);
      assert.deepEqual(remote, await inspected(sender, from, `${name}:v1`));

      await receiver.run(into, "pull", `${name}:v1`, http, "--extract-dir", `${into}-pulled`);
      await assertModel(`${into}-pulled`);
      assert.deepEqual(await inspected(receiver, into, `${name}:v1`), remote);
      const streamed = ["--extract-from-remote", "--extract-dir", `${into}-streamed`];
      await receiver.run(into, "pull", `${name}:v1`, http, ...streamed);
      await assertModel(`${into}-streamed`);
      await receiver.run(
        into,
        ...["fetch", `${name}:v1`, http, "--output", `${into}-fetched`, "--patterns", "*.json"],
      );
      assert.deepEqual(
        Object.keys(await folderState(`${into}-fetched`)),
        ["config.json", "empty.json"],
      );

      // And back: what was pulled is pushed on, with one file more.
      await pair.home.write("NOTES.md", "attached");
      const refs = ["-s", `${name}:v1`, "-t", `${name}:v2`];
      await receiver.run(into, "attach", "NOTES.md", ...refs);
      await receiver.run(into, "push", `${name}:v2`, http);
      await sender.run(from, "pull", `${name}:v2`, http);
      await sender.run(from, "extract", `${name}:v2`, "--output", `${into}-back`);
      await assertModel(`${into}-back`, { "NOTES.md": "attached" });
    });
  }
});

peerTest("modctl and serve speak with each other", { peer: "modctl", needs }, async (modctl) => {
  const { startServe } = await import("../../scripts/services.ts");
  await using pair = await openPair(modctl);
  await using serve = await startServe();
  const model = await writeModel(pair.home);
  const [from, into] = [pair.home.join("from"), pair.home.join("into")];
  const ref = `${serve.address}/models/demo:v1`;
  await pair.theirs.run(from, "build", "-t", ref, "-f", `${model}/Modelfile`, model);
  await pair.theirs.run(from, "push", ref, "--plain-http");
  await pair.theirs.run(into, "pull", ref, "--plain-http", "--extract-dir", `${into}-out`);
  await assertModel(`${into}-out`);
});

/** Puts an index of the manifests that some tags name into a registry. */
async function putIndex(repository: string, tags: readonly string[], tag: string): Promise<void> {
  const manifests = await Promise.all(tags.map(async (tag) => {
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const response = await fetch(`${repository}/manifests/${tag}`, { headers: { accept } });
    return describeBytes(accept, new Uint8Array(await response.arrayBuffer()));
  }));
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const response = await fetch(`${repository}/manifests/${tag}`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, manifests }),
  });
  await response.body?.cancel();
  assert.equal(response.status, 201);
}

peerTest(
  "an index in the store is in nobody's way",
  { peer: "modctl", needs },
  async (modctl, t) => {
    const { startServe } = await import("../../scripts/services.ts");
    await using pair = await openPair(modctl);
    await using registry = await startRegistry();
    const { ours, theirs, home } = pair;
    const model = await writeModel(home);
    const from = home.join("from");
    await using serve = await startServe();
    const served = serve.root;
    const http = "--plain-http";
    for (const { address } of [registry, serve]) {
      const ref = `${address}/models/demo`;
      await ours.run(from, "build", "-t", `${ref}:v1`, "-f", `${model}/Modelfile`, model);
      await ours.run(from, "push", `${ref}:v1`, http);
      await putIndex(`http://${address}/v2/models/demo`, ["v1"], "all");
    }
    await t.step("what was pulled", async () => {
      const store = home.join("pulled");
      const ref = `${registry.address}/models/demo`;
      await ours.run(store, "pull", `${ref}:all`, http);
      await theirs.run(store, "pull", `${ref}:v1`, http);
      await theirs.run(store, "prune");
      assert.match(await theirs.run(store, "ls"), /models\/demo +v1 /);
      assert.match(await ours.run(store, "ls"), /models\/demo +all /);
      await theirs.run(store, "rm", `${ref}:v1`);
      await theirs.run(store, "prune");
      await ours.run(store, "verify", "--all");
      await ours.run(store, "push", `${ref}:all`, http);
      await ours.run(store, "tag", `${ref}:all`, `${ref}:again`);
      await theirs.run(store, "ls");
    });
    await t.step("what was pushed to serve", async () => {
      assert.match(await theirs.run(served, "ls"), /models\/demo +v1 /);
      await theirs.run(served, "rm", "localhost/models/demo:v1");
      await theirs.run(served, "prune");
      const into = home.join("into");
      await ours.run(into, "pull", `${serve.address}/models/demo:all`, http);
      await ours.run(into, "verify", "--all");
    });
    await t.step("a manifest without a tag", async () => {
      const store = home.join("untagged");
      const name = `${registry.address}/models/demo`;
      const { digest } = await inspected(ours, from, `${name}:v1`);
      await ours.run(store, "pull", `${name}@${digest}`, http);
      await theirs.run(store, "ls");
    });
  },
);

peerTest("what modctl lists is told without it", { peer: "modctl", needs }, async (modctl) => {
  await using pair = await openPair(modctl);
  for (const [index, [config, expected]] of LISTED_CONFIGS.entries()) {
    const store = pair.home.join(`config-${index}`);
    // In the shared part, wherever it belongs.
    const repository = new DiskRepository("registry.test/x", new DiskStore(store));
    const configBytes = new TextEncoder().encode(config);
    const descriptor = describeBytes("application/vnd.test.config", configBytes);
    const sample = sampleArtifact("weights", { config: descriptor });
    await writeSample(repository, { ...sample, config: descriptor, configBytes });
    await repository.tag(sample.manifest, "v1");
    const isListed = await pair.theirs.run(store, "ls").then(() => true, () => false);
    assert.equal(isListed, expected, config);
  }
});
