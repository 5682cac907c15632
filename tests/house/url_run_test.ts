import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { runCommand } from "../support/command.ts";
import type { CommandResult } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { staticFiles } from "../support/static_server.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryRoot } from "./repository.ts";

/**
 * Runs `cli.ts` by URL from an empty folder. Modules are fetched anew and forgotten; npm packages,
 * whose versions are pinned, come from the cache of this machine.
 */
async function runByUrl(args: (folder: string) => string[]): Promise<CommandResult> {
  await using folder = await tempFolder();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    staticFiles(repositoryRoot),
  );
  const [cwd, cache] = [folder.join("empty"), folder.join("cache")];
  await Promise.all([Deno.mkdir(cwd), Deno.mkdir(cache)]);
  const { npmCache } = await denoCache();
  await Deno.mkdir(npmCache, { recursive: true });
  await Deno.symlink(npmCache, join(cache, "npm"));
  const url = `http://127.0.0.1:${server.addr.port}/cli.ts`;
  return await runCommand(Deno.execPath(), [
    "run",
    "-A",
    "--no-lock",
    "--quiet",
    url,
    ...args(folder.path),
  ], {
    cwd,
    env: { DENO_DIR: cache },
  });
}

/** What a failed run printed, to show beside the exit code. */
function told({ code, stdout, stderr }: CommandResult): string {
  return `exit code ${code}\n${stdout}${stderr}`;
}

for (const argument of ["--version", "version"]) {
  Deno.test(`cli.ts ${argument} runs from a URL in an empty folder`, async () => {
    const result = await runByUrl(() => [argument]);
    assert.equal(result.code, 0, told(result));
    assert.ok(result.stdout.includes(config.version), told(result));
  });
}

Deno.test("cli.ts list runs from a URL over a store that does not exist yet", async () => {
  const result = await runByUrl((folder) => ["list", "--storage-dir", join(folder, "store")]);
  assert.equal(result.code, 0, told(result));
});

Deno.test("cli.ts ends with exit code 2 by URL too when a command is unknown", async () => {
  const result = await runByUrl(() => ["no-such-command"]);
  assert.equal(result.code, 2, told(result));
  assert.equal(result.stdout, "");
});
