/** What the guide supposes to lie in the working folder, or in a registry. @module */
import assert from "node:assert/strict";
import type { GuideWorld } from "../world.ts";

/** The only user of registries with passwords. */
export const ACCOUNT = { username: "username", password: "password" };

/** The user as the environment names it. */
export const ACCOUNT_ENV = {
  MODCTL_REGISTRY_USER: ACCOUNT.username,
  MODCTL_REGISTRY_PASS: ACCOUNT.password,
};

/** The files of {@linkcode putModel}, as artifacts name them. */
export const MODEL_FILES = ["config.json", "model.bin"];

/** Writes a small model with its Modelfile; the text makes its weights differ from others. */
export async function putModel(
  world: GuideWorld,
  weights = "weights",
  folder = ".",
): Promise<void> {
  await world.write(`${folder}/config.json`, '{"model_type":"test"}\n');
  await world.write(`${folder}/model.bin`, weights);
  await world.write(
    `${folder}/Modelfile`,
    "NAME demo\nARCH transformer\nCONFIG config.json\nMODEL model.bin\n",
  );
}

/** Builds a model under a name in the local store; its weights are the name. */
export async function buildLocally(world: GuideWorld, name: string): Promise<void> {
  await putModel(world, name);
  await world.ok(`modctl build -t ${name} .`);
}

/** Builds a model into its registry, and nothing into the local store; its weights are the name. */
export async function buildRemotely(world: GuideWorld, name: string): Promise<void> {
  await putModel(world, name);
  await world.ok(`modctl build -t ${name} --output-remote .`);
}

/** A registry with a password, for {@linkcode ACCOUNT} only. */
export function lock(world: GuideWorld, host = "myregistry.com"): Promise<void> {
  return world.hosts.start(host, { htpasswd: ACCOUNT });
}

/** Fails unless the login for a registry is kept, readable by its owner alone, and works. */
export async function assertLoggedIn(world: GuideWorld, host = "myregistry.com"): Promise<void> {
  const file = world.home.join(".modctl/config.json");
  const { auths } = JSON.parse(await Deno.readTextFile(file));
  assert.equal(atob(auths[host].auth), `${ACCOUNT.username}:${ACCOUNT.password}`);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  await putModel(world);
  const insecure = host.startsWith("localhost") ? "--insecure" : "";
  await world.ok(`modctl build -t ${host}/proof:v1 --output-remote ${insecure} .`);
}

/** Fails unless a local artifact has these files with these bytes. */
export async function assertLocalFiles(
  world: GuideWorld,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await world.ok(`modctl extract ${name} --output proof`);
  for (const [path, text] of Object.entries(files)) {
    assert.equal(await world.read(`proof/${path}`), text);
  }
}

/** Fails unless nothing was kept in the local store. */
export async function assertNothingLocal(world: GuideWorld): Promise<void> {
  assert.deepEqual(await world.localNames(), []);
  const blobs = world.home.join(".modctl/content.v1/docker/registry/v2/blobs");
  await assert.rejects(Deno.stat(blobs), Deno.errors.NotFound);
}

/** The text of a remote file of a model. */
export async function remoteText(world: GuideWorld, name: string, file: string): Promise<string> {
  return new TextDecoder().decode(await world.remoteFile(name, file));
}
