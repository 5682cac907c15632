import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { FakeRegistry } from "../support/fake_registry.ts";
import { tempFolder } from "../support/temp.ts";
import { BundleProgram } from "./bundle_program.ts";
import { runIn, type RunOptions } from "./support.ts";

const SPEC = `name: demo
version: "1.0.0"
layers: [{ name: code, type: code, files: ["src/**"] }, { name: data, type: data, files: ["data/**"] }]
roles: { default: [code, data] }
external_rules: [{ pattern: "data/*.bin", uri_template: "az://c/{path}" }]
`;

const posix = { ignore: Deno.build.os === "windows" } as const;

/** A workspace of a published bundle, and the program of whoever works in it. */
class Workspace extends BundleProgram {
  static async make(options: RunOptions = {}, ...flags: string[]): Promise<Workspace> {
    const made = new Workspace(await tempFolder(), options);
    const files = {
      "modelops.yaml": SPEC,
      "src/a.py": "a\n",
      "src/b.py": "b\n",
      "src/c.py": "c\n",
    };
    for (const [path, text] of Object.entries(files)) await made.folder.write(`work/${path}`, text);
    for (const path of ["one.bin", "two.bin"]) await made.folder.write(`work/data/${path}`, path);
    await made.done("push", made.at("work"));
    await made.done("materialize", "demo:1.0.0", made.at("ws"), ...flags);
    return made;
  }

  /** Exports the workspace twice, and returns the warnings and what the document says. */
  async export(options = this.options) {
    const args = ["export", this.at("ws"), this.at("out.tar")];
    const { code, stderr } = await this.run(args, options);
    assert.equal(code, 0, stderr);
    const { stdout } = await this.run([...args, "--json"], options);
    const said = stderr.split("\n").filter((line) => !line.startsWith("packed ")).join("\n");
    return { stderr: said, ...JSON.parse(stdout) };
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(dirname(this.at("ws", path)), { recursive: true });
    await Deno.writeTextFile(this.at("ws", path), text);
  }
}

const pointer = (path: string) => `.mops/ptr/${path}.json`;

Deno.test("an export of a workspace as it was materialized says nothing, and that nothing changed", async () => {
  for (const flags of [[], ["--prefetch-external"], ["--include=src/a.py"], ["--layers=code"]]) {
    await using workspace = await Workspace.make({}, ...flags);
    const { stderr, changed } = await workspace.export();
    assert.deepEqual([stderr, changed], ["", []], flags.join());
  }
});

Deno.test(
  "an export of a changed workspace names each kind of change, and is the archive all the same",
  posix,
  async () => {
    const rows: {
      name: string;
      change: (workspace: Workspace) => Promise<void>;
      changed: Record<string, string>[];
    }[] = [
      {
        name: "content of another size",
        change: (workspace) => workspace.write("src/a.py", "longer\n"),
        changed: [{ path: "src/a.py", change: "modified", reason: "got 7 bytes, want 2" }],
      },
      {
        name: "content of the same size",
        change: (workspace) => workspace.write("src/a.py", "A\n"),
        changed: [{
          path: "src/a.py",
          change: "modified",
          reason: "its content has another digest",
        }],
      },
      {
        name: "a file added",
        change: (workspace) => workspace.write("src/deep/new.py", ""),
        changed: [{ path: "src/deep/new.py", change: "added" }],
      },
      {
        name: "a file removed",
        change: (workspace) => Deno.remove(workspace.at("ws/src/b.py")),
        changed: [{ path: "src/b.py", change: "removed" }],
      },
      {
        name: "a file that may be executed now",
        change: (workspace) => Deno.chmod(workspace.at("ws/src/c.py"), 0o755),
        changed: [{
          path: "src/c.py",
          change: "modified",
          reason: "it has become executable",
        }],
      },
      {
        name: "a pointer of another content",
        change: async (workspace) => {
          const text = await Deno.readTextFile(workspace.at("ws", pointer("data/one.bin")));
          await workspace.write(
            pointer("data/one.bin"),
            text.replace(/"sha256":"[0-9a-f]{4}/, '"sha256":"0000'),
          );
        },
        changed: [{
          path: "data/one.bin",
          change: "modified",
          reason: "its pointer is of another content",
        }],
      },
      {
        name: "a pointer removed",
        change: (workspace) => Deno.remove(workspace.at("ws", pointer("data/two.bin"))),
        changed: [{
          path: "data/two.bin",
          change: "removed",
          reason: "it has no readable pointer",
        }],
      },
      {
        name: "a pointer added",
        change: async (workspace) => {
          const text = await Deno.readTextFile(workspace.at("ws", pointer("data/one.bin")));
          await workspace.write(
            pointer("data/six.bin"),
            text.replaceAll("data/one.bin", "data/six.bin"),
          );
        },
        changed: [{ path: pointer("data/six.bin"), change: "added" }],
      },
      {
        name: "an external file that is here now, with other content",
        change: (workspace) => workspace.write("data/one.bin", "mine"),
        changed: [{ path: "data/one.bin", change: "modified", reason: "got 4 bytes, want 7" }],
      },
    ];
    for (const { name, change, changed: expected } of rows) {
      await using workspace = await Workspace.make();
      await change(workspace);
      const { stderr, changed, digest } = await workspace.export();
      assert.deepEqual(changed, expected, name);
      const lines = expected.map(({ path, change, reason }) =>
        `  "${path}": ${change}${reason === undefined ? "" : `, ${reason}`}\n`
      );
      assert.equal(
        stderr,
        `warning: "${workspace.at("ws")}" is not as it was materialized: 1 file changed\n` +
          lines.join(""),
        name,
      );
      // Nothing of the comparison is in the archive: a folder of the same files gives the same.
      const copy = workspace.at("copy.tar");
      await workspace.done("import", workspace.at("out.tar"), workspace.at("copy"));
      const { stdout } = await workspace.run(["export", workspace.at("copy"), copy, "--json"]);
      assert.equal(JSON.parse(stdout).digest, digest, name);
    }
  },
);

Deno.test("many changes are counted, and the first of them named", async () => {
  await using workspace = await Workspace.make();
  for (let index = 10; index < 35; index++) await workspace.write(`new/${index}`, "");
  const { stderr, changed } = await workspace.export();
  assert.equal(changed.length, 25);
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines[0], /^warning: .* 25 files changed$/);
  assert.equal(lines.length, 12);
  assert.equal(lines.at(-1), "  and 15 more; --json lists them all");
});

Deno.test("an archive that lies in its own workspace is no change of it", async () => {
  await using workspace = await Workspace.make();
  const args = ["export", workspace.at("ws"), workspace.at("ws/out.tar"), "--json"];
  for (let turn = 0; turn < 2; turn++) {
    const { stdout, stderr } = await workspace.run(args);
    assert.deepEqual([stderr, JSON.parse(stdout).changed], ["", []]);
  }
});

Deno.test("a workspace from a registry is compared without the network", async () => {
  const registry = new FakeRegistry();
  const env = { REGISTRY_REPO: "registry.test/models" };
  await using workspace = await Workspace.make({ env, transport: registry.transport });
  await workspace.write("src/a.py", "other\n");
  const { changed } = await workspace.export({ env });
  assert.deepEqual(changed.map(({ path }: { path: string }) => path), ["src/a.py"]);
});

Deno.test("an export says that it cannot be compared, and why", async () => {
  const registry = new FakeRegistry();
  const env = { REGISTRY_REPO: "registry.test/models" };
  const rows: [name: string, flags: string[], spoil: (workspace: Workspace) => unknown, RegExp][] =
    [
      ["nothing was kept", ["--no-cache"], () => undefined, /^sha256:[0-9a-f]{64} is not on this/],
      [
        "the local store is gone",
        [],
        (workspace) => Deno.remove(workspace.at("store"), { recursive: true }),
        /^sha256:[0-9a-f]{64} is not on this machine$/,
      ],
      [
        "the provenance is malformed",
        [],
        (workspace) => workspace.write(".mops/.mops-manifest.json", "{}"),
        /^Cannot read .*manifest_digest/,
      ],
      [
        "the provenance names a role that the bundle does not have",
        [],
        async (workspace) => {
          const path = ".mops/.mops-manifest.json";
          const text = await Deno.readTextFile(workspace.at("ws", path));
          await workspace.write(path, text.replace('"role":"default"', '"role":"other"'));
        },
        /^Cannot use role "other"/,
      ],
    ];
  for (const [name, flags, spoil, reason] of rows) {
    await using workspace = await Workspace.make({ env, transport: registry.transport }, ...flags);
    await spoil(workspace);
    const { stderr, changed, notCompared } = await workspace.export({ env });
    assert.match(stderr, /^warning: ".*ws" could not be compared with its bundle: .*\n$/, name);
    assert.equal(changed, null, name);
    assert.match(notCompared, reason, name);
  }
});

Deno.test("a folder that no bundle was materialized into is exported without a word", async () => {
  await using folder = await tempFolder();
  await folder.write("plain/a", "a");
  const run = async (...more: string[]) =>
    await runIn(["bundle", "export", folder.join("plain"), folder.join("a.tar"), ...more], {
      home: folder.join("home"),
    });
  assert.doesNotMatch((await run()).stderr, /warning/);
  const { changed, notCompared } = JSON.parse((await run("--json")).stdout);
  assert.deepEqual([changed, notCompared], [null, "no bundle was materialized into the folder"]);
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(join(folder.path, "plain"))).then((all) => all.length),
    1,
  );
});
