import assert from "node:assert/strict";
import { runCommand } from "../../support/command.ts";
import { tempFolder } from "../../support/temp.ts";
import { runIn, type RunOptions } from "../support.ts";

async function bundles(args: readonly string[], options: RunOptions = {}) {
  return await runIn(args, { programName: "modelops-bundles", ...options });
}

Deno.test("--show-completion writes the script of the shell that runs, or of the one named", async () => {
  const env = { SHELL: "/usr/bin/fish" };
  const running = await bundles(["--show-completion"], { env });
  assert.equal(running.code, 0, running.stderr);
  assert.match(running.stdout, /^# fish completion for modelops-bundles\n/);
  for (const [shell, script] of [["bash", "bash"], ["zsh", "zsh"], ["pwsh", "powershell"]]) {
    const { code, stdout } = await bundles(["--show-completion", shell!], { env });
    assert.deepEqual([code, stdout.includes(`# ${script} completion for modelops-bundles`)], [
      0,
      true,
    ]);
  }
  const { code, stdout } = await bundles(["--show-completion", "--json"], { env });
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).shell, "fish");
});

Deno.test("--install-completion and --show-completion refuse a shell that is not known", async () => {
  for (const flag of ["--install-completion", "--show-completion"]) {
    for (
      const [args, env] of [[[flag], {}], [[flag, "csh"], {}], [[flag], { SHELL: "/bin/dash" }]]
    ) {
      const { code, stdout, stderr } = await bundles(args as string[], {
        env: env as Record<string, string>,
      });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^error: Cannot complete: .*\nhint: name one of bash, zsh, fish, powershell\n$/,
      );
    }
  }
  const { code } = await runIn(["--show-completion"]);
  assert.equal(code, 2, "the program of models has no such flag");
});

Deno.test("--install-completion puts the script where the shell reads it, once", async () => {
  await using home = await tempFolder();
  await home.write(".bashrc", "alias x=y");
  await Deno.chmod(home.join(".bashrc"), 0o600);
  const rows = {
    bash: [".bash_completions/modelops-bundles.sh", ".bashrc"],
    zsh: [".zfunc/_modelops-bundles", ".zshrc"],
    fish: [".config/fish/completions/modelops-bundles.fish"],
    powershell: [
      ".config/powershell/modelops-bundles.completion.ps1",
      ".config/powershell/Microsoft.PowerShell_profile.ps1",
    ],
  };
  for (const [shell, [script = "", start]] of Object.entries(rows)) {
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await bundles(["--install-completion", shell], {
        home: home.path,
      });
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^${shell} completion installed in .*\n.*restart`));
    }
    const shown = await bundles(["--show-completion", shell]);
    assert.equal(await Deno.readTextFile(home.join(script)), shown.stdout);
    if (start === undefined) continue;
    const lines = (await Deno.readTextFile(home.join(start))).split("\n");
    assert.equal(lines.filter((line) => line.includes(script.split("/").at(-1)!)).length, 1);
  }
  assert.match(await Deno.readTextFile(home.join(".bashrc")), /^alias x=y\nsource '/);
  assert.equal(((await Deno.stat(home.join(".bashrc"))).mode ?? 0) & 0o777, 0o600);
});

Deno.test({
  name: "bash reads what --install-completion has installed",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await tempFolder();
    const { code } = await bundles(["--install-completion", "bash"], { home: home.path });
    assert.equal(code, 0);
    const { stdout } = await runCommand("bash", [
      "--norc",
      ...["-c", `source '${home.join(".bashrc")}'; complete -p modelops-bundles`],
    ]);
    assert.match(stdout, /-F _modelops_bundles_complete modelops-bundles/);
  },
});

Deno.test("completion --no-descriptions asks for words alone", async () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const plain = await runIn(["completion", shell]);
    const { code, stdout } = await runIn(["completion", shell, "--no-descriptions"]);
    assert.equal(code, 0);
    assert.equal(stdout.replace("__complete --no-descriptions", "__complete"), plain.stdout);
    assert.notEqual(stdout, plain.stdout);
  }
  const { stdout } = await runIn(["__complete", "--no-descriptions", "--", "pus"]);
  assert.equal(stdout, "words\npush\n");
  const next = await runIn(["__complete", "--new-word", "--", "completion"]);
  assert.equal(next.stdout, "words\nbash\nzsh\nfish\npowershell\n");
});

Deno.test("the script for PowerShell passes on what was typed as arguments alone", async () => {
  const { stdout } = await runIn(["completion", "powershell"]);
  assert.match(stdout, /Register-ArgumentCompleter -Native -CommandName 'modelops'/);
  assert.match(stdout, /& 'modelops' __complete @begun -- @words/);
  assert.doesNotMatch(stdout, /Invoke-Expression|iex\b/);
});
