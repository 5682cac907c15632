/** Continuous integration, containers and Kubernetes. @module */
import assert from "node:assert/strict";
import {
  ACCOUNT,
  ACCOUNT_ENV,
  assertLoggedIn,
  assertNothingLocal,
  buildRemotely,
  lock,
  MODEL_FILES,
  putModel,
} from "./fixtures.ts";
import type { Row } from "./row.ts";

const SHA = "1f3870be274f6c49b3e31a0c6728957f";
const MODEL = "myregistry.com/models/my-model";

/** What GitHub puts in before a shell sees the line. */
const GITHUB: Readonly<Record<string, string>> = {
  "secrets.REGISTRY_USER": ACCOUNT.username,
  "secrets.REGISTRY_PASS": ACCOUNT.password,
  "secrets.REGISTRY_URL": "myregistry.com",
  "github.sha": SHA,
};

function expand(commands: string): string {
  return commands.replace(/\$\{\{ ([\w.]+) \}\}/g, (_match, name) => GITHUB[name] ?? "");
}

/** A row of a GitHub workflow: the runner expands its expressions, as GitHub does. */
function github(row: { commands: string } & Omit<Extract<Row, { check: unknown }>, "script">): Row {
  return { ...row, script: expand(row.commands), differs: "${{ … }} is filled in, as GitHub does" };
}

const CI_ENV = {
  CI: "true",
  CI_REGISTRY: "myregistry.com",
  CI_REGISTRY_USER: ACCOUNT.username,
  CI_REGISTRY_PASSWORD: ACCOUNT.password,
  CI_COMMIT_SHA: SHA,
  MODEL_IMAGE: "myregistry.com/group/project/model",
};

/** The rows. */
export const CI_ROWS: readonly Row[] = [
  github({
    number: 5,
    commands:
      "modctl login -u ${{ secrets.REGISTRY_USER }} -p ${{ secrets.REGISTRY_PASS }} ${{ secrets.REGISTRY_URL }}",
    prepare: lock,
    async check(world, { stdout, stderr }) {
      assert.match(stdout, /Login Succeeded/);
      assert.ok(!stderr.includes(`"${ACCOUNT.password}"`));
      await assertLoggedIn(world);
      const empty = await world.run('modctl login -u "$U" -p "$P" myregistry.com');
      assert.equal(empty.code, 2);
      assert.match(empty.stderr, /the user name is empty/);
    },
  }),
  github({
    number: 6,
    commands:
      "modctl build -t ${{ secrets.REGISTRY_URL }}/models/my-model:${{ github.sha }} --output-remote .",
    prepare: putModel,
    async check(world) {
      assert.deepEqual(await world.remoteTags(MODEL), [SHA]);
      assert.deepEqual(await world.remoteFiles(`${MODEL}:${SHA}`), MODEL_FILES);
      await assertNothingLocal(world);
    },
  }),
  github({
    number: 7,
    commands:
      "modctl tag ${{ secrets.REGISTRY_URL }}/models/my-model:${{ github.sha }} ${{ secrets.REGISTRY_URL }}/models/my-model:latest",
    prepare: (world) => buildRemotely(world, `${MODEL}:${SHA}`),
    async check(world) {
      assert.deepEqual(await world.remoteTags(MODEL), [SHA, "latest"]);
      const [tagged, built] = await Promise.all(
        ["latest", SHA].map((tag) => world.remoteManifest(`${MODEL}:${tag}`)),
      );
      assert.equal(tagged?.digest, built?.digest);
    },
  }),
  github({
    number: 8,
    commands: "modctl push ${{ secrets.REGISTRY_URL }}/models/my-model:latest",
    async prepare(world) {
      // An older build has the tag already: it has to move.
      await buildRemotely(world, `${MODEL}:latest`);
      await buildRemotely(world, `${MODEL}:${SHA}`);
      await world.ok(`modctl tag ${MODEL}:${SHA} ${MODEL}:latest`);
    },
    async check(world) {
      const [latest, built] = await Promise.all(
        ["latest", SHA].map((tag) => world.remoteManifest(`${MODEL}:${tag}`)),
      );
      assert.equal(latest?.digest, built?.digest);
    },
  }),
  {
    number: 9,
    commands: `modctl login -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD $CI_REGISTRY
modctl build -t $MODEL_IMAGE:$CI_COMMIT_SHA --output-remote .
modctl tag $MODEL_IMAGE:$CI_COMMIT_SHA $MODEL_IMAGE:latest
modctl push $MODEL_IMAGE:latest`,
    env: CI_ENV,
    async prepare(world) {
      await putModel(world);
      await lock(world);
    },
    async check(world) {
      await world.ok(`modctl pull ${CI_ENV.MODEL_IMAGE}:latest --extract-dir out`);
      assert.equal(await world.read("out/model.bin"), "weights");
    },
  },
  {
    number: 10,
    commands: "modctl build -t ${REGISTRY_URL}/${MODEL_NAME}:${MODEL_TAG} --output-remote .",
    env: { REGISTRY_URL: "myregistry.com", MODEL_NAME: "llama2", MODEL_TAG: "v1" },
    prepare: putModel,
    async check(world, { stdout, stderr }) {
      assert.deepEqual(await world.remoteFiles("myregistry.com/llama2:v1"), MODEL_FILES);
      // The log of a container build is no terminal: no line is redrawn, none is coloured.
      // deno-lint-ignore no-control-regex -- these are what must not be there
      assert.doesNotMatch(stdout + stderr, /[\r\x1b]/);
    },
  },
  {
    number: 11,
    commands: `modctl login -u $REGISTRY_USER -p $REGISTRY_PASS $REGISTRY_URL
modctl build -t $REGISTRY_URL/models/$MODEL_NAME:$BUILD_ID --output-remote .`,
    env: {
      REGISTRY_USER: ACCOUNT.username,
      REGISTRY_PASS: ACCOUNT.password,
      REGISTRY_URL: "myregistry.com",
      MODEL_NAME: "llama2-7b",
      BUILD_ID: "v1.0.0",
    },
    async prepare(world) {
      await putModel(world);
      await lock(world);
    },
    async check(world, { stdout }) {
      assert.match(stdout, /Login Succeeded/);
      // The password of the job is the only one: the registry is asked with it.
      const name = "myregistry.com/models/llama2-7b:v1.0.0";
      const inspected = await world.json<{ Name: string }>(`inspect --remote ${name}`);
      assert.equal(inspected.Name, "demo");
      await assertNothingLocal(world);
      // A pod may run as a user whom nobody knows and who has no home.
      const stranger = "env -u HOME unshare --user --map-user=4711";
      await world.ok(
        `if ${stranger} true 2> /dev/null; then
  ${stranger} modctl build -t myregistry.com/models/llama2-7b:v2 --output-remote .
fi`,
        { env: ACCOUNT_ENV },
      );
    },
  },
];
