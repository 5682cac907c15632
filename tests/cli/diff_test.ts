/** `diff`: two models, wherever they are. */
import assert from "node:assert/strict";
import { type SafeTensor, safetensors } from "../model/facts/support.ts";
import { Home } from "./support.ts";

const NAME = "registry.test/models/tiny";

const matrix = (rows: number, dtype = "F32"): SafeTensor => ({
  dtype,
  shape: [rows, 4],
  width: dtype === "F32" ? 4 : 2,
});

/** A file of safetensors whose first tensor has other bytes than zeros. */
function weights(tensors: Readonly<Record<string, SafeTensor>>, byte = 0): Uint8Array {
  const bytes = safetensors(tensors);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  bytes[start] = byte;
  return bytes;
}

/** Builds a model of these files. */
async function build(
  home: Home,
  tag: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  ...flags: readonly string[]
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await Deno.chmod(await home.folder.write(`${tag}/${path}`, content), 0o644);
    await Deno.utime(home.at(tag, path), 1_770_000_000, 1_770_000_000);
  }
  const name = `${NAME}:${tag}`;
  const args = ["build", home.at(tag), "-t", name, "--no-creation-time", ...flags];
  const built = await home.run(args, { env: { SOURCE_DATE_EPOCH: "1770000000" } });
  assert.equal(built.code, 0, built.stderr);
  return name;
}

const OLD = {
  "config.json": '{"model_type":"llama"}',
  "README.md": "---\nlicense: mit\n---\n",
  "model.safetensors": weights({ a: matrix(2), b: matrix(3), c: matrix(4), d: matrix(5) }),
};
const NEW = {
  "config.json": '{"model_type":"llama"}',
  "LICENSE": "MIT",
  "README.md": "---\nlicense: apache-2.0\n---\n",
  "model.safetensors": weights(
    { a: matrix(2), b: matrix(9), c: matrix(4, "F16"), e: matrix(1) },
    7,
  ),
};

Deno.test("a model is the same as itself, under whatever name", async () => {
  await using home = await Home.open();
  const name = await build(home, "v1", OLD);
  await home.done("tag", name, `${NAME}:again`);
  const { code, stdout } = await home.run(["diff", name, `${NAME}:again`, "--exit-code"]);
  assert.equal(code, 0);
  assert.match(stdout, /The same model: the manifests are equal\n$/);
});

Deno.test("diff tells files, facts and tensors apart, and --exit-code ends with 1", async () => {
  await using home = await Home.open();
  const [old, young] = [await build(home, "v1", OLD), await build(home, "v2", NEW)];
  const { code, stdout } = await home.run(["diff", old, young, "--tensors", "--exit-code"]);
  assert.equal(code, 1);
  const [, files, facts, tensors, summary] = stdout.split("\n\n");
  assert.match(
    files ?? "",
    /^\+ LICENSE \(3 B\)\n~ model\.safetensors \(.*\)\n~ README\.md \(.*\)$/m,
  );
  assert.match(facts ?? "", /^license: MIT -> Apache-2\.0$/m);
  assert.match(facts ?? "", /^paramCount: 56 -> 64$/m);
  assert.deepEqual(tensors?.split("\n"), [
    "~ a (changed: float32 2x4)",
    "~ b (new shape: float32 3x4 -> float32 9x4)",
    "~ c (new type: float32 4x4 -> float16 4x4)",
    "- d (removed: float32 5x4)",
    "+ e (added: float32 1x4)",
  ]);
  assert.match(
    summary ?? "",
    /^Files: 1 added, 2 changed, 0 removed, 1 unchanged\nTensors: 0 same, /,
  );
  assert.equal((await home.run(["diff", old, young])).code, 0);
});

Deno.test("a tensor is compared by its own bytes, wherever in its file it is", async () => {
  await using home = await Home.open();
  const old = await build(home, "v1", { "m.safetensors": weights({ a: matrix(2), b: matrix(3) }) });
  const young = await build(home, "v2", {
    "m.safetensors": weights({ new: matrix(7), a: matrix(2), b: matrix(3) }, 9),
  });
  const { tensors } = JSON.parse(await home.done("diff", old, young, "--tensors", "--json"));
  assert.deepEqual(tensors, {
    same: 2,
    changes: [{ name: "new", verdict: "added", to: "float32 7x4" }],
    unread: [],
    unlisted: [],
  });
});

Deno.test("models here and in a registry are compared in any mix, and no weights are fetched", async () => {
  await using home = await Home.open();
  const [old, young] = [await build(home, "v1", OLD), await build(home, "v2", NEW)];
  for (const name of [old, young]) await home.done("push", name);
  const here = JSON.parse(await home.done("diff", old, young, "--tensors", "--json"));
  await home.done("rm", young);
  const mixed = JSON.parse(await home.done("diff", old, young, "--tensors", "--json"));
  const far = JSON.parse(await home.done("diff", old, young, "--remote", "--tensors", "--json"));
  assert.deepEqual([mixed.from.from, mixed.to.from, far.from.from], [
    "local store",
    "registry",
    "registry",
  ]);
  for (const other of [mixed, far]) {
    assert.deepEqual(
      [other.added, other.changed, other.facts, other.same],
      [here.added, here.changed, here.facts, false],
    );
    assert.deepEqual(other.tensors.changes[0], {
      name: "a",
      verdict: "unknown",
      from: "float32 2x4",
      to: "float32 2x4",
    });
    assert.equal(other.tensors.changes.length, 5);
  }
});

Deno.test("a comparison without the tensors of a file that a registry has packed says so, and fails", async () => {
  await using home = await Home.open();
  const old = await build(home, "v1", OLD);
  const young = await build(home, "v2", NEW, "--compression", "gzip");
  for (const name of [old, young]) await home.done("push", name);
  const { code, stdout, stderr } = await home.run(["diff", old, young, "--remote", "--tensors"]);
  assert.equal(code, 10);
  assert.match(stdout, /not all of .*model\.safetensors is known/);
  assert.match(
    stderr,
    /^warning: Not all is compared: of .*model\.safetensors, .* not everything was read/m,
  );
  // What was not read is not taken for what is not there, be it a fact or a tensor.
  assert.doesNotMatch(stdout, /removed:|added:|-> none$/m);
  assert.match(stdout, /^\? d \(unknown, not all of the other model was read: float32 5x4\)$/m);
  assert.match(stdout, /^Tensors: 0 same, 4 unknown \(not all of one model was read\)/m);
  const facts = await home.run(["diff", old, young, "--remote", "--json"]);
  assert.equal(facts.code, 10);
  assert.deepEqual(JSON.parse(facts.stdout).unread, [
    "LICENSE",
    "README.md",
    "config.json",
    "model.safetensors",
  ]);
});

Deno.test("tensors that one model lists are unknown where the other was not all read", async () => {
  await using home = await Home.open();
  const tensors = { a: matrix(2), b: matrix(3) };
  const old = await build(home, "v1", { "m.safetensors": weights(tensors) });
  const others = {
    packed: [{ "n.safetensors": weights({ b: matrix(3), c: matrix(4) }) }, [
      "--compression",
      "zstd",
    ]],
    same: [{ "m.safetensors": weights(tensors), "x.pt": new Uint8Array(9) }, []],
    foreign: [{ "model.pt": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]) }, []],
  } as const;
  for (const [tag, [files, flags]] of Object.entries(others)) {
    const young = await build(home, tag, files, ...flags);
    await home.done("push", young);
    await home.done("rm", young);
    for (const pair of [[old, young], [young, old]]) {
      const { code, stdout } = await home.run(["diff", ...pair, "--tensors", "--json"]);
      const { changes, same } = JSON.parse(stdout).tensors;
      const verdicts = new Set(changes.map(({ verdict }: { verdict: string }) => verdict));
      assert.ok(!verdicts.has("added") && !verdicts.has("removed"), `${tag}: ${[...verdicts]}`);
      if (tag === "same") assert.equal(same, 2);
      else assert.deepEqual([code, [...verdicts], changes.length], [10, ["unknown"], 2], tag);
    }
  }
});

Deno.test("manifests that differ where no file and no fact does are told as that", async () => {
  await using home = await Home.open();
  const files = {
    "Modelfile": "NAME same\nMODEL m.safetensors\n",
    "m.safetensors": weights({ a: matrix(2) }),
  };
  const old = await build(home, "v1", files);
  const young = await build(home, "v2", files, "--annotation", "a=b");
  const { code, stdout } = await home.run(["diff", old, young, "--exit-code"]);
  assert.equal(code, 1);
  assert.match(stdout, /0 changed, 0 removed, 1 unchanged\nThe manifests differ in annotations/);
});

Deno.test("a model that is nowhere, and what is no model, end as for inspect", async () => {
  await using home = await Home.open();
  const name = await build(home, "v1", OLD);
  const { code, stderr } = await home.run(["diff", name, `${NAME}:v2`]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot find "registry\.test\/models\/tiny:v2"/);
  assert.equal((await home.run(["diff", name])).code, 2);
});

/** The events of progress that a run has written. */
function eventsOf(stderr: string): Record<string, unknown>[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

Deno.test("diff --tensors tells how far the hashing is, and hashes what headers leave open alone", async () => {
  await using home = await Home.open();
  const old = await build(home, "v1", {
    "a.safetensors": weights({ a: matrix(2), gone: matrix(3) }),
    "b.safetensors": weights({ b: matrix(5) }),
  });
  const young = await build(home, "v2", {
    "a.safetensors": weights({ a: matrix(2) }, 7),
    "b.safetensors": weights({ b: matrix(5) }),
  });
  const { code, stderr } = await home.run(["diff", old, young, "--tensors", "--progress", "json"]);
  assert.equal(code, 0, stderr);
  const events = eventsOf(stderr);
  assert.deepEqual(events[0], { state: "plan", phase: "hash", files: 2, size: 64 });
  const done = events.filter(({ state }) => state === "done");
  assert.deepEqual(done.map(({ name, phase, bytes, size }) => [name, phase, bytes, size]), [
    ["a.safetensors", "hash", 32, 32],
    ["a.safetensors", "hash", 32, 32],
  ]);
});

Deno.test("nothing is hashed of a model that is compared with one in a registry", async () => {
  await using home = await Home.open();
  const [old, young] = [await build(home, "v1", OLD), await build(home, "v2", NEW)];
  for (const name of [old, young]) await home.done("push", name);
  await home.done("rm", young);
  const { stderr } = await home.run(["diff", old, young, "--tensors", "--progress", "json"]);
  assert.deepEqual(eventsOf(stderr), []);
});

Deno.test("tensors in compressed layers are compared by their bytes too", async () => {
  await using home = await Home.open();
  for (const compression of ["gzip", "zstd"]) {
    const old = await build(home, `${compression}-1`, {
      "m.safetensors": weights({ a: matrix(2), b: matrix(3), c: matrix(4) }),
    });
    const young = await build(
      home,
      `${compression}-2`,
      { "m.safetensors": weights({ a: matrix(2), b: matrix(3), c: matrix(4) }, 5) },
      "--compression",
      compression,
    );
    const { tensors } = JSON.parse(await home.done("diff", old, young, "--tensors", "--json"));
    assert.deepEqual([tensors.same, tensors.changes], [2, [
      { name: "a", verdict: "changed", from: "float32 2x4", to: "float32 2x4" },
    ]]);
  }
});

Deno.test("a diff that is cancelled ends with the reason, and changes nothing", async () => {
  await using home = await Home.open();
  const [old, young] = [await build(home, "v1", OLD), await build(home, "v2", NEW)];
  const stopper = new AbortController();
  const { code, stdout } = await home.run(["diff", old, young, "--tensors", "--progress", "json"], {
    signal: stopper.signal,
    onStderr: (text) => text.includes('"start"') && stopper.abort(),
  });
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
});
