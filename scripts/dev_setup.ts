/**
 * `deno task dev-setup`: everything that working on this tree needs. Programs for the end-to-end
 * tests are installed where that is allowed, and every npm package is fetched, as well as what
 * images are made of, so that later work needs no network.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { ARCHITECTURES } from "./runtime/architectures.ts";
import { runtimePackages } from "./runtime/linux_runtime.ts";
import { MissingPackage } from "./runtime/packages.ts";
import { installTools } from "./services.ts";

for (const name of await installTools()) {
  console.log(`missing: ${name} (tests that need it are skipped)`);
}

for (const architecture of Object.values(ARCHITECTURES)) {
  try {
    await runtimePackages(architecture);
  } catch (error) {
    if (!(error instanceof MissingPackage)) throw error;
    console.log(`missing: ${error.message} (images for linux/${architecture.name} are not made)`);
  }
}

/** What fetches every package of the program and the scripts, and then of the tests. */
const FETCHES = [
  ["cache", "mod.ts", "cli.ts", ...await scripts()],
  ["test", "--no-run", "--no-check"],
];

for (const args of FETCHES) {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("../", import.meta.url),
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) Deno.exit(code);
}
console.log("ready: run `deno task test`");

async function scripts(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(new URL("./", import.meta.url)));
  return names.map(({ name }) => `scripts/${name}`).filter((path) => path.endsWith(".ts"));
}
