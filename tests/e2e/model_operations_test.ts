import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { openProgram } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";

const needs = ["docker-registry"] as const;

e2eTest("what is attached, uploaded, fetched and extracted across two registries is byte-equal", {
  needs,
}, async () => {
  await using first = await startRegistry();
  await using second = await startRegistry();
  await using program = await openProgram();
  const { home } = program;
  const weights = randomBytes(2_000_000);
  const adapter = randomBytes(500_000);
  await home.write("ws/model.bin", weights);
  await home.write("ws/Modelfile", "NAME demo\nMODEL model.bin\n");
  await home.write("adapter.safetensors", adapter);
  await home.write("staging/config.json", '{"stage":true}\n');
  const source = `${first.address}/models/demo:v1`;
  const extended = `${second.address}/staging/demo:v1`;
  const both = `${second.address}/staging/demo:v2`;

  // A file that changed less than two seconds ago is hashed again, since it may still change.
  await delay(2_100);
  await program.ok(["upload", "ws/model.bin", "-t", source]);
  const built = await program.run(["build", "-t", source, "--output-remote", "ws"]);
  assert.match(built.stderr, /already there: 1 file/, "the uploaded blob is not sent again");
  assert.doesNotMatch(built.stderr, /uploaded/);
  const attach = ["attach", "--output-remote"];
  await program.ok([...attach, "adapter.safetensors", "-s", source, "-t", extended, "--raw=false"]);
  await program.ok([...attach, "staging/config.json", "-s", extended, "-t", both, "-d", "conf"]);

  const fetched = await program.json([
    "fetch",
    both,
    "--output",
    "fetched",
    "--patterns",
    "conf/*.json,{adapter,nothing}.*",
    "--patterns",
    "adapter.*",
  ]);
  assert.equal(fetched.written, 2);
  assert.deepEqual(
    new Uint8Array(adapter),
    await Deno.readFile(home.join("fetched/adapter.safetensors")),
  );
  await assert.rejects(Deno.stat(home.join("fetched/model.bin")), Deno.errors.NotFound);

  await using reader = await openProgram();
  await reader.ok(["pull", both, "--extract-dir", "out"]);
  assert.deepEqual(await Deno.readFile(reader.home.join("out/model.bin")), new Uint8Array(weights));
  assert.deepEqual(
    await Deno.readFile(reader.home.join("out/adapter.safetensors")),
    new Uint8Array(adapter),
  );
  assert.equal(
    await Deno.readTextFile(reader.home.join("out/conf/config.json")),
    '{"stage":true}\n',
  );
  const layers = (await reader.json(["inspect", both])).Layers as { Filepath: string }[];
  assert.deepEqual(layers.map((layer) => layer.Filepath), [
    "conf/config.json",
    "adapter.safetensors",
    "model.bin",
  ]);

  await program.ok(["tag", both, `${second.address}/staging/demo:stable`]);
  const promoted = `${first.address}/prod/demo:v2`;
  await reader.ok(["tag", both, promoted]);
  await reader.ok(["push", promoted]);
  const digest = async (reference: string) =>
    (await reader.json(["inspect", "--remote", reference])).Digest;
  assert.equal(await digest(promoted), await digest(`${second.address}/staging/demo:stable`));
});
