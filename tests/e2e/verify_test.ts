import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type Digest, digestBytes } from "../../src/core/digest.ts";
import { diskInternals } from "../support/disk_internals.ts";
import { openProgram, type Program } from "../support/program.ts";
import { mayMount, mountForReading } from "../support/mounts.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";

const needs = ["docker-registry"] as const;

/** A model of three files that a registry and the local store have, and a way to damage it. */
async function pushedModel(program: Program, address: string) {
  const { home } = program;
  const files = {
    "big.bin": randomBytes(6_000_000),
    "small.bin": randomBytes(2_000),
    "config.json": new TextEncoder().encode('{"a":1}'),
  };
  for (const [name, bytes] of Object.entries(files)) await home.write(`ws/${name}`, bytes);
  await home.write("ws/Modelfile", "NAME demo\nMODEL *.bin\nCONFIG config.json\n");
  const reference = `${address}/models/demo:v1`;
  await program.ok(["build", "-t", reference, "--no-creation-time", "ws"]);
  await program.ok(["push", reference]);
  const { layout } = diskInternals(home.join(".modctl"));
  const pathOf = (name: keyof typeof files) => layout.blobData(digestBytes(files[name]));
  return { files, reference, pathOf, layout };
}

/** Changes one bit, and leaves size and times alone, as a disk does that rots. */
async function rot(path: string): Promise<void> {
  const { atime, mtime } = await Deno.stat(path);
  const bytes = await Deno.readFile(path);
  bytes[bytes.byteLength >> 1]! ^= 1;
  await Deno.writeFile(path, bytes);
  await Deno.utime(path, atime!, mtime!);
}

e2eTest("verify names what is damaged, and --repair fetches it and nothing else", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { files, reference, pathOf } = await pushedModel(program, registry.address);
  const sound = await program.json(["verify", reference]);
  assert.deepEqual([sound.ok, sound.checked, sound.damaged], [true, 5, []]);

  await rot(pathOf("big.bin"));
  await Deno.truncate(pathOf("small.bin"), 10);
  await Deno.remove(pathOf("config.json"));
  for (const args of [["verify", reference], ["verify", "--all"]]) {
    const { code, stderr } = await program.run(args);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /another digest$/m);
    assert.match(stderr, /it has 10 bytes, not 2000$/m);
    assert.match(stderr, /it is missing$/m);
    assert.match(stderr, new RegExp(`hint: .*modelops verify --repair ${reference}$`, "m"));
  }
  const extracted = await program.run(["extract", reference, "--output", "out"]);
  assert.notEqual(extracted.code, 0);

  const repaired = await program.json(["verify", "--repair", reference]);
  assert.equal(repaired.ok, true);
  assert.equal((repaired.repaired as unknown[]).length, 3);
  for (const name of Object.keys(files) as (keyof typeof files)[]) {
    assert.deepEqual(
      new Uint8Array(await Deno.readFile(pathOf(name))),
      new Uint8Array(files[name]),
    );
  }
  assert.equal((await program.json(["verify", "--all"])).ok, true);
});

e2eTest("what was damaged is put right by a pull and by a build", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { files, reference, pathOf } = await pushedModel(program, registry.address);
  const isRight = async (name: keyof typeof files) => {
    const bytes = await Deno.readFile(pathOf(name));
    return digestBytes(bytes) === digestBytes(files[name]);
  };
  for (
    const command of [["pull", reference], ["build", "--no-creation-time", "-t", reference, "ws"]]
  ) {
    for (const name of ["big.bin", "small.bin"] as const) {
      await Deno.writeFile(pathOf(name), new Uint8Array(files[name].byteLength));
    }
    await Deno.truncate(pathOf("config.json"), 1);
    await program.ok(command);
    for (const name of ["big.bin", "small.bin", "config.json"] as const) {
      assert.ok(await isRight(name), `${command[0]} left ${name} damaged`);
    }
  }
});

e2eTest("extracting damaged content names the command that repairs it", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { reference, pathOf } = await pushedModel(program, registry.address);
  await rot(pathOf("big.bin"));
  const { code, stderr } = await program.run(["extract", reference, "--output", "out"]);
  assert.equal(code, 5);
  assert.match(stderr, new RegExp(`hint: .*modelops verify --repair ${reference}$`, "m"));
});

e2eTest("pushing damaged content names the command that repairs it", { needs }, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { reference, pathOf } = await pushedModel(program, registry.address);
  for (const name of ["big.bin", "small.bin", "config.json"] as const) {
    const target = reference.replace("models/demo", `models/of-${name.replace(".", "-")}`);
    await program.ok(["tag", reference, target]);
    await rot(pathOf(name));
    const { code, stderr } = await program.run(["push", target]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, new RegExp(`hint: .*modelops verify --repair ${target}$`, "m"));
    await program.ok(["verify", "--repair", reference]);
    await program.ok(["push", target]);
  }
});

e2eTest("inspecting damaged content names the command that repairs it", { needs }, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { reference, layout } = await pushedModel(program, registry.address);
  const { Digest } = await program.json(["inspect", reference]);
  await rot(layout.blobData(Digest as Digest));
  const { code, stderr } = await program.run(["inspect", reference]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, new RegExp(`hint: .*modelops verify --repair ${reference}$`, "m"));
});

e2eTest("tagging and attaching to damaged content names the command that repairs it", {
  needs,
}, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { reference, layout } = await pushedModel(program, registry.address);
  const manifest = layout.blobData((await program.json(["inspect", reference])).Digest as Digest);
  const document = JSON.parse(await Deno.readTextFile(manifest));
  const config = layout.blobData(document.config.digest);
  await program.home.write("extra.txt", "more");
  const other = reference.replace("models/demo", "models/other");
  const tag = ["tag", reference, other];
  const attach = ["attach", "extra.txt", "-s", reference, "-t", other];
  for (const [damaged, args] of [[manifest, tag], [manifest, attach], [config, attach]] as const) {
    const whole = await Deno.readFile(damaged);
    await rot(damaged);
    const { code, stderr } = await program.run(args);
    assert.equal(code, 5, stderr);
    assert.match(stderr, new RegExp(`hint: .*modelops verify --repair ${reference}$`, "m"));
    await Deno.writeFile(damaged, whole);
  }
});

Deno.test("damaged content of a bundle is named, and put right by a push of the same files", async () => {
  await using program = await openProgram();
  const { home } = program;
  await home.write("work/data/a.bin", "0123456789");
  await home.write(
    "work/modelops.yaml",
    'name: demo\nversion: 1.0.0\nlayers: [{name: data, type: data, files: ["data/**"]}]\n' +
      "roles: {default: [data]}\n",
  );
  const env = { REGISTRY_REPO: "models" };
  const push = async () => assert.equal((await program.run(push.args, { env })).code, 0);
  push.args = ["bundle", "push", "work"];
  await push();
  const { layout } = diskInternals(home.join(".modctl"));
  const { models: [bundle] } = await program.json(["list"]) as {
    models: { digest: Digest; repository: string; tag: string }[];
  };
  const manifest = layout.blobData(bundle!.digest);
  const { layers } = JSON.parse(await Deno.readTextFile(manifest));
  const contents = layers.map(({ digest }: { digest: Digest }) => layout.blobData(digest));
  assert.equal(contents.length, 3);
  const overwrite = async (path: string) =>
    await Deno.writeFile(path, new Uint8Array((await Deno.stat(path)).size));
  for (const damage of [overwrite, (path: string) => Deno.truncate(path, 1), Deno.remove]) {
    for (const path of contents) {
      await damage(path);
      const name = `${bundle!.repository}:${bundle!.tag}`;
      const { code, stderr } = await program.run(["verify", name]);
      assert.equal(code, 5, stderr);
      assert.match(stderr, new RegExp(`\\(${name}\\): it`));
      await push();
      assert.equal((await program.json(["verify", "--all"])).ok, true, `${damage} ${path}`);
    }
  }
});

e2eTest("what no registry has cannot be repaired, and verify says why", { needs }, async () => {
  await using registry = await startRegistry();
  await using program = await openProgram();
  const { files, pathOf } = await pushedModel(program, registry.address);
  const alone = `${registry.address}/models/alone:v1`;
  await program.home.write("other/alone.bin", "alone");
  await program.ok(["build", "-t", alone, "other"]);
  const { layout } = diskInternals(program.home.join(".modctl"));
  await rot(layout.blobData(digestBytes(new TextEncoder().encode("alone"))));
  await rot(pathOf("small.bin"));
  const { code, stdout } = await program.run(["verify", "--all", "--repair", "--json"]);
  assert.equal(code, 5);
  const { damaged, repaired } = JSON.parse(stdout);
  assert.equal(damaged.length, 1);
  assert.match(damaged[0].reason, /another digest; Cannot /);
  assert.deepEqual(damaged[0].artifacts, [alone]);
  assert.equal(repaired[0].digest, digestBytes(files["small.bin"]));
});

// Only root of a whole machine may mount.
if (await mayMount()) {
  e2eTest(
    "a store that is mounted for reading is verified, and told of what cannot be repaired",
    { needs },
    async () => {
      await using registry = await startRegistry();
      await using program = await openProgram();
      const { reference, pathOf } = await pushedModel(program, registry.address);
      const store = program.home.join(".modctl");
      const log = ["--log-dir", program.home.join("logs")];
      await Deno.remove(`${store}/modelops.lock`);
      {
        await using _mount = await mountForReading(store);
        for (const args of [[reference], ["--all"], ["--repair", reference]]) {
          assert.equal((await program.json([...log, "verify", ...args])).ok, true, `${args}`);
        }
      }
      await rot(pathOf("big.bin"));
      await using _mount = await mountForReading(store);
      for (const args of [[reference], ["--all"], ["--repair", reference]]) {
        const { code, stderr } = await program.run([...log, "verify", ...args]);
        assert.equal(code, 5, stderr);
        assert.match(stderr, /its bytes have another digest/);
        if (args[0] !== "--repair") continue;
        assert.match(stderr, /the file system is read-only/);
        assert.match(stderr, /^hint: mend what kept them from coming and run it again, or /m);
      }
    },
  );
}

Deno.test("verify wants a name or --all, and knows what it does not have", async () => {
  await using program = await openProgram();
  for (const args of [["verify"], ["verify", "--all", "localhost:1/a:v1"]]) {
    assert.equal((await program.run(args)).code, 2);
  }
  assert.equal((await program.run(["verify", "localhost:1/a:v1"])).code, 1);
  assert.match(await program.ok(["verify", "--all"]), /^Verified 0 artifacts: /);
});
