/** Use cases: the life of a model, environments, and the upkeep of a store. @module */
import assert from "node:assert/strict";
import {
  assertLocalFiles,
  assertNothingLocal,
  buildLocally,
  buildRemotely,
  MODEL_FILES,
  putModel,
  remoteText,
} from "./fixtures.ts";
import type { Row } from "./row.ts";
import type { GuideWorld } from "../world.ts";

const VARIABLES = { MODEL_NAME: "my-model", VERSION: "v1" };

/** Builds artifacts in the local store, each a day older than the one before it. */
async function buildDaily(world: GuideWorld, names: readonly string[]): Promise<void> {
  await putModel(world);
  const newest = Date.UTC(2025, 5, 30) / 1000;
  for (const [age, name] of names.entries()) {
    await world.ok(`modctl build -t ${name} .`, {
      env: { SOURCE_DATE_EPOCH: String(newest - age * 86_400) },
    });
  }
}

const DEV_BUILDS = [1, 2, 3, 4, 5, 6, 7].map((age) => `dev-registry.com/model:dev-${age}`);

/** The rows. */
export const USE_CASE_ROWS: readonly Row[] = [
  {
    number: 26,
    commands: `mkdir my-llm-model
cd my-llm-model
modctl modelfile generate . \\
  --name my-llm \\
  --arch transformer \\
  --family custom \\
  --format pytorch`,
    script: `mkdir my-llm-model
cp model.bin my-llm-model
cd my-llm-model
modctl modelfile generate . \\
  --name my-llm \\
  --arch transformer \\
  --family custom \\
  --format pytorch`,
    differs: "a model lies in the folder before its Modelfile is generated",
    prepare: putModel,
    async check(world) {
      const text = await world.read("my-llm-model/Modelfile");
      const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      assert.deepEqual(lines, [
        "NAME my-llm",
        "ARCH transformer",
        "FAMILY custom",
        "FORMAT pytorch",
        "MODEL model.bin",
      ]);
    },
  },
  {
    number: 27,
    commands: `modctl build -t localhost:5000/my-llm:dev .
modctl pull localhost:5000/my-llm:dev --extract-dir ./test-model
python test_model.py ./test-model`,
    async prepare(world) {
      await putModel(world);
      await world.write("test_model.py", "print(open('model.bin').read())");
      // Whatever Python the machine has or lacks: the script is given a folder with the model.
      await world.addProgram("python", 'test -f "$1" && cat "$2/model.bin"');
    },
    async check(world, { stdout }) {
      assert.match(stdout, /weights$/);
      assert.equal(await world.read("test-model/config.json"), await world.read("config.json"));
      assert.deepEqual(await world.remoteTags("localhost:5000/my-llm"), []);
    },
  },
  {
    number: 28,
    commands: "modctl build -t myregistry.com/my-llm:v1.0.0 --output-remote .",
    prepare: putModel,
    async check(world) {
      assert.equal(await remoteText(world, "myregistry.com/my-llm:v1.0.0", "model.bin"), "weights");
      await assertNothingLocal(world);
    },
  },
  {
    number: 29,
    commands: `modctl build -t myregistry.com/model:v2.0.0 .
modctl tag myregistry.com/model:v2.0.0 myregistry.com/model:latest

# Rollback if needed
modctl tag myregistry.com/model:v1.9.0 myregistry.com/model:latest`,
    async prepare(world) {
      await buildLocally(world, "myregistry.com/model:v1.9.0");
      await putModel(world, "version 2");
    },
    async check(world) {
      const latest = "myregistry.com/model:latest";
      const weights = () => remoteText(world, latest, "model.bin");
      await assertLocalFiles(world, latest, { "model.bin": "myregistry.com/model:v1.9.0" });
      // The tag moves in the registry too, forwards and back.
      await world.ok(`modctl tag myregistry.com/model:v2.0.0 ${latest} && modctl push ${latest}`);
      assert.equal(await weights(), "version 2");
      await world.ok(`modctl tag myregistry.com/model:v1.9.0 ${latest} && modctl push ${latest}`);
      assert.equal(await weights(), "myregistry.com/model:v1.9.0");
    },
  },
  {
    number: 30,
    commands: `modctl build -t dev-registry.com/\${MODEL_NAME}:\${VERSION} .
modctl push dev-registry.com/\${MODEL_NAME}:\${VERSION}`,
    env: VARIABLES,
    prepare: putModel,
    async check(world) {
      assert.equal(await remoteText(world, "dev-registry.com/my-model:v1", "model.bin"), "weights");
    },
  },
  {
    number: 31,
    commands: `modctl attach staging-config.json \\
  -s dev-registry.com/\${MODEL_NAME}:\${VERSION} \\
  -t staging-registry.com/\${MODEL_NAME}:\${VERSION} \\
  --output-remote`,
    env: VARIABLES,
    async prepare(world) {
      await buildRemotely(world, "dev-registry.com/my-model:v1");
      await world.write("staging-config.json", '{"stage":true}');
    },
    async check(world) {
      const name = "staging-registry.com/my-model:v1";
      assert.deepEqual(await world.remoteFiles(name), [...MODEL_FILES, "staging-config.json"]);
      assert.equal(await remoteText(world, name, "model.bin"), "dev-registry.com/my-model:v1");
      assert.equal(await remoteText(world, name, "staging-config.json"), '{"stage":true}');
      assert.deepEqual(await world.remoteFiles("dev-registry.com/my-model:v1"), MODEL_FILES);
    },
  },
  {
    number: 32,
    commands: `modctl pull staging-registry.com/\${MODEL_NAME}:\${VERSION}
modctl tag staging-registry.com/\${MODEL_NAME}:\${VERSION} \\
       prod-registry.com/\${MODEL_NAME}:\${VERSION}
modctl push prod-registry.com/\${MODEL_NAME}:\${VERSION}`,
    env: VARIABLES,
    prepare: (world) => buildRemotely(world, "staging-registry.com/my-model:v1"),
    async check(world) {
      const [staging, prod] = await Promise.all(
        ["staging", "prod"].map((stage) =>
          world.remoteManifest(`${stage}-registry.com/my-model:v1`)
        ),
      );
      assert.equal(prod?.digest, staging?.digest);
      const weights = await remoteText(world, "prod-registry.com/my-model:v1", "model.bin");
      assert.equal(weights, "staging-registry.com/my-model:v1");
    },
  },
  {
    number: 33,
    commands: `modctl list | grep ":dev-" | tail -n +6 | while read line; do
  MODEL=$(echo $line | awk '{print $1":"$2}')
  modctl rm $MODEL
done`,
    prepare: (world) => buildDaily(world, [...DEV_BUILDS, "dev-registry.com/model:stable"]),
    async check(world) {
      const kept = [...DEV_BUILDS.slice(0, 5), "dev-registry.com/model:stable"];
      assert.deepEqual(await world.localNames(), kept);
    },
  },
  {
    number: 34,
    commands: "modctl prune --remove-untagged",
    async prepare(world) {
      await buildLocally(world, "myregistry.com/model:old");
      await buildLocally(world, "myregistry.com/model:new");
      await world.ok("modctl rm myregistry.com/model:old");
    },
    async check(world) {
      assert.deepEqual(await world.localNames(), ["myregistry.com/model:new"]);
      await assertLocalFiles(world, "myregistry.com/model:new", {
        "model.bin": "myregistry.com/model:new",
      });
      const left = await world.ok(
        `grep -rl "myregistry.com/model:old" ~/.modctl/content.v1 --include=data || true`,
      );
      assert.equal(left, "", "the weights that nothing names are gone");
    },
  },
  {
    number: 35,
    commands: `ARCHIVE_DATE=$(date -d '30 days ago' +%Y-%m-%d)
modctl list | while read line; do
  CREATED=$(echo $line | awk '{print $5}')
  if [[ "$CREATED" < "$ARCHIVE_DATE" ]]; then
    MODEL=$(echo $line | awk '{print $1":"$2}')
  fi
done`,
    script: `ARCHIVE_DATE=$(date -d '30 days ago' +%Y-%m-%d)
modctl list | while read line; do
  CREATED=$(echo $line | awk '{print $5}')
  if [[ "$CREATED" < "$ARCHIVE_DATE" ]]; then
    MODEL=$(echo $line | awk '{print $1":"$2}')
    echo $MODEL
  fi
done`,
    differs: "what is found to be old is printed",
    async prepare(world) {
      await buildDaily(world, ["myregistry.com/model:v1"]);
      await buildLocally(world, "myregistry.com/model:v2");
    },
    check(_world, { stdout }) {
      assert.equal(stdout, "myregistry.com/model:v1\n");
    },
  },
  {
    number: 36,
    commands: `modctl pull $MODEL
modctl tag $MODEL archive-registry.com/$MODEL
modctl push archive-registry.com/$MODEL
modctl rm $MODEL`,
    env: { MODEL: "myregistry.com/model:v1" },
    prepare: (world) => buildRemotely(world, "myregistry.com/model:v1"),
    async check(world) {
      const archived = "archive-registry.com/myregistry.com/model:v1";
      assert.deepEqual(await world.localNames(), [archived]);
      assert.equal(await remoteText(world, archived, "model.bin"), "myregistry.com/model:v1");
      const port = await world.run(
        `modctl tag ${archived} archive-registry.com/localhost:5000/m:v1`,
      );
      assert.equal(port.code, 2, port.stderr);
      assert.match(port.stderr, /localhost:5000/);
    },
  },
];
