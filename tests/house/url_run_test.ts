import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { runCommand, startCommand } from "../support/command.ts";
import type { CommandOptions, CommandResult } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { assertHasPage } from "../support/page.ts";
import { staticFiles } from "../../scripts/static_files.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryRoot } from "./repository.ts";

/**
 * Starts `cli.ts` by URL from an empty folder. Modules are fetched anew and forgotten; npm
 * packages, whose versions are pinned, come from the cache of this machine.
 */
async function startByUrl<Result>(
  args: (folder: string) => string[],
  start: (...command: [string, string[], CommandOptions]) => Promise<Result>,
): Promise<Result> {
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
  const words = ["run", "-A", "--no-lock", "--quiet", url, ...args(folder.path)];
  return await start(Deno.execPath(), words, { cwd, env: { DENO_DIR: cache } });
}

/** Runs `cli.ts` by URL to its end. */
function runByUrl(args: (folder: string) => string[]): Promise<CommandResult> {
  return startByUrl(args, runCommand);
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

Deno.test("cli.ts serve has its page by URL too, and says that it cannot notify without a flag", async () => {
  await startByUrl(
    (folder) => ["serve", "--address", "127.0.0.1:0", "--storage-dir", join(folder, "store")],
    async (program, args, options) => {
      const env = { ...options.env, NOTIFY_SOCKET: "@nobody" };
      const child = startCommand(program, args, { ...options, env });
      await child.stdin.close();
      const errors = new Response(child.stderr).text();
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const [, address] = /^ready (.+)\n/.exec(text) ?? [];
        if (address === undefined) continue;
        await assertHasPage(`http://${address}`);
        child.kill("SIGTERM");
      }
      assert.equal((await child.status).code, 0, await errors);
      assert.match(await errors, /Cannot notify .*`deno run --unstable-net`/);
    },
  );
});
