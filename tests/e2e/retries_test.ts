/** Whatever speaks to a registry says that it tries again, and why. */
import assert from "node:assert/strict";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { openProgram } from "../support/program.ts";
import { pushModel, refusal, type Script, scriptedRegistry } from "../support/scripted_registry.ts";

const BYTES = new Uint8Array(70_000).fill(7);

const SPEC = `apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0", description: A model }
spec:
  layers: [{ name: data, type: data, files: ["data/**"] }]
  roles: { default: [data] }
`;

/** The commands that speak to a registry; `name` is that of a repository whose model is `v1`. */
const COMMANDS: Readonly<Record<string, (name: string) => string[]>> = {
  "push": (name) => ["push", `${name}:mine`],
  "pull": (name) => ["pull", `${name}:v1`],
  "pull to a folder": (name) => ["pull", `${name}:v1`, "--extract-dir", "out"],
  "fetch": (name) => ["fetch", `${name}:v1`, "--patterns", "*.bin", "--output", "out"],
  "inspect": (name) => ["inspect", "--remote", `${name}:v1`],
  "build": (name) => ["build", "-t", `${name}:mine`, "--output-remote", "ws"],
  "attach": (
    name,
  ) => ["attach", "ws/large.bin", "-s", `${name}:v1`, "-t", `${name}:v2`, "--output-remote"],
  "upload": (name) => ["upload", "ws/large.bin", "--repo", name],
  "bundle push": () => ["bundle", "push", "work"],
  "bundle resolve": () => ["bundle", "resolve", "bundle:1.0.0"],
  "bundle materialize": () => ["bundle", "materialize", "bundle:1.0.0", "out"],
  "bundle diff": () => ["bundle", "diff", "bundle:1.0.0", "bundle:1.0.0"],
};

/** Refuses each first request for a thing, by method, so that every way to ask tries again. */
function busyAtFirst(): Script {
  const seen = new Set<string>();
  return (request, pass) => {
    const key = request.method;
    if (seen.has(key)) return pass();
    seen.add(key);
    return refusal(503, { "Retry-After": "0" });
  };
}

for (const style of ["plain", "json"] as const) {
  Deno.test(`every command that speaks to a registry says that it tries again (${style})`, async () => {
    await using registry = scriptedRegistry();
    await pushModel(registry, { "large.bin": BYTES });
    await mapConcurrent(Object.entries(COMMANDS), async ([what, args]) => {
      await using program = await openProgram();
      const { home } = program;
      const calm = registry.scripted((_, pass) => pass());
      await home.write("ws/large.bin", BYTES);
      await home.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
      await home.write("work/modelops.yaml", SPEC);
      await home.write("work/data/a.txt", "a");
      if (what.startsWith("bundle ") && what !== "bundle push") {
        await program.ok(["bundle", "push", "work"], { env: { REGISTRY_REPO: calm } });
      }
      const name = registry.scripted(busyAtFirst());
      if (what === "push") await program.ok(["build", "-t", `${name}:mine`, "ws"]);
      const env = { REGISTRY_REPO: name };
      const command = [...args(name).map((word) => word.replace("bundle:", "demo:"))];
      const { code, stderr, stdout } = await program.run([...command, "--progress", style], {
        env,
      });
      assert.equal(code, 0, `${what}: ${stdout}${stderr}`);
      const told = stderr.split("\n").filter((line) => line.startsWith("trying again, 2 of 5: "));
      const events = stderr.split("\n").filter((line) => line.startsWith('{"state":"retry"'));
      assert.ok((style === "plain" ? told : events).length > 0, `${what}: ${stdout}${stderr}`);
      if (style === "json") assert.equal(JSON.parse(events[0]!).attempts, 5);
    }, { concurrency: 3 });
  });
}
