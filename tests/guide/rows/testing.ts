/** The library, and testing. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertLocalFiles, MODEL_FILES, remoteText } from "./fixtures.ts";
import type { Row } from "./row.ts";
import type { GuideWorld } from "../world.ts";

const TEST_MODEL = "localhost:5000/test-model:v1.0.0";
const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));

/** Runs a file of tests of the library samples. */
function libraryTests(name: string): string {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  // The sample is the program of a user, who has no reason to go through the guide's hosts.
  const world = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE"];
  // The registry that the test starts would take REGISTRY_… for a setting of its own.
  return `unset ${world.join(" ")} REGISTRY_AUTH_FILE
'${Deno.execPath()}' test --allow-all --no-check --config '${CONFIG}' '${file}'`;
}

/** The files that the integration test of the guide makes. */
async function putTestModel(world: GuideWorld): Promise<void> {
  await world.write("test-model/config.json", '{"model_type": "test"}\n');
  await world.write("test-model/model.bin", "fake model data\n");
}

async function buildTestModel(world: GuideWorld): Promise<void> {
  await putTestModel(world);
  await world.ok("modctl modelfile generate test-model --name test-model --arch transformer");
  await world.ok(`modctl build -t ${TEST_MODEL} test-model`);
}

async function pushTestModel(world: GuideWorld): Promise<void> {
  await buildTestModel(world);
  await world.ok(`modctl push ${TEST_MODEL} --insecure`);
}

const FILES = { "config.json": '{"model_type": "test"}\n', "model.bin": "fake model data\n" };

/** The rows. */
export const TESTING_ROWS: readonly Row[] = [
  {
    number: 37,
    commands: "type ModelManager struct { … } // BuildModel, DeployModel",
    script: libraryTests("model_manager_use_test.ts"),
    differs: "rewritten in TypeScript: tests/guide/model_manager.ts",
    check: (_world, { stdout }) => assert.match(stdout, /ok \| [1-9]\d* passed/),
  },
  {
    number: 38,
    commands: "func TestModelBuild(t *testing.T) { … }",
    script: libraryTests("model_manager_test.ts"),
    differs: "rewritten in TypeScript: tests/guide/model_manager_test.ts",
    check: (_world, { stdout }) => assert.match(stdout, /ok \| 1 passed/),
  },
  {
    number: 39,
    commands: `modctl modelfile generate test-model \\
  --name test-model \\
  --arch transformer`,
    prepare: putTestModel,
    async check(world) {
      const text = await world.read("Modelfile");
      for (const line of ["NAME test-model", "ARCH transformer", "MODEL model.bin"]) {
        assert.ok(text.split("\n").includes(line), `${line} is missing in ${text}`);
      }
    },
  },
  {
    number: 40,
    commands: "modctl build -t localhost:5000/test-model:v1.0.0 test-model",
    async prepare(world) {
      await putTestModel(world);
      await world.ok("modctl modelfile generate test-model --name test-model --arch transformer");
    },
    async check(world) {
      assert.deepEqual(await world.localNames(), [TEST_MODEL]);
      await assertLocalFiles(world, TEST_MODEL, FILES);
    },
  },
  {
    number: 41,
    commands: "modctl push localhost:5000/test-model:v1.0.0 --insecure",
    prepare: buildTestModel,
    async check(world) {
      assert.deepEqual(await world.remoteFiles(TEST_MODEL), MODEL_FILES);
      assert.equal(await remoteText(world, TEST_MODEL, "model.bin"), FILES["model.bin"]);
    },
  },
  {
    number: 42,
    commands: `modctl rm localhost:5000/test-model:v1.0.0
modctl pull localhost:5000/test-model:v1.0.0 --insecure`,
    prepare: pushTestModel,
    async check(world) {
      assert.deepEqual(await world.localNames(), [TEST_MODEL]);
      const { Digest } = await world.json<{ Digest: string }>(`inspect ${TEST_MODEL}`);
      assert.equal(Digest, (await world.remoteManifest(TEST_MODEL)).digest);
    },
  },
  {
    number: 43,
    commands: `mkdir -p extracted
modctl extract localhost:5000/test-model:v1.0.0 --output extracted
test -f extracted/config.json
test -f extracted/model.bin`,
    async prepare(world) {
      await pushTestModel(world);
      await world.ok(`modctl rm ${TEST_MODEL} && modctl pull ${TEST_MODEL} --insecure`);
    },
    async check(world) {
      for (const [path, text] of Object.entries(FILES)) {
        assert.equal(await world.read(`extracted/${path}`), text);
      }
    },
  },
];
