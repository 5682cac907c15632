/** The program is killed while it materializes, again and again, later each time. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import {
  bundleFiles,
  type BundleServices,
  bundleSpec,
  type FileState,
  folderState,
  startBundleServices,
  writeNoise,
} from "../support/bundles.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";
import { cutInHalf } from "../support/reverse_proxy.ts";

const BIG = "data/big.bin";
const BIG_SIZE = 40 * 1024 * 1024;

/** A request for the bytes of a file, in the registry or in Azure. */
function isContent(request: Request, contents: ReadonlySet<string>): boolean {
  const { pathname } = new URL(request.url);
  return request.method === "GET" &&
    (pathname.endsWith(BIG) || contents.has(pathname.split("/").at(-1) ?? ""));
}

/**
 * Materializes and kills the program when it has got half of the answer to its request number
 * `count` for content; returns whether it came to be killed.
 */
async function killAt(
  count: number,
  { program, services, contents }: World,
  args: readonly string[],
): Promise<boolean> {
  const child = program.spawn(args, { env: { ...services.proxiedEnv } });
  const output = child.output();
  await child.stdin.close();
  let seen = 0;
  let killed = false;
  const proxies = [services.registryProxy, services.azureProxy];
  for (const proxy of proxies) {
    proxy.answer = async (request, forward) => {
      const response = await forward();
      if (!isContent(request, contents) || ++seen !== count) return response;
      return cutInHalf(response, async () => {
        // What is on its way arrives, and some of it is written.
        await delay(20);
        killed = true;
        child.kill("SIGKILL");
        await output;
      });
    };
  }
  const { code, stderr } = await output;
  for (const proxy of proxies) delete proxy.answer;
  if (!killed) assert.equal(code, 0, new TextDecoder().decode(stderr));
  return killed;
}

interface World {
  readonly program: Program;
  readonly services: BundleServices;
  /** The digests of the bundle's files. */
  readonly contents: ReadonlySet<string>;
  /** The bundle's files. */
  readonly source: Readonly<Record<string, FileState>>;
}

/** The files of the bundle that have their final names; the working names of others are hidden. */
function finalFiles(state: Readonly<Record<string, FileState>>): Record<string, FileState> {
  const files = Object.entries(bundleFiles(state));
  return Object.fromEntries(files.filter(([path]) => !path.endsWith(".partial")));
}

/**
 * What a run fetched, as the last component of each address: digests, and the name of the big file.
 */
function fetched({ registryProxy, azureProxy }: BundleServices): string[] {
  return [...registryProxy.requests, ...azureProxy.requests]
    .filter((request) => request.startsWith("GET "))
    .map((request) => /([^/ ?]+)(?:[ ?].*)?$/.exec(request.slice(4))?.[1] ?? "");
}

/** Kills a materialization at one point and runs it again; returns whether it came to be killed. */
async function killAndFinish(count: number, world: World, flags: readonly string[]) {
  const { program, services, contents, source } = world;
  const dest = program.home.join(`workspace-${count}`);
  const command = ["bundle", "materialize", "my-model:1.0.0", dest, "--role", "training"];
  const args = [...command, "--prefetch-external", ...flags];
  const killed = await killAt(count, world, args);
  const there = finalFiles(await folderState(dest));
  for (const [path, digest] of Object.entries(there)) {
    assert.equal(digest, source[path], `${path} is there in part`);
  }

  services.registryProxy.requests.length = 0;
  services.azureProxy.requests.length = 0;
  await program.ok(args, { env: { ...services.proxiedEnv } });
  // Nothing is left of unfinished files either.
  assert.deepEqual(bundleFiles(await folderState(dest)), source);
  const again = fetched(services);
  for (const [path, digest] of Object.entries(there)) {
    assert.ok(!again.includes(digest), `${path} was there and is fetched again`);
  }
  if (BIG in there) assert.ok(!again.includes("big.bin"), `${BIG} is fetched again`);
  const files = again.filter((name) => contents.has(name));
  assert.equal(new Set(files).size, files.length, "a file is fetched twice");
  await Deno.remove(dest, { recursive: true });
  return killed;
}

e2eTest("a killed materialization leaves no partial file, and the next one fetches the rest", {
  needs: ["docker-registry", "azurite-blob"],
}, async (t) => {
  await using program = await openProgram();
  await using services = await startBundleServices();
  const { home } = program;
  for (let index = 0; index < 12; index++) {
    await writeNoise(home.join(`work/src/file-${index}`), 200_000 + index, index);
  }
  await writeNoise(home.join("work", BIG), BIG_SIZE, 99);
  await home.write("work/modelops.yaml", bundleSpec());
  await program.ok(["bundle", "push", "work"], { env: { ...services.env } });
  const { ["modelops.yaml"]: _spec, ...source } = await folderState(home.join("work"));
  const contents = new Set(Object.values(source).map((state) => state.split(" ")[0] ?? ""));
  const world = { program, services, contents, source };

  await t.step("without a cache", async () => {
    let count = 1;
    while (await killAndFinish(count, world, ["--no-cache"])) count += 5;
    assert.ok(count > 15, `only ${count} requests`);
  });
  await t.step("with a cache", async () => {
    for (const count of [2, 9]) {
      assert.ok(await killAndFinish(count, world, []));
      // It would answer for the registry next time.
      await Deno.remove(home.join(".modctl"), { recursive: true });
    }
  });
});
