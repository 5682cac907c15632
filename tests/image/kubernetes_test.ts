/**
 * The examples for Kubernetes: each document has the shape that its schema asks for, holds to the
 * restricted profile of pod security, and has commands that do what they are there for.
 */
import assert from "node:assert/strict";
import { hash } from "bcryptjs";
import { parseDocument } from "../../src/deps/yaml.ts";
import * as apps from "kubernetes-models/apps/v1";
import * as batch from "kubernetes-models/batch/v1";
import * as core from "kubernetes-models/v1";
import { repositoryPath } from "../house/repository.ts";
import { makeCertificates } from "../support/certificates.ts";
import { runCommand } from "../support/command.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

/** A container, as far as it is run here. */
interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { name: string; value?: string }[];
  readonly workingDir?: string;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  readonly [probe: string]: unknown;
}

interface PodSpec {
  readonly securityContext: Record<string, unknown>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { name: string }[];
}

// deno-lint-ignore no-explicit-any -- a document of any kind, which the schema judges
type Resource = any;

const IMAGE = "registry.example.org/tools/modelops:v1";

/** The kinds by the version of their API, with their class and the type of their documents. */
const KINDS: Readonly<
  Record<string, [Model: new (data: never) => { validate(): void }, type: string]>
> = {
  "v1 Pod": [core.Pod, "core.IPod"],
  "v1 Service": [core.Service, "core.IService"],
  "v1 PersistentVolumeClaim": [core.PersistentVolumeClaim, "core.IPersistentVolumeClaim"],
  "apps/v1 Deployment": [apps.Deployment, "apps.IDeployment"],
  "batch/v1 Job": [batch.Job, "batch.IJob"],
};

async function readExample(name: string): Promise<Resource[]> {
  const text = await Deno.readTextFile(repositoryPath(`docs/kubernetes/${name}`));
  return text.split(/^---$/m).map((each) => parseDocument(each, { merge: true }).toJS());
}

async function exampleNames(): Promise<string[]> {
  const folder = Deno.readDir(repositoryPath("docs/kubernetes"));
  const names = await Array.fromAsync(folder, ({ name }) => name);
  return names.filter((name) => name.endsWith(".yaml")).sort();
}

function podOf({ kind, spec }: Resource): PodSpec | undefined {
  return kind === "Pod" ? spec : spec.template?.spec;
}

/** The one pod of an example. */
async function examplePod(name: string): Promise<PodSpec> {
  const [pod] = (await readExample(name)).flatMap((each) => podOf(each) ?? []);
  return pod!;
}

/** Fails when a document is not what its schema asks for. */
function checkSchema(resource: Resource): void {
  const found = KINDS[`${resource.apiVersion} ${resource.kind}`];
  assert.ok(found, `${resource.apiVersion} ${resource.kind} is not looked at`);
  const [Model] = found;
  new Model(resource as never).validate();
}

/** What the compiler says of documents: it knows the fields that the schema lets pass. */
async function typeErrors(resources: readonly Resource[]): Promise<string> {
  await using folder = await tempFolder();
  const lines = resources.map((resource, index) => {
    const [, type] = KINDS[`${resource.apiVersion} ${resource.kind}`]!;
    return `export const r${index}: ${type} = ${JSON.stringify(resource, undefined, 2)};`;
  });
  const imports = ["apps", "batch", "core"].map((name) =>
    `import type * as ${name} from "kubernetes-models/${name === "core" ? "" : `${name}/`}v1";`
  );
  const path = await folder.write("documents.ts", [...imports, ...lines].join("\n"));
  const { code, stderr } = await runCommand(Deno.execPath(), [
    ...["check", "--quiet", "--config", repositoryPath("deno.json"), path],
  ]);
  return code === 0 ? "" : stderr;
}

Deno.test("each document has the shape of its kind, and mistakes would be found", async (context) => {
  const resources = (await Promise.all((await exampleNames()).map(readExample))).flat();
  for (const resource of resources) {
    await context.step(`${resource.kind} ${resource.metadata.name}`, () => checkSchema(resource));
  }
  await context.step("no field is unknown", async () => {
    assert.equal(await typeErrors(resources), "");
  });
  await context.step("a wrong value and an unknown field are mistakes", async () => {
    const [job] = await readExample("build-job.yaml");
    assert.throws(() => checkSchema({ ...job, spec: { ...job.spec, backoffLimit: "two" } }));
    const spec = { ...job.spec, backofLimit: 2 };
    assert.match(await typeErrors([{ ...job, spec }]), /backofLimit/);
  });
});

Deno.test("every container holds to the restricted profile of pod security", async (context) => {
  for (const name of await exampleNames()) {
    await context.step(name, async () => {
      const pod = await examplePod(name);
      const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext;
      assert.deepEqual([runAsNonRoot, runAsUser], [true, 65532]);
      assert.deepEqual(seccompProfile, { type: "RuntimeDefault" });
      const volumes = pod.volumes.map((volume) => volume.name);
      for (const container of [...pod.initContainers ?? [], ...pod.containers]) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        const mounted = container.volumeMounts.map((mount) => mount.name);
        assert.deepEqual(mounted.filter((each) => !volumes.includes(each)), [], container.name);
      }
    });
  }
});

/** What stands for the world of a container: its variables, and texts of its command line. */
interface World {
  readonly env: Readonly<Record<string, string>>;
  readonly replace: Readonly<Record<string, string>>;
}

/** The command line and the variables of a container, as a kubelet fills them in. */
function commandOf({ args = [], env = [] }: Container, world: World) {
  const variables: Record<string, string> = {};
  const fill = (text: string) => {
    const filled = text.replace(/\$\((\w+)\)/g, (all, name) => variables[name] ?? all);
    // All at once: what is put in place of one may have the text of another in it.
    const texts = new RegExp(Object.keys(world.replace).map(RegExp.escape).join("|"), "g");
    return filled.replace(texts, (each) => world.replace[each] ?? each);
  };
  for (const { name, value } of env) variables[name] = fill(world.env[name] ?? value ?? "");
  return { args: args.map(fill), env: variables };
}

async function runContainer(program: Program, container: Container, world: World): Promise<void> {
  assert.equal(container.image, IMAGE);
  const { args, env } = commandOf(container, world);
  const cwd = container.workingDir && world.replace[container.workingDir];
  const { code, stderr } = await program.run(args, { env, ...cwd ? { cwd } : {} });
  assert.equal(code, 0, `${container.name}: ${stderr}`);
}

const LOGIN = { MODCTL_REGISTRY_USER: "robot", MODCTL_REGISTRY_PASS: "a secret" };

/** A registry that lets one user in, and texts that lead to it. */
async function privateRegistry() {
  const htpasswd = { username: LOGIN.MODCTL_REGISTRY_USER, password: LOGIN.MODCTL_REGISTRY_PASS };
  return await startRegistry({ htpasswd });
}

e2eTest("the Job builds a model into the registry, and keeps nothing", {
  needs: ["docker-registry"],
}, async () => {
  await using registry = await privateRegistry();
  await using program = await openProgram();
  await program.home.write("workspace/config.json", '{"model_type": "llama"}');
  await program.home.write("workspace/model.safetensors", new Uint8Array(100_000).fill(3));
  const { containers: [container] } = await examplePod("build-job.yaml");
  await runContainer(program, container!, {
    env: LOGIN,
    replace: {
      "registry.example.org": registry.address,
      "/workspace": program.home.join("workspace"),
      "/tmp": program.home.join("tmp"),
    },
  });
  const name = `${registry.address}/models/llama2-7b:v1.0.0`;
  const { Layers } = await program.json(["inspect", "--remote", name], { env: LOGIN });
  assert.equal((Layers as unknown[]).length, 2);
  assert.deepEqual(await namesIn(program.home.join("workspace")), [
    "config.json",
    "model.safetensors",
  ]);
});

e2eTest("the init containers bring the role and nothing else, and find a changed file", {
  needs: ["docker-registry"],
}, async () => {
  await using registry = await privateRegistry();
  await using program = await openProgram();
  const { home } = program;
  await home.write("bundle/modelops.yaml", BUNDLE);
  await home.write("bundle/src/serve.py", "print(1)\n");
  await home.write("bundle/data/train.csv", "a,b\n1,2\n");
  const env = { ...LOGIN, REGISTRY_REPO: `${registry.address}/bundles` };
  await program.ok(["bundle", "push", "bundle"], { env });
  const { initContainers = [] } = await examplePod("materialize-role.yaml");
  assert.deepEqual(initContainers.map(({ name }) => name), ["materialize", "verify"]);
  await Deno.mkdir(home.join("model"));
  const world = {
    env: LOGIN,
    replace: {
      "registry.example.org": registry.address,
      "/model": home.join("model"),
      "/tmp": home.join("tmp"),
    },
  };
  for (const container of initContainers) await runContainer(program, container, world);
  assert.deepEqual(await namesIn(home.join("model/files")), [".mops", "src"]);
  const [, verify] = initContainers;
  await Deno.writeTextFile(home.join("model/files/src/serve.py"), "print(2)\n");
  await assert.rejects(runContainer(program, verify!, world), /verify: .*serve\.py/s);
});

const BUNDLE = `name: epi-sir
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
  - { name: data, type: data, files: ["data/**"] }
roles: { runtime: [code], training: [code, data], default: [code] }
`;

e2eTest("the registry of the Deployment starts, answers its probes, and ends when it is told", {
  needs: ["openssl"],
}, async () => {
  await using program = await openProgram();
  const { home } = program;
  const { server, caFile } = await makeCertificates(home.path);
  const { MODCTL_REGISTRY_USER: user, MODCTL_REGISTRY_PASS: password } = LOGIN;
  await home.write("users/users", `${user}:${await hash(password, 4)}\n`);
  await Deno.mkdir(home.join("tls"));
  await Deno.copyFile(server.certFile, home.join("tls/tls.crt"));
  await Deno.copyFile(server.keyFile, home.join("tls/tls.key"));
  const { containers: [container] } = await examplePod("serve.yaml");
  assert.equal(container!.image, IMAGE);
  const { args } = commandOf(container!, {
    env: {},
    replace: {
      "0.0.0.0:5000": "0.0.0.0:0",
      "/var/lib/modelops": home.join("store"),
      "/etc/modelops": home.path,
    },
  });
  const child = program.spawn(args);
  const log = new Response(child.stderr).text();
  const port: string | undefined = await readyPort(child.stdout);
  if (port === undefined) throw new Error(`The registry ended before it was ready: ${await log}`);
  try {
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile)] });
    for (const name of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const { httpGet } = container![name] as { httpGet: { path: string; scheme: string } };
      const url: string = `${httpGet.scheme.toLowerCase()}://127.0.0.1:${port}${httpGet.path}`;
      const response = await fetch(url, { client });
      assert.deepEqual([response.status, (await response.text()).trim()], [200, "ok"], name);
    }
    const upload = async (headers: Record<string, string>) => {
      const url = `https://127.0.0.1:${port}/v2/models/demo/blobs/uploads/`;
      const response = await fetch(url, { client, method: "POST", headers });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await upload({}), 401);
    assert.equal(await upload({ Authorization: `Basic ${btoa(`${user}:${password}`)}` }), 202);
  } finally {
    await endAndWait(child);
  }
  for (const line of (await log).trimEnd().split("\n").slice(1)) JSON.parse(line);
});

/**
 * The port of the line `ready HOST:PORT`, which comes when the server takes requests; else
 * `undefined`.
 */
async function readyPort(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string | undefined> {
  let text = "";
  for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    const [, port] = /ready .*:(\d+)\n/.exec(text) ?? [];
    if (port !== undefined) return port;
  }
  return undefined;
}

async function endAndWait(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await child.stdin.close();
  const { code } = await child.status;
  assert.equal(code, 0);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}
