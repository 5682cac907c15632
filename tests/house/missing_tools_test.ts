import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import type { TempFolder } from "../support/temp.ts";
import { repositoryPath, repositoryRoot } from "./repository.ts";

/** Runs a program on a machine that has only what lies in the folder's `bin`. */
async function runOnBareMachine(folder: TempFolder, text: string, args: string[], ci: string) {
  await Deno.mkdir(folder.join("bin"), { recursive: true });
  const program = await folder.write("some_test.ts", text);
  return await runCommand(Deno.execPath(), [
    ...args,
    ...["--config", repositoryPath("deno.json"), "--no-lock", "--allow-all", "--no-check", program],
  ], { cwd: folder.path, env: { PATH: folder.join("bin"), CI: ci } });
}

const REGISTRY_SUPPORT = new URL("tests/support/registry.ts", repositoryRoot);
const SERVICES = new URL("scripts/services.ts", repositoryRoot);

const END_TO_END = `
  import { e2eTest } from ${JSON.stringify(REGISTRY_SUPPORT)};
  e2eTest("uses skopeo", { needs: ["skopeo"] }, () => {});
`;

Deno.test("e2eTest() skips with a notice when a program is missing", async () => {
  await using folder = await tempFolder();
  const result = await runOnBareMachine(folder, END_TO_END, ["test"], "");
  assert.equal(result.code, 0);
  assert.match(result.stderr + result.stdout, /SKIPPED "uses skopeo": skopeo not installed/);
  assert.match(result.stdout, /0 passed .* 1 ignored/);
});

Deno.test("e2eTest() fails when a program is missing where CI is set", async () => {
  await using folder = await tempFolder();
  const result = await runOnBareMachine(folder, END_TO_END, ["test"], "true");
  assert.equal(result.code, 1);
  assert.match(result.stdout, /Cannot find "skopeo": install it with apt-get install -y skopeo/);
});

Deno.test({
  name: "installTools() asks the package manager for what is missing, as root only",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    const log = folder.join("log");
    const skopeo = folder.join("bin", "skopeo");
    await folder.write(
      "bin/apt-get",
      `#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> '${log}'\n[ "$1" = install ] && : > '${skopeo}'\nexit 0\n`,
    );
    await Deno.chmod(folder.join("bin", "apt-get"), 0o755);
    const text = `
      import { installTools } from ${JSON.stringify(SERVICES)};
      await installTools(["skopeo"]);
      const missing = await installTools(["skopeo"]);
      await Deno.writeTextFile("missing", missing.join());
    `;
    const result = await runOnBareMachine(folder, text, ["run"], "");
    assert.equal(result.code, 0, result.stderr);
    const isRoot = Deno.uid() === 0;
    assert.equal(await Deno.readTextFile(folder.join("missing")), isRoot ? "" : "skopeo");
    if (!isRoot) return;
    const calls = "noninteractive update\nnoninteractive install -y skopeo\n";
    assert.equal(await Deno.readTextFile(log), calls);
  },
});
