/**
 * The shell scripts of the modctl Developer Guide, whole and as they are written. What they suppose
 * of the machine is in the path: `docker`, whose only container is the registry of
 * {@linkcode PLAIN_HOST}, which runs already; `sleep`, since nothing has to be waited for; and
 * `validate_model`.
 */
import assert from "node:assert/strict";
import { e2eTest } from "../support/registry.ts";
import { PLAIN_HOST } from "./hosts.ts";
import { buildLocally, MODEL_FILES, putModel, remoteText } from "./rows/fixtures.ts";
import { GuideWorld, scriptPath, told } from "./world.ts";

const needs = ["docker-registry", "openssl", "git"] as const;

/** Notes what it was asked, and refuses whatever the guide does not ask. */
const DOCKER = `echo "$*" >> ~/docker.log
case "$1 $2" in
  "run -d" | "stop test-registry" | "rm test-registry") ;;
  *) exit 2 ;;
esac`;

/** Runs a script of the guide, which has to succeed. */
async function runScript(world: GuideWorld, name: string, ...args: string[]): Promise<string> {
  const result = await world.runFile(scriptPath(name), { args });
  assert.equal(result.code, 0, told(name, result));
  return result.stdout;
}

e2eTest("auto-version.sh names a build by tag and commit, and says when it was made", {
  needs,
}, async () => {
  await using world = await GuideWorld.open();
  await putModel(world);
  await world.ok(`git init --quiet
git add --all
git -c user.name=guide -c user.email=guide@registry.test commit --quiet --message model
git tag v2.1.0`);
  const commit = (await world.ok("git rev-parse --short HEAD")).trim();
  await runScript(world, "auto-version.sh");

  const names = ["v2.1.0", `v2.1.0-${commit}`].map((tag) => `myregistry.com/model:${tag}`);
  assert.deepEqual(await world.localNames(), names);
  await world.ok(`modctl push ${names[0]}`);
  const { annotations } = await world.remoteManifest(names[0]!);
  assert.equal(annotations["org.opencontainers.image.version"], "v2.1.0");
  assert.equal(annotations["org.opencontainers.image.revision"], commit);
  assert.match(annotations["org.opencontainers.image.created"] ?? "", /^\d{4}-.*T.*Z$/);
});

e2eTest("deploy-pipeline.sh takes a model from development to production", { needs }, async () => {
  await using world = await GuideWorld.open();
  await putModel(world);
  await world.write("staging-config.json", '{"stage":true}');
  await world.addProgram("validate_model", 'echo "$1" > ~/validated');
  await runScript(world, "deploy-pipeline.sh", "v3");

  const validated = await Deno.readTextFile(world.home.join("validated"));
  assert.equal(validated, "staging-registry.com/my-model:v3\n");
  assert.deepEqual(await world.remoteFiles("dev-registry.com/my-model:v3"), MODEL_FILES);
  const [staging, prod] = await Promise.all(
    ["staging", "prod"].map((stage) => world.remoteManifest(`${stage}-registry.com/my-model:v3`)),
  );
  assert.equal(prod?.digest, staging?.digest);
  const name = "prod-registry.com/my-model:v3";
  assert.equal(await remoteText(world, name, "staging-config.json"), '{"stage":true}');
  assert.equal(await remoteText(world, name, "model.bin"), "weights");
});

e2eTest("deploy-pipeline.sh leaves production alone when a model is not valid", {
  needs,
}, async () => {
  await using world = await GuideWorld.open();
  await putModel(world);
  await world.write("staging-config.json", "{}");
  await world.addProgram("validate_model", "exit 1");
  await runScript(world, "deploy-pipeline.sh");
  assert.deepEqual(await world.remoteTags("staging-registry.com/my-model"), ["latest"]);
  assert.deepEqual(await world.remoteTags("prod-registry.com/my-model"), []);
});

e2eTest("cleanup-models.sh keeps five development builds and archives what is old", {
  needs,
}, async () => {
  await using world = await GuideWorld.open();
  await putModel(world, "old");
  const old = "myregistry.com/model:old";
  await world.ok(`modctl build -t ${old} . && modctl push ${old}`, {
    env: { SOURCE_DATE_EPOCH: "1700000000" },
  });
  const builds = [1, 2, 3, 4, 5, 6, 7].map((number) => `dev-registry.com/model:dev-${number}`);
  // The newest is the last one that is built.
  for (const name of builds.toReversed()) await buildLocally(world, name);
  await runScript(world, "cleanup-models.sh");

  const archived = "archive-registry.com/myregistry.com/model:old";
  assert.equal(await remoteText(world, archived, "model.bin"), "old");
  assert.deepEqual(await world.localNames(), [archived, ...builds.slice(0, 5)]);
  // What was removed first was pruned; everything else is whole.
  const { blobs } = await world.json<{ blobs: unknown[] }>("prune --dry-run");
  assert.deepEqual(blobs, []);
});

e2eTest("cleanup-models.sh has nothing to do in a store that does not exist", {
  needs,
}, async () => {
  await using world = await GuideWorld.open();
  // `grep` finds nothing and the loops see the header alone: no command may fail, and none is run
  // on it.
  const { stderr } = await world.runFile(scriptPath("cleanup-models.sh"));
  assert.equal(stderr, "");
});

e2eTest("integration-test.sh passes", { needs }, async () => {
  await using world = await GuideWorld.open();
  await world.addProgram("docker", DOCKER);
  await world.addProgram("sleep", "exit 0");
  await world.hosts.registry(PLAIN_HOST);
  const printed = await runScript(world, "integration-test.sh");
  assert.match(printed, /^Integration test passed!$/m);
  assert.deepEqual((await Deno.readTextFile(world.home.join("docker.log"))).split("\n"), [
    "run -d -p 5000:5000 --name test-registry registry:2",
    "stop test-registry",
    "rm test-registry",
    "",
  ]);
  assert.deepEqual(await world.remoteTags(`${PLAIN_HOST}/test-model`), ["v1.0.0"]);
});
