/** The jobs of docs/ci.md, run by a shell against a real registry. */
import assert from "node:assert/strict";
import { parseDocument } from "../../src/deps/yaml.ts";
import { runCommand } from "../support/command.ts";
import { openProgram, PROGRAM } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { repositoryPath } from "../house/repository.ts";

const LOGIN = { username: "ci", password: "it's a secret" };

/** A job of GitHub, with the environment of each step. */
interface GithubWorkflow {
  readonly jobs: {
    readonly build: {
      readonly steps: readonly { readonly run?: string; readonly env?: Record<string, string> }[];
    };
  };
}

/** A job of GitLab. */
interface GitlabJob {
  readonly before_script?: readonly string[];
  readonly script: readonly string[];
}

const [github, gitlab, bundles] = [
  ...(await Deno.readTextFile(repositoryPath("docs/ci.md"))).matchAll(/^```yaml\n([^]*?)^```$/gm),
].map(([, text = ""]) => parseDocument(text).toJS());

/** A machine of CI: the programs on its path, a workspace, and a registry that wants a login. */
async function machine() {
  const registry = await startRegistry({ htpasswd: LOGIN });
  const program = await openProgram();
  const { home, env } = program;
  const words = PROGRAM.map((word) => `'${word}'`).join(" ");
  for (const name of ["modctl", "modelops"]) {
    await home.write(`bin/${name}`, `#!/bin/sh\nexec ${words} "$@"\n`);
    await Deno.chmod(home.join(`bin/${name}`), 0o755);
  }
  const run = async (script: string, variables: Record<string, string>) => {
    const path = `${home.join("bin")}:${Deno.env.get("PATH")}`;
    const { code, stderr } = await runCommand("bash", ["-e", "-o", "pipefail", "-c", script], {
      cwd: home.join("work"),
      env: { ...env, CI: "true", PATH: path, ...variables },
    });
    assert.equal(code, 0, `${script}\n${stderr}`);
  };
  return {
    ...{ registry, program, home, run },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

e2eTest("the job of GitHub builds a model and pushes it under both tags", {
  needs: ["docker-registry"],
}, async () => {
  await using ci = await machine();
  await ci.home.write("work/model.bin", "weights");
  const secrets: Readonly<Record<string, string>> = {
    REGISTRY_USER: LOGIN.username,
    REGISTRY_PASS: LOGIN.password,
    REGISTRY_URL: ci.registry.address,
  };
  const fill = (text: string) =>
    text.replace(/\$\{\{ secrets\.(\w+) \}\}/g, (_all, name) => secrets[name] ?? assert.fail(name));
  const { steps } = (github as GithubWorkflow).jobs.build;
  const scripts = steps.filter(({ run }) => run !== undefined);
  assert.equal(scripts.length, 2);
  for (const { run = "", env = {} } of scripts) {
    const variables = Object.entries(env).map(([name, value]) => [name, fill(value)]);
    await ci.run(fill(run), { GITHUB_SHA: "abc123", ...Object.fromEntries(variables) });
  }
  const digests = await Promise.all(["abc123", "latest"].map(async (tag) => {
    const name = `${ci.registry.address}/models/my-model:${tag}`;
    return (await ci.program.json(["inspect", "--remote", name]))["Digest"];
  }));
  assert.ok(typeof digests[0] === "string");
  assert.equal(digests[0], digests[1]);
});

e2eTest("the job of GitLab builds a model straight into the registry", {
  needs: ["docker-registry"],
}, async () => {
  await using ci = await machine();
  await ci.home.write("work/model.bin", "weights");
  const { before_script = [], script } = gitlab["build_model"] as GitlabJob;
  const variables = {
    CI_REGISTRY: ci.registry.address,
    CI_REGISTRY_IMAGE: `${ci.registry.address}/group/project`,
    CI_REGISTRY_USER: LOGIN.username,
    CI_REGISTRY_PASSWORD: LOGIN.password,
    CI_COMMIT_SHA: "abc123",
    MODEL_IMAGE: `${ci.registry.address}/group/project/model`,
  };
  assert.equal(gitlab["variables"]["MODEL_IMAGE"], "$CI_REGISTRY_IMAGE/model");
  const login = before_script.filter((line) => line.includes("modctl login"));
  assert.equal(login.length, 1);
  for (const line of [...login, ...script]) await ci.run(line, variables);
  for (const tag of ["abc123", "latest"]) {
    await ci.program.json(["inspect", "--remote", `${variables.MODEL_IMAGE}:${tag}`]);
  }
});

e2eTest("the job of bundles publishes the next version", {
  needs: ["docker-registry"],
}, async () => {
  await using ci = await machine();
  await ci.home.write("work/src/a.py", "print(1)\n");
  await ci.home.write(
    "work/modelops.yaml",
    'name: demo\nversion: "1.0.0"\nlayers:\n  - { name: code, type: code, files: ["src/**"] }\n' +
      "roles: { default: [code] }\n",
  );
  const variables = {
    REGISTRY_URL: `http://${ci.registry.address}`,
    REGISTRY_REPO: "models",
    MODCTL_REGISTRY_USER: LOGIN.username,
    MODCTL_REGISTRY_PASS: LOGIN.password,
  };
  for (const line of (bundles["publish"] as GitlabJob).script) await ci.run(line, variables);
  await ci.program.ok(["bundle", "resolve", "demo:1.0.1"], { env: variables });
});
