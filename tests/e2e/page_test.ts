/** The page of `serve` and its JSON, in whatever form the program has. */
import assert from "node:assert/strict";
import { safetensors } from "../model/facts/support.ts";
import { pullCommands } from "../../src/server/page/client/values/commands.js";
import { runOk } from "../support/command.ts";
import { assertHasPage } from "../support/page.ts";
import { parseMetrics } from "../support/prometheus.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";
import { serveInProcess } from "../support/served.ts";

const SPEC = `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
roles: { default: [code] }
`;

Deno.test("serve has the page, every file of it", async () => {
  await using user = await openProgram();
  await using server = await serveInProcess(user);
  await assertHasPage(`http://${server.address}`);
});

Deno.test("serve describes a model as JSON, and renders its README", async () => {
  await using user = await openProgram();
  await user.home.write("ws/README.md", "# Demo\n\n<script>alert(1)</script> *well*");
  const tensors = { "a.weight": { dtype: "F32", shape: [2, 3], width: 4 } };
  await user.home.write("ws/model.safetensors", safetensors(tensors));
  await user.home.write("ws/Modelfile", "NAME demo\nMODEL *.safetensors\nDOC README.md\n");
  await user.ok(["build", "-t", "localhost/team/demo:v1", user.home.join("ws")]);
  await using server = await serveInProcess(user);
  const asked = "repository=team/demo&reference=v1";
  const ask = async (path: string) => {
    const answer = await fetch(`http://${server.address}/_/${path}`);
    assert.equal(answer.status, 200, path);
    return await answer.json();
  };
  const { repositories } = await ask("repositories?search=demo");
  assert.deepEqual(repositories, [{ name: "team/demo", tags: 1 }]);
  const { tags: [tag] } = await ask("tags?repository=team/demo");
  const model = await ask(`model?${asked}`);
  assert.deepEqual([tag.tag, tag.digest, model.facts.paramCount], ["v1", model.digest, 6]);
  const { tensors: [tensor] } = await ask(`tensors?${asked}`);
  assert.deepEqual([tensor.name, tensor.shape, tensor.type], ["a.weight", [2, 3], "float32"]);
  const { html } = await ask(`readme?${asked}`);
  assert.match(html, /^<h1>Demo<\/h1>/);
  assert.match(html, /<em>well<\/em>/);
  assert.doesNotMatch(html, /<script/);
});

e2eTest("the commands that the page offers fetch a model and a bundle", {
  needs: ["skopeo"],
}, async () => {
  await using user = await openProgram();
  await using author = await openProgram();
  await using server = await serveInProcess(user);
  const { address } = server;
  await author.home.write("ws/config.json", "{}");
  await author.home.write("ws/Modelfile", "NAME demo\nCONFIG config.json\n");
  await author.ok(["build", "-t", `${address}/team/demo:v1`, author.home.join("ws")]);
  await author.ok(["push", `${address}/team/demo:v1`]);
  await author.home.write("work/modelops.yaml", SPEC);
  await author.home.write("work/src/a.py", "print(1)\n");
  const env = { REGISTRY_URL: `http://${address}`, REGISTRY_REPO: "bundles" };
  await author.ok(["bundle", "push", author.home.join("work")], { env });
  const files = { "team/demo": "demo/config.json", "bundles/demo": "demo/src/a.py" };
  for (const [repository, file] of Object.entries(files)) {
    const ask = async (path: string) =>
      await (await fetch(`http://${address}/_/${path}repository=${repository}`)).json();
    const { tags: [{ tag: reference, digest }] } = await ask("tags?");
    for (const named of [reference, digest]) {
      const { kind } = await ask(`model?reference=${named}&`);
      const commands = pullCommands({
        ...{ host: address, isPlain: true, repository, reference: named, kind },
      });
      assert.deepEqual(commands.map(({ tool }) => tool), ["modelops", "oras", "skopeo"]);
      await using reader = await openProgram();
      const cwd = reader.home.path;
      for (const { tool, line } of commands) {
        const [program, ...args] = line.split(" ");
        assert.equal(program, tool);
        if (tool === "modelops") await reader.ok(args, { cwd });
        if (tool === "skopeo") await runOk(tool, ["--insecure-policy", ...args], { cwd });
      }
      await Deno.stat(reader.home.join(file));
      const layout = JSON.parse(await Deno.readTextFile(reader.home.join("demo/index.json")));
      assert.equal(layout.manifests[0].digest, digest);
    }
  }
});

Deno.test("answers of the page are counted, and logged as all others are", async () => {
  await using user = await openProgram();
  const child = user.spawn(["serve", "--address", "127.0.0.1:0", "--log-format", "json"]);
  await child.stdin.close();
  const errors = new Response(child.stderr).text();
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const [, address] = /^ready (.+)\n/.exec(text) ?? [];
    if (address === undefined) continue;
    for (const path of ["/", "/_/page.js", "/_/repositories?search=%3Cb%3E", "/_/nothing"]) {
      await (await fetch(`http://${address}${path}`)).body?.cancel();
    }
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    assert.match(metrics, /^modelops_http_requests_total\{method="GET",status="200"\} 3$/m);
    assert.match(metrics, /^modelops_http_requests_total\{method="GET",status="404"\} 1$/m);
    const families = parseMetrics(metrics);
    for (const name of ["http_connections", "uploads_open", "store_blobs", "store_bytes"]) {
      assert.equal(families.get(`modelops_${name}`)?.type, "gauge");
    }
    child.kill("SIGTERM");
  }
  assert.equal((await child.status).code, 0);
  const records = (await errors).split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line)).filter(({ path }) => path !== "/metrics" && path);
  assert.deepEqual(
    records.map(({ method, path, status }) => [method, path, status]),
    [
      ["GET", "/", 200],
      ["GET", "/_/page.js", 200],
      ["GET", "/_/repositories?search=%3Cb%3E", 200],
      ["GET", "/_/nothing", 404],
    ],
  );
  for (const { bytes, ms, remote } of records) {
    assert.ok(bytes > 0 && ms >= 0, `${bytes} bytes, ${ms} ms`);
    assert.equal(remote, "127.0.0.1");
  }
});
