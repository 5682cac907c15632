/**
 * Commands load what they use. What a run has loaded is listed by the runtime itself, as the files
 * whose coverage it writes; each package is named by one file of `src/deps`.
 */
import assert from "node:assert/strict";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { listen, type RegistryListener } from "../../src/server/listen.ts";
import { partOf } from "../house/import_rules.ts";
import { toRepositoryPath } from "../house/repository.ts";
import { filesLoadedBy } from "../support/coverage.ts";
import { openProgram, type Program } from "../support/program.ts";

/** Runs a command and returns the paths in the tree of the files that it loaded. */
async function filesOfTree(program: Program, args: readonly string[]): Promise<string[]> {
  const files = (await filesLoadedBy((env) => program.ok(args, { env })))
    .flatMap((url) => toRepositoryPath(url) ?? []);
  assert.ok(files.includes("cli.ts"), "the runtime lists what was loaded");
  return files.sort();
}

/** The packages among files: what `src/deps` has of them. */
function packagesIn(files: readonly string[]): string[] {
  return files.flatMap((file) => /^src\/deps\/(.*)\.ts$/.exec(file)?.[1] ?? []);
}

/** The parts of the product that files belong to, and that a small command has no use for. */
function idlePartsIn(files: readonly string[], used: readonly string[] = []): string[] {
  const idle = ["archive", "bundle", "hubs", "objects", "registry", "server"]
    .filter((part) => !used.includes(part));
  return idle.filter((part) => files.some((file) => partOf(file) === part));
}

/** What small commands use none of: it moves bytes, waits for others or words failures. */
const IDLE_FILES = [
  "src/cli/output/failure.ts",
  "src/core/content/file_source.ts",
  "src/core/streams.ts",
  "src/core/waiting/time_limit.ts",
  "src/http/socket/node_dial.ts",
  "src/oci/disk/ingest_hashes.ts",
  "src/work/pool.ts",
];

/** A program whose store holds one model, which has been pushed to a registry. */
async function programWithModel(registry: RegistryListener): Promise<[Program, name: string]> {
  const program = await openProgram();
  const name = `${new URL(registry.url).host}/models/tiny:v1`;
  await program.home.write("model/config.json", "{}");
  await program.home.write("model/Modelfile", "NAME tiny\nCONFIG config.json\n");
  await program.ok(["build", "-t", name, program.home.join("model")]);
  await program.ok(["push", "--plain-http", name]);
  return [program, name];
}

Deno.test("--version loads no package", async () => {
  await using program = await openProgram();
  const files = await filesOfTree(program, ["--version"]);
  assert.deepEqual(files, [
    "cli.ts",
    "src/cli/build_info.ts",
    "src/cli/main.ts",
    "src/cli/output/exit_codes.ts",
    "src/cli/read_only.ts",
  ]);
});

Deno.test("small commands load neither what packs nor what speaks to servers", async (context) => {
  await using registry = await listen(createRegistryHandler(memoryCatalog()), {
    address: { hostname: "127.0.0.1", port: 0 },
  });
  const [program, name] = await programWithModel(registry);
  await using _program = program;
  for (const args of [["list"], ["inspect", name], ["tag", name, `${name}-again`]]) {
    await context.step(args[0] ?? "", async () => {
      const files = await filesOfTree(program, args);
      assert.deepEqual(packagesIn(files), []);
      assert.deepEqual(idlePartsIn(files), []);
      assert.deepEqual(files.filter((file) => IDLE_FILES.includes(file)), []);
    });
  }
  await context.step("push with nothing to send", async () => {
    const files = await filesOfTree(program, ["push", "--plain-http", name]);
    assert.deepEqual(packagesIn(files), []);
    assert.deepEqual(idlePartsIn(files, ["registry"]), []);
  });
});
