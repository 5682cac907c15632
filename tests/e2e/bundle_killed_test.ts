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
 * Materializes and kills the program when it has got half of the answer to its request number `count`
 * for content; returns whether it came to be killed.
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
}

/** Every file of the bundle that has its final name has its final content. */
function assertWhole(
  there: Readonly<Record<string, FileState>>,
  source: Readonly<Record<string, FileState>>,
): void {
  for (const [path, state] of Object.entries(bundleFiles(there))) {
    // The working names of unfinished files are hidden and nobody's.
    if (!path.endsWith(".partial")) assert.equal(state, source[path], `${path} is there in part`);
  }
}

/** What a run fetched, as the last component of each address: digests, and the name of the big file. */
function fetched({ registryProxy, azureProxy }: BundleServices): string[] {
  return [...registryProxy.requests, ...azureProxy.requests]
    .filter((request) => request.startsWith("GET "))
    .map((request) => /([^/ ?]+)(?:[ ?].*)?$/.exec(request.slice(4))?.[1] ?? "");
}

for (const [what, flags] of Object.entries({ "without a cache": ["--no-cache"], "with it": [] })) {
  e2eTest(`a killed materialization leaves no partial file and is taken up again, ${what}`, {
    needs: ["docker-registry", "azurite-blob"],
  }, async () => {
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
    const world = { program, services, contents };

    let finished = false;
    for (let count = 1; !finished; count += count < 12 ? 5 : 2) {
      const dest = home.join(`workspace-${count}`);
      const command = ["bundle", "materialize", "my-model:1.0.0", dest, "--role", "training"];
      const args = [...command, "--prefetch-external", ...flags];
      finished = !await killAt(count, world, args);
      const there = await folderState(dest);
      assertWhole(there, source);

      services.registryProxy.requests.length = 0;
      services.azureProxy.requests.length = 0;
      await program.ok(args, { env: { ...services.proxiedEnv } });
      const state = await folderState(dest);
      assert.deepEqual(bundleFiles(state), source);
      assert.deepEqual(Object.keys(state).filter((path) => path.endsWith(".partial")), []);
      const again = fetched(services);
      for (const [path, digest] of Object.entries(bundleFiles(there))) {
        assert.ok(!again.includes(digest), `${path} was there and is fetched again`);
      }
      if (BIG in there) assert.ok(!again.includes("big.bin"), `${BIG} is fetched again`);
      const files = again.filter((name) => contents.has(name));
      assert.equal(new Set(files).size, files.length, "a file is fetched twice");
      await Deno.remove(dest, { recursive: true });
      // The cache would answer for the registry.
      if (flags.length === 0) await Deno.remove(home.join(".modctl"), { recursive: true });
    }
  });
}
