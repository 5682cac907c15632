/**
 * The permissions that docs/permissions.md lists are enough, and none of them is too much: each
 * command runs under exactly these, and without any one of them it names the flag that it misses.
 */
import assert from "node:assert/strict";
import { type CommandOptions, type CommandResult, startCommand } from "../support/command.ts";
import { CLI_PATH, openProgram } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { repositoryPath, repositoryRoot } from "../house/repository.ts";

/** The commands in an order in which each finds what it needs, as the document writes them. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  version: ["version"],
  build: ["build", "-t", "$NAME", "$WORKSPACE"],
  list: ["list"],
  inspect: ["inspect", "$NAME"],
  tag: ["tag", "$NAME", "$NAME-again"],
  diff: ["diff", "$NAME", "$NAME-again"],
  push: ["push", "--plain-http", "$NAME"],
  rm: ["rm", "$NAME"],
  pull: ["pull", "--plain-http", "$NAME"],
  extract: ["extract", "$NAME", "--output", "$OUTPUT"],
  fetch: ["fetch", "--plain-http", "$NAME", "--output", "$OUTPUT", "--patterns", "*.json"],
  attach: ["attach", "$FILE", "-s", "$NAME", "-t", "$NAME-more"],
  upload: ["upload", "--plain-http", "$FILE", "--repo", "$REPOSITORY"],
  verify: ["verify", "$NAME"],
  prune: ["prune"],
  "modelfile generate": ["modelfile", "generate", "$WORKSPACE", "--output", "$OUTPUT"],
  "modelfile validate": ["modelfile", "validate", "$WORKSPACE/Modelfile"],
  "bundle list": ["bundle", "list"],
  "bundle scan": ["bundle", "scan", "$BUNDLE"],
  "bundle push": ["bundle", "push", "$BUNDLE"],
  "bundle resolve": ["bundle", "resolve", "demo:1.0.0"],
  "bundle materialize": ["bundle", "materialize", "demo:1.0.0", "$PLACE"],
  "bundle pull": ["bundle", "pull", "demo:1.0.0", "$PLACE"],
  "bundle verify": ["bundle", "verify", "$PLACE"],
  "bundle plan": ["bundle", "plan", "$BUNDLE"],
  "bundle diff": ["bundle", "diff", "$BUNDLE", "$PLACE"],
  "bundle export": ["bundle", "export", "$PLACE", "$OUTPUT/demo.tar"],
  "bundle import": ["bundle", "import", "$OUTPUT/demo.tar", "$OUTPUT/imported"],
  "bundle init": ["bundle", "init", "$WORKSPACE"],
  "bundle schema": ["bundle", "schema"],
  completion: ["completion", "bash"],
  help: ["help"],
  login: ["login", "--plain-http", "-u", "user", "-p", "secret", "$REGISTRY"],
  logout: ["logout", "$REGISTRY"],
  serve: ["serve", "--address", "$ADDRESS"],
  upgrade: ["upgrade", "--check", "--releases", "http://$RELEASES"],
};

const SPEC = `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
roles: { default: [code] }
`;

const CREDENTIAL_FILES = [
  ".modctl/config.json",
  ".docker/config.json",
  ".config/containers/auth.json",
];

/** The flags of each command in the table of the document. */
async function documentedFlags(): Promise<Map<string, string[]>> {
  const text = await Deno.readTextFile(new URL("docs/permissions.md", repositoryRoot));
  const rows = [...text.matchAll(/^\| `([\w ]+)`\s*\| (.*) \|$/gm)];
  return new Map(rows.map(([, command = "", cell = ""]) => [
    command,
    [...cell.matchAll(/`(--[^`]+)`/g)].map(([, flag = ""]) => flag),
  ]));
}

/** Runs a program to its end; a server has reached it when it says that it is ready. */
async function runUntilReady(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const child = startCommand(program, args, options);
  await child.stdin.close();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (/^ready .*\n/.test(stdout)) child.kill("SIGTERM");
  }
  return { code: (await child.status).code, stdout, stderr: await stderr };
}

Deno.test("the document has each command, and no other", async () => {
  const reference = await Deno.readTextFile(new URL("docs/commands.md", repositoryRoot));
  const names = [...reference.matchAll(/^#+ modelops (.+)$/gm)].map(([, name = ""]) => name);
  const groups = names.filter((name) => names.some((other) => other.startsWith(`${name} `)));
  const commands = [...names.filter((name) => !groups.includes(name)), "help"];
  const documented = [...(await documentedFlags()).keys()];
  assert.deepEqual(documented.sort(), commands.sort());
  assert.deepEqual(Object.keys(COMMANDS).sort(), documented);
});

Deno.test("the document says what it takes to know the room on a disk, and that is enough", async () => {
  const text = await Deno.readTextFile(new URL("docs/permissions.md", repositoryRoot));
  const [, flag = ""] = /asked with `(--allow-sys=\w+)`/.exec(text) ?? [];
  await using program = await openProgram();
  const { home } = program;
  await home.write("model/weights.bin", "weights");
  const readable = `--allow-read=${repositoryPath()},${home.path}`;
  const allowed = ["--allow-env=HOME", readable, `--allow-write=${home.path}`];
  for (const [flags, isKnown] of [[allowed, false], [[...allowed, flag], true]] as const) {
    const words = ["build", "-t", "localhost:5000/m:v1", home.join("model"), "--dry-run", "--json"];
    const { code, stdout, stderr } = await runUntilReady(
      Deno.execPath(),
      ["run", "--no-prompt", "--quiet", "--no-check", ...flags, CLI_PATH, ...words],
      { cwd: home.path, env: program.env },
    );
    assert.equal(code, 0, stderr);
    const [{ disk }] = JSON.parse(stdout).places;
    assert.equal(disk.free !== undefined, isKnown, stdout);
  }
});

Deno.test("a hint that names a variable which the run may not read says how to allow it", async () => {
  await using program = await openProgram();
  const { home } = program;
  const words = ["bundle", "resolve", "demo:1.0.0"];
  const files = ["--allow-read", `--allow-write=${home.path}`];
  for (const [env, isAllowed] of [["HOME", false], ["HOME,REGISTRY_REPO", true]] as const) {
    const { code, stderr } = await runUntilReady(
      Deno.execPath(),
      ["run", "--no-prompt", "--quiet", "--no-check", `--allow-env=${env}`, ...files]
        .concat(CLI_PATH, words),
      { cwd: home.path, env: program.env },
    );
    assert.equal(code, 2, stderr);
    assert.equal(stderr.includes("`deno run --allow-env=REGISTRY_REPO`"), !isAllowed, stderr);
  }
});

e2eTest("each command runs under exactly the permissions of the document", {
  needs: ["docker-registry"],
}, async (context) => {
  await using registry = await startRegistry();
  await using releases = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("9.9.9\n"),
  );
  await using program = await openProgram();
  const { home } = program;
  await home.write("model/config.json", "{}");
  await home.write("model/Modelfile", "NAME tiny\nCONFIG config.json\n");
  await home.write("model/weights.bin", "weights");
  await home.write("more.json", "{}");
  await home.write("bundle/modelops.yaml", SPEC);
  await home.write("bundle/src/a.py", "print(1)\n");
  const values: Readonly<Record<string, string>> = {
    PROGRAM: repositoryPath(),
    STORE: home.join(".modctl"),
    CACHE: home.join(".cache/modelops"),
    CREDENTIALS: CREDENTIAL_FILES.map((file) => home.join(file)).join(","),
    HOME: home.path,
    WORKSPACE: home.join("model"),
    OUTPUT: home.join("out"),
    BUNDLE: home.join("bundle"),
    PLACE: home.join("place"),
    FILE: home.join("more.json"),
    REGISTRY: registry.address,
    REPOSITORY: `${registry.address}/models/tiny`,
    NAME: `${registry.address}/models/tiny:v1`,
    ADDRESS: "127.0.0.1:0",
    RELEASES: `127.0.0.1:${releases.addr.port}`,
  };
  const fill = (text: string) => text.replace(/\$([A-Z]+)/g, (_all, name) => values[name] ?? "?");
  const run = (flags: readonly string[], args: readonly string[]) =>
    runUntilReady(
      Deno.execPath(),
      ["run", "--no-prompt", "--quiet", "--no-check", ...flags, CLI_PATH, ...args],
      {
        cwd: home.path,
        env: {
          ...program.env,
          REGISTRY_URL: `http://${registry.address}`,
          REGISTRY_REPO: "models",
        },
      },
    );
  const documented = await documentedFlags();
  for (const [command, words] of Object.entries(COMMANDS)) {
    await context.step(command, async () => {
      const flags = (documented.get(command) ?? []).map(fill);
      const args = words.map(fill);
      for (const flag of flags) {
        const without = await run(flags.filter((other) => other !== flag), args);
        const [name = ""] = flag.split("=");
        // What it does as well as it can without, as writing its log, it says in a warning.
        assert.match(without.stderr, /^(error|warning): /m, `${command} runs without ${flag}`);
        assert.ok(without.stderr.includes(name), `${command} without ${flag}: ${without.stderr}`);
      }
      const { code, stderr } = await run(flags, args);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /allow/);
    });
  }
});
