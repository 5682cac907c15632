/** Best practices: Modelfiles, credentials, large models, versions. @module */
import assert from "node:assert/strict";
import {
  ACCOUNT,
  ACCOUNT_ENV,
  assertLocalFiles,
  assertLoggedIn,
  assertNothingLocal,
  buildLocally,
  buildRemotely,
  lock,
  MODEL_FILES,
  putModel,
} from "./fixtures.ts";
import type { Row } from "./row.ts";

const ORGANIZED_MODELFILE = `# Model metadata
NAME llama2-7b-chat
ARCH transformer
FAMILY llama
FORMAT safetensors
PARAMSIZE 7b
PRECISION fp16
QUANTIZATION none

# Configuration files (order matters for dependencies)
CONFIG config.json
CONFIG generation_config.json
CONFIG tokenizer_config.json

# Model weights (use specific patterns)
MODEL model-*.safetensors
MODEL pytorch_model.bin

# Code and utilities
CODE tokenizer.py
CODE modeling_*.py
CODE configuration_*.py

# Documentation
DOC README.md
DOC LICENSE
DOC model_card.md
`;

/** The files that {@linkcode ORGANIZED_MODELFILE} names, by the kind of their layers. */
const ORGANIZED_FILES: Readonly<Record<string, readonly string[]>> = {
  "weight.config": ["config.json", "generation_config.json", "tokenizer_config.json"],
  weight: [
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "pytorch_model.bin",
  ],
  code: ["configuration_llama.py", "modeling_llama.py", "tokenizer.py"],
  doc: ["LICENSE", "README.md", "model_card.md"],
};

interface Inspected {
  readonly Name: string;
  readonly Quantization: string;
  readonly Layers: readonly { readonly MediaType: string; readonly Filepath: string }[];
}

/** The paths of an artifact's layers by their kind, sorted. */
function filesByKind({ Layers }: Inspected): Record<string, string[]> {
  const kinds: Record<string, string[]> = {};
  for (const { MediaType, Filepath } of Layers) {
    const [, kind = MediaType] = /model\.(.+)\.v1\.raw$/.exec(MediaType) ?? [];
    (kinds[kind] ??= []).push(Filepath);
  }
  for (const paths of Object.values(kinds)) paths.sort();
  return kinds;
}

/** The rows. */
export const PRACTICE_ROWS: readonly Row[] = [
  {
    number: 12,
    commands: ORGANIZED_MODELFILE,
    script: "modctl build -t myregistry.com/llama2-7b-chat:v1 .",
    differs: "the Modelfile is written, and built with",
    async prepare(world) {
      await world.write("Modelfile", ORGANIZED_MODELFILE);
      for (const path of Object.values(ORGANIZED_FILES).flat()) {
        await world.write(path, path.endsWith(".json") ? "{}" : path);
      }
    },
    async check(world) {
      const inspected = await world.json<Inspected>("inspect myregistry.com/llama2-7b-chat:v1");
      assert.deepEqual(filesByKind(inspected), ORGANIZED_FILES);
      const { Name, Quantization } = inspected;
      assert.deepEqual({ Name, Quantization }, { Name: "llama2-7b-chat", Quantization: "none" });
    },
  },
  {
    number: 13,
    commands: `Modelfile.dev
NAME llama2-7b-dev
CONFIG config.dev.json
MODEL model.bin

Modelfile.prod
NAME llama2-7b-prod
CONFIG config.prod.json
MODEL model-*.safetensors`,
    script: `modctl build -f Modelfile.dev -t myregistry.com/llama2:dev .
modctl build -f Modelfile.prod -t myregistry.com/llama2:prod .`,
    differs: "both Modelfiles are written, and built with",
    async prepare(world) {
      const config = "CONFIG config";
      await world.write(
        "Modelfile.dev",
        `NAME llama2-7b-dev\n${config}.dev.json\nMODEL model.bin\n`,
      );
      await world.write(
        "Modelfile.prod",
        `NAME llama2-7b-prod\n${config}.prod.json\nMODEL model-*.safetensors\n`,
      );
      for (const name of ["config.dev.json", "config.prod.json"]) await world.write(name, "{}");
      for (const name of ["model.bin", "model-1.safetensors"]) await world.write(name, name);
    },
    async check(world) {
      const dev = await world.json<Inspected>("inspect myregistry.com/llama2:dev");
      assert.equal(dev.Name, "llama2-7b-dev");
      assert.deepEqual(filesByKind(dev), {
        "weight.config": ["config.dev.json"],
        weight: ["model.bin"],
      });
      const prod = await world.json<Inspected>("inspect myregistry.com/llama2:prod");
      assert.equal(prod.Name, "llama2-7b-prod");
      assert.deepEqual(filesByKind(prod), {
        "weight.config": ["config.prod.json"],
        weight: ["model-1.safetensors"],
      });
    },
  },
  {
    number: 14,
    commands: `export MODCTL_REGISTRY_USER="username"
export MODCTL_REGISTRY_PASS="password"`,
    script: `export MODCTL_REGISTRY_USER="username"
export MODCTL_REGISTRY_PASS="password"
modctl build -t myregistry.com/model:v1 --output-remote .
modctl login myregistry.com`,
    differs: "followed by commands that need the login",
    async prepare(world) {
      await putModel(world);
      await lock(world);
      const refused = await world.run("modctl build -t myregistry.com/model:v1 --output-remote .");
      assert.equal(refused.code, 4, refused.stderr);
    },
    check: (world) => assertLoggedIn(world),
  },
  {
    number: 15,
    commands: "modctl login --password-stdin myregistry.com < ~/.modctl/password",
    env: { MODCTL_REGISTRY_USER: ACCOUNT.username },
    async prepare(world) {
      await world.home.write(".modctl/password", `${ACCOUNT.password}\n`);
      await lock(world);
    },
    async check(world) {
      await assertLoggedIn(world);
      // The user whose login is kept is the one who renews it.
      await world.ok("modctl login --password-stdin myregistry.com < ~/.modctl/password");
    },
  },
  {
    number: 16,
    commands: "modctl login myregistry.com",
    script: `mkfifo answers
script --quiet --return --command "modctl login myregistry.com" /dev/null < answers > screen &
exec 3> answers
until grep -q "User name" screen; do kill -0 $!; sleep 0.05; done
echo username >&3
until grep -q "Password" screen; do kill -0 $!; sleep 0.05; done
echo password >&3
wait $!`,
    differs: "script(1) is the terminal, and somebody who answers sits at it",
    prepare: lock,
    async check(world) {
      await assertLoggedIn(world);
      const screen = await world.read("screen");
      assert.match(screen, /username/);
      assert.doesNotMatch(screen, /\bpassword\b/, "the password is not shown");
      // Without a terminal, the environment answers.
      await world.ok("modctl logout myregistry.com");
      await world.ok("modctl login myregistry.com", { env: ACCOUNT_ENV });
      await assertLoggedIn(world);
    },
  },
  {
    number: 17,
    commands: "modctl login --insecure localhost:5000",
    env: ACCOUNT_ENV,
    async prepare(world) {
      // Once with a certificate that nobody trusts, then without TLS.
      await world.hosts.start("localhost:5000", { htpasswd: ACCOUNT, tls: true });
      const env = { ...ACCOUNT_ENV, SSL_CERT_FILE: "" };
      const strict = await world.run("modctl login localhost:5000", { env });
      assert.equal(strict.code, 3, strict.stderr);
      await world.ok("modctl login --insecure localhost:5000", { env });
      await assertLoggedIn(world, "localhost:5000");
      await world.hosts.stop("localhost:5000");
      await world.ok("modctl logout localhost:5000");
      await world.hosts.start("localhost:5000", { htpasswd: ACCOUNT });
    },
    check: (world) => assertLoggedIn(world, "localhost:5000"),
  },
  {
    number: 18,
    commands: "modctl build -t myregistry.com/model:v1.2.3 .",
    prepare: putModel,
    async check(world) {
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:v1.2.3"]);
      await assertLocalFiles(world, "myregistry.com/model:v1.2.3", { "model.bin": "weights" });
    },
  },
  {
    number: 19,
    commands: "modctl build -t myregistry.com/large-model:v1.0.0 --output-remote .",
    prepare: (world) => putModel(world, "0123456789abcdef".repeat(1 << 20)),
    async check(world) {
      const sent = await world.remoteFile("myregistry.com/large-model:v1.0.0", "model.bin");
      assert.ok(new Uint8Array(await Deno.readFile(world.path("model.bin"))).every(
        (byte, at) => byte === sent[at],
      ));
      assert.equal(sent.byteLength, 16 << 20);
      await assertNothingLocal(world);
    },
  },
  {
    number: 20,
    commands: `modctl attach new-config.json \\
  -s myregistry.com/model:v1.0.0 \\
  -t myregistry.com/model:v1.0.1 \\
  --output-remote`,
    async prepare(world) {
      await buildRemotely(world, "myregistry.com/model:v1.0.0");
      await world.write("new-config.json", '{"new":true}');
    },
    async check(world) {
      const files = await world.remoteFiles("myregistry.com/model:v1.0.1");
      assert.deepEqual(files, [...MODEL_FILES, "new-config.json"]);
      const added = await world.remoteFile("myregistry.com/model:v1.0.1", "new-config.json");
      assert.equal(new TextDecoder().decode(added), '{"new":true}');
      assert.deepEqual(await world.remoteFiles("myregistry.com/model:v1.0.0"), MODEL_FILES);
      await assertNothingLocal(world);
    },
  },
  {
    number: 21,
    commands: "modctl upload large-weights.bin -t myregistry.com/model:v1.0.0",
    prepare: (world) => world.write("large-weights.bin", "large"),
    async check(world, { stdout }) {
      assert.match(stdout, /Successfully uploaded large-weights\.bin/);
      const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("large"));
      const digest = `sha256:${new Uint8Array(bytes).toHex()}`;
      assert.ok(await world.remoteHas("myregistry.com/model", digest), "the file is not there");
      assert.deepEqual(await world.remoteTags("myregistry.com/model"), []);
    },
  },
  {
    number: 22,
    commands: `modctl build -t myregistry.com/model:v1.0.0 \\
  --platform linux/amd64,linux/arm64,darwin/amd64 .`,
    prepare: putModel,
    async check(world) {
      await world.ok("modctl push myregistry.com/model:v1.0.0");
      const { annotations, layers } = await world.remoteManifest("myregistry.com/model:v1.0.0");
      const platforms = annotations["org.modelops.platforms"];
      assert.equal(platforms, "linux/amd64,linux/arm64,darwin/amd64");
      assert.equal(layers.length, 2, "one manifest with the model's files, and no index");
    },
  },
  {
    number: 23,
    commands: `modctl build -t myregistry.com/model:v1.0.0 .
modctl build -t myregistry.com/model:v1.0.1 .  # patch
modctl build -t myregistry.com/model:v1.1.0 .  # minor
modctl build -t myregistry.com/model:v2.0.0 .  # major`,
    prepare: putModel,
    async check(world) {
      const tags = ["v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0"];
      assert.deepEqual(
        await world.localNames(),
        tags.map((tag) => `myregistry.com/model:${tag}`),
      );
    },
  },
  {
    number: 24,
    commands: `modctl tag myregistry.com/model:v1.0.0 myregistry.com/model:stable
modctl tag myregistry.com/model:v2.0.0-beta myregistry.com/model:beta`,
    async prepare(world) {
      await buildLocally(world, "myregistry.com/model:v1.0.0");
      await buildRemotely(world, "myregistry.com/model:v2.0.0-beta");
    },
    async check(world) {
      await assertLocalFiles(world, "myregistry.com/model:stable", {
        "model.bin": "myregistry.com/model:v1.0.0",
      });
      const beta = await world.remoteFile("myregistry.com/model:beta", "model.bin");
      assert.equal(new TextDecoder().decode(beta), "myregistry.com/model:v2.0.0-beta");
    },
  },
  {
    number: 25,
    commands: `modctl build \\
  -t myregistry.com/model:\${VERSION} \\
  -t myregistry.com/model:\${VERSION}-\${COMMIT} \\
  --annotation org.opencontainers.image.version="\${VERSION}" \\
  --annotation org.opencontainers.image.revision="\${COMMIT}" \\
  --annotation org.opencontainers.image.created="\${BUILD_TIME}" \\
  .`,
    env: { VERSION: "v1.4.0", COMMIT: "1f3870b", BUILD_TIME: "2025-08-05T10:27:51Z" },
    prepare: putModel,
    async check(world) {
      const names = ["v1.4.0", "v1.4.0-1f3870b"].map((tag) => `myregistry.com/model:${tag}`);
      assert.deepEqual(await world.localNames(), names);
      for (const name of names) await world.ok(`modctl push ${name}`);
      const [one, two] = await Promise.all(names.map((name) => world.remoteManifest(name)));
      assert.equal(one?.digest, two?.digest);
      assert.equal(one?.annotations["org.opencontainers.image.version"], "v1.4.0");
      assert.equal(one?.annotations["org.opencontainers.image.revision"], "1f3870b");
      assert.equal(one?.annotations["org.opencontainers.image.created"], "2025-08-05T10:27:51Z");
    },
  },
];
