/**
 * `deno task dev-setup`: everything that working on this tree needs. Programs for the end-to-end tests are
 * installed where that is allowed, and every npm package is fetched, so that later work needs no network.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { installTools } from "./services.ts";

for (const name of await installTools()) console.log(`missing: ${name} (tests that need it are skipped)`);

const { code } = await new Deno.Command(Deno.execPath(), {
  // Checking the types of a file fetches everything that it and its types need.
  args: ["check", "--quiet", "mod.ts", "cli.ts", "src", "scripts", "tests"],
  cwd: new URL("../", import.meta.url),
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).output();
console.log(code === 0 ? "ready: run `deno task test`" : "not ready: some files do not check");
Deno.exit(code);
