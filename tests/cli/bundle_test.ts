import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { textOf } from "../../src/cli/output/bundle_text.ts";
import { BUNDLE_COMMANDS } from "../../src/cli/bundle_commands.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { startsWithHost } from "../../src/oci/reference.ts";
import { tempFolder } from "../support/temp.ts";
import { BundleProgram } from "./bundle_program.ts";

const SPEC = `# A comment that stays
apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0", description: A small one }
spec:
  layers:
    - { name: code, type: code, files: ["src/**"] }
    - { name: config, type: config, files: ["config/**"] }
    - { name: data, type: data, files: ["data/**"] }
  roles:
    default: [config]
    runtime: [code, config]
    training: [code, config, data]
  external_rules:
    - { pattern: "data/*.bin", uri_template: "az://cont1/b/{path}", tier: cool }
`;

const FILES = {
  "src/a.py": "print(1)\n",
  "src/ünïcode/模型.py": "",
  "config/base.yaml": "x: 1\n",
  "data/ten.bin": "0123456789",
};

/** A working directory, a local store and an object store, all empty but the first. */
class BundleHome extends BundleProgram {
  static async make(): Promise<BundleHome> {
    const folder = await tempFolder();
    await folder.write("work/modelops.yaml", SPEC);
    for (const [name, text] of Object.entries(FILES)) await folder.write(`work/${name}`, text);
    return new BundleHome(folder);
  }

  /** Runs a command and returns its JSON document. */
  // deno-lint-ignore no-explicit-any -- the tests say what is in the documents
  async json(...args: string[]): Promise<any> {
    const { stdout, stderr } = await this.run([...args, "--json"]);
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  }

  /** Runs a command that has to fail, and returns its code and what it says of it. */
  async failed(...args: string[]): Promise<[code: number, stderr: string]> {
    const { code, stdout, stderr } = await this.run(args);
    assert.equal(stdout, "", stderr);
    return [code, stderr];
  }

  /** The text of every file below a folder, but those of logs. */
  async tree(...parts: string[]): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const walk = async (folder: string, prefix: string) => {
      for await (const { name, isDirectory } of Deno.readDir(folder)) {
        const path = `${prefix}${name}`;
        if (name === "logs") continue;
        if (isDirectory) await walk(join(folder, name), `${path}/`);
        else found[path] = await Deno.readTextFile(join(folder, name));
      }
    };
    await walk(this.at(...parts), "");
    return found;
  }

  async exists(...parts: string[]): Promise<boolean> {
    return await Deno.lstat(this.at(...parts)).then(() => true, () => false);
  }
}

/** The files of a workspace that are not ours. */
function content(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !path.startsWith(".mops/")));
}

function digestIn(text: string): string {
  return /sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? "none";
}

Deno.test("a bundle goes round: push, resolve, materialize, verify, export, import, diff", async () => {
  await using home = await BundleHome.make();
  const at = (...parts: string[]) => home.at(...parts);

  const pushed = await home.done("push", at("work"));
  const digest = digestIn(pushed);
  assert.equal(
    pushed,
    `Pushed bundle models/demo:1.0.0\nManifest digest: ${digest}\nFiles: 4 total, 1 external\n` +
      `Size: 24 B\nTags: 1.0.0\nSuccessfully pushed bundle from ${at("work")}\n`,
  );

  const identity = `Bundle: demo:1.0.0\nManifest: ${digest}\nSize: 24 B\n`;
  const roles = "Roles\n  Role      Layers\n  default   config\n  runtime   code, config\n" +
    "  training  code, config, data\n";
  assert.equal(await home.done("resolve", "demo:1.0.0"), identity + roles);
  assert.equal(
    await home.done("resolve", "demo:1.0.0", "--verbose"),
    `${identity}Reference type: name:version\nExternal index: present\n` +
      `Repository: models/demo\n${roles}`,
  );
  for (const ref of [digest, `@${digest}`, `demo@${digest}`]) {
    assert.equal(digestIn(await home.done("resolve", ref)), digest, ref);
  }

  const { "config/base.yaml": base, "data/ten.bin": _external, ...code } = FILES;
  const config = { "config/base.yaml": base };
  const wanted: Record<string, Record<string, string>> = {
    default: config,
    runtime: { ...code, ...config },
    training: { ...code, ...config },
  };
  for (const [role, files] of Object.entries(wanted)) {
    const flags = role === "default" ? [] : ["--role", role];
    const said = await home.done("materialize", "demo:1.0.0", at(role), ...flags);
    assert.equal(said.split("\n")[0], `Materialized demo:1.0.0 to ${at(role)}`);
    assert.equal(said.split("\n")[1], `Role: ${role}`);
    assert.deepEqual(content(await home.tree(role)), files);
    assert.match(await home.done("verify", at(role)), /^Verified .*\nFiles: \d as they must be/);
  }

  const prefetch = ["--role=training", "--prefetch-external"];
  await home.done("pull", "demo:1.0.0", at("training"), ...prefetch);
  assert.deepEqual(content(await home.tree("training")), FILES);
  assert.match(await home.done("verify", "demo:1.0.0", "--read-external"), /\nRead: 24 B\n$/);

  const archive = at("demo.tar.zst");
  assert.equal(
    await home.done("export", at("training"), archive, "--include-external"),
    `Exported ${at("training")} to ${archive}\nExternal data: included\n`,
  );
  assert.equal(
    await home.done("import", archive, at("imported")),
    `Imported ${archive} to ${at("imported")}\n`,
  );
  assert.deepEqual(await home.tree("imported"), await home.tree("training"));
  assert.match(await home.done("verify", at("imported")), /^Verified /);

  for (const to of [at("imported"), archive, at("work")]) {
    const said = await home.done("diff", "demo:1.0.0", to);
    assert.equal(
      said,
      `Diff from demo:1.0.0 to ${to}\n0 added, 0 modified, 0 removed, 4 unchanged\n`,
    );
  }
});

Deno.test("layers and patterns choose files", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const rows: [string[], string[]][] = [
    [["--layers", "code"], ["src/a.py", "src/ünïcode/模型.py"]],
    [["--layers=code,config", "--include=*.yaml"], ["config/base.yaml"]],
    [["--role=runtime", "--include", "*.py", "--exclude", "src/ünïcode"], ["src/a.py"]],
  ];
  for (const [index, [flags, paths]] of rows.entries()) {
    const folder = `chosen${index}`;
    const said = await home.done("materialize", "demo:1.0.0", home.at(folder), ...flags);
    assert.match(said, /\nLayers: code/);
    assert.deepEqual(Object.keys(content(await home.tree(folder))).sort(), paths);
    // What was left out on purpose is not missed.
    assert.match(await home.done("verify", home.at(folder)), /^Verified /);
  }
});

Deno.test("a pattern that brings no file is named, by a dry run as well", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const asked = ["materialize", "demo:1.0.0", home.at("ws"), "--role", "runtime"];
  const line = [...asked, "--include", "*.py", "--include"];
  for (const more of [["--dry-run"], []]) {
    const { code, stderr } = await home.run([...line, "*.pyy", ...more]);
    assert.equal(code, 0, stderr);
    assert.equal(
      stderr.match(/^warning: .*$/gm)?.join(),
      'warning: No file of the chosen layers matches "*.pyy"',
    );
  }
  assert.doesNotMatch((await home.run([...line, "*.py"])).stderr, /warning/);
});

Deno.test("push and resolve as JSON have stable names", async () => {
  await using home = await BundleHome.make();
  const pushed = await home.json("push", home.at("work"), "--tag", "stable", "--tag=latest");
  assert.deepEqual(pushed.tags, ["1.0.0", "stable", "latest"]);
  assert.deepEqual(
    [pushed.reference, pushed.files, pushed.external, pushed.dryRun, pushed.upToDate],
    ["models/demo:1.0.0", 4, { uploaded: 1, skipped: 0, uploadedBytes: 10 }, false, false],
  );
  const { layerIndexes: indexes, ...resolved } = await home.json("resolve", "demo:latest");
  assert.deepEqual(Object.keys(indexes), ["code", "config", "data"]);
  assert.match(indexes.code, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(resolved, {
    name: "demo",
    version: "1.0.0",
    description: "A small one",
    repository: "models/demo",
    manifestDigest: pushed.digest,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    roles: {
      default: ["config"],
      runtime: ["code", "config"],
      training: ["code", "config", "data"],
    },
    layers: ["code", "config", "data"],
    externalIndexPresent: true,
    totalSize: 24,
  });
  assert.equal((await home.json("push", home.at("work"))).upToDate, true);
});

Deno.test("materialize, verify, export and import as JSON have stable names", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const ws = home.at("ws");
  const made = await home.json("materialize", "demo:1.0.0", ws, "--role", "training");
  assert.deepEqual(
    [made.bundle.name, made.selectedRole, made.selectedLayers, made.destPath, made.dryRun],
    ["demo", "training", ["code", "config", "data"], ws, false],
  );
  assert.deepEqual(made.files.at(0), {
    path: "config/base.yaml",
    action: "create",
    size: 5,
    kind: "registry",
    layer: "config",
  });
  assert.deepEqual(made.counters, {
    created: 3,
    replaced: 0,
    kept: 0,
    pointers: 1,
    bytesWritten: 14,
    // The local store has them.
    bytesFetched: 0,
    bytesPrefetched: 0,
  });

  const verified = await home.json("verify", ws);
  assert.deepEqual(
    [verified.target, verified.ok, verified.missing, verified.modified, verified.extra],
    [ws, true, [], [], []],
  );

  const archive = home.at("ws.tar");
  const { digest, size, ...exported } = await home.json("export", ws, archive);
  const bytes = await Deno.readFile(archive);
  assert.deepEqual([digest, size], [digestBytes(bytes), bytes.length]);
  assert.deepEqual(exported, {
    workingDir: ws,
    path: archive,
    compression: "none",
    files: 5,
    folders: 6,
    includeExternal: false,
    pointersOnly: ["data/ten.bin"],
    changed: [],
  });

  const imported = await home.json("import", archive, home.at("again"));
  assert.equal(imported.manifestDigest, made.bundle.manifestDigest);
  assert.deepEqual(imported.pointersOnly, ["data/ten.bin"]);
  assert.deepEqual([imported.counters.created, imported.counters.kept], [5, 0]);
});

Deno.test("scan, plan and diff tell what there is, where it goes and what changed", async () => {
  await using home = await BundleHome.make();
  const work = home.at("work");
  const scanned = await home.done("scan", work);
  assert.match(scanned, /^Scanned .*\nBundle: demo:1\.0\.0\ncode +9 B +0644 +src\/a\.py\n/);
  assert.match(scanned, /\nLayer code: 2 files, 9 B\n(?:.*\n)*Total: 4 files, 24 B\n$/);
  const { layers, totalSize } = await home.json("scan", work);
  assert.deepEqual([layers.length, totalSize], [3, 24]);

  const plan = await home.done("plan", work);
  assert.match(plan, /\nexternal +10 B +data\/ten\.bin +matches rule "data\/\*\.bin"\n/);
  assert.match(plan, /\nRegistry: 3 files, 14 B\nExternal: 1 file, 10 B\n$/);
  assert.doesNotMatch(plan, /az:/);
  const preview = await home.done("plan", work, "--external-preview");
  assert.match(
    preview,
    /\nExternal files\ndata\/ten\.bin +az:\/\/cont1\/b\/data\/ten\.bin +cool .*\n/,
  );
  const { totals } = await home.json("plan", work);
  assert.deepEqual([totals.registryCount, totals.externalSize], [3, 10]);

  await home.done("push", work);
  await home.folder.write("work/src/new.py", "new\n");
  await home.folder.write("work/config/base.yaml", "x: 22\n");
  await Deno.remove(home.at("work/src/a.py"));
  assert.equal(
    await home.done("diff", "demo:1.0.0", work),
    `Diff from demo:1.0.0 to ${work}\n+ src/new.py (4 B)\n~ config/base.yaml (5 B -> 6 B)\n` +
      "- src/a.py (9 B)\n1 added, 1 modified, 1 removed, 2 unchanged\n",
  );
  const diff = await home.json("diff", "demo:1.0.0", work);
  assert.deepEqual([diff.identical, diff.modified[0].newSize], [false, 6]);
});

Deno.test("the files of scan and plan fit a terminal, and are whole elsewhere", async () => {
  await using home = await BundleHome.make();
  const path = `data/${"nested/".repeat(8)}twenty.bin`;
  await home.folder.write(`work/${path}`, "x".repeat(20));
  for (const command of ["scan", "plan"]) {
    assert.ok((await home.done(command, home.at("work"))).includes(path));
    for (const columns of [40, 80]) {
      const { stdout } = await home.run([command, home.at("work")], { terminal: true, columns });
      const lines = stdout.split("\n").filter((line) => line.includes(" B "));
      assert.equal(lines.length, 5, stdout);
      assert.ok(lines.every((line) => line.length <= columns), stdout);
    }
  }
  await home.done("push", home.at("work"));
  const dryRun = ["materialize", "demo:1.0.0", home.at("ws"), "--role", "training", "--dry-run"];
  assert.ok((await home.done(...dryRun)).includes(path));
  const { stdout } = await home.run(dryRun, { terminal: true, columns: 40 });
  const lines = stdout.split("\n").filter((line) => /^(create|pointer) /.test(line));
  assert.ok(lines.length > 1 && lines.every((line) => line.length <= 40), stdout);
});

Deno.test("diff ends with 10 where links were not compared, after what it found", async () => {
  await using home = await BundleHome.make();
  const [from, to] = [home.at("from"), home.at("to")];
  for (const place of ["from", "to"]) await home.folder.write(`${place}/a.txt`, "a");
  await Deno.symlink("a.txt", `${to}/link`);
  const { code, stdout, stderr } = await home.run(["diff", from, to]);
  assert.deepEqual(
    [code, stderr],
    [10, 'warning: "link" is not compared: it is a symbolic link\n'],
  );
  assert.match(stdout, /\n0 added, 0 modified, 0 removed, 1 unchanged, 1 not compared\n$/);
  const { identical, unread } = JSON.parse((await home.run(["diff", from, to, "--json"])).stdout);
  assert.deepEqual([identical, unread], [false, ["link"]]);
});

Deno.test("a raised version is written into the spec, which keeps its comments", async () => {
  await using home = await BundleHome.make();
  const said = await home.done("push", home.at("work"), "--bump", "minor");
  assert.match(said, /\nVersion bump: minor \(1\.0\.0 -> 1\.1\.0\)\n/);
  assert.equal(
    await Deno.readTextFile(home.at("work/modelops.yaml")),
    SPEC.replace("1.0.0", "1.1.0"),
  );
});

Deno.test("a tag that names another bundle moves with --force only", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  await home.folder.write("work/src/a.py", "print(2)\n");
  const [code, stderr] = await home.failed("push", home.at("work"), "--no-progress");
  assert.equal(code, 12);
  assert.match(stderr, /^error: Cannot publish "models\/demo:1\.0\.0": .*\nhint: .*--force\n$/);
  await home.done("push", home.at("work"), "--force", "--tag", "latest");
  await home.folder.write("work/src/a.py", "print(3)\n");
  // Another version would not help: it is the other tag that would move.
  const raised = ["push", home.at("work"), "--bump", "patch", "--tag", "latest", "--no-progress"];
  assert.match(
    (await home.failed(...raised))[1],
    /demo:latest": .*\nhint: move the tag with --force\n$/,
  );
  await home.done(...raised, "--force");
});

Deno.test("a dry run changes nothing anywhere", async () => {
  await using home = await BundleHome.make();
  const work = home.at("work");
  const spec = await home.tree("work");
  const said = await home.done("push", work, "--dry-run", "--bump=patch");
  assert.match(said, /^Would push bundle models\/demo:1\.0\.1\n/);
  assert.deepEqual(await home.tree("work"), spec);
  assert.equal(await home.exists("objects"), false);
  assert.equal(await home.exists("store", "content.v1"), false);

  await home.done("push", work);
  const plan = await home.done("materialize", "demo:1.0.0", home.at("ws"), "--dry-run");
  assert.match(plan, /^create +5 B +config\/base\.yaml\nWould materialize demo:1\.0\.0 to .*\n/);
  assert.match(plan, /\nFiles: 1 to create\nBytes to move: 5 B\nDisk: 5 B needed, .* free\n$/);
  assert.equal(await home.exists("ws"), false);

  await home.done("export", work, home.at("a.tar"));
  const imported = await home.done("import", home.at("a.tar"), home.at("ws"), "--dry-run");
  assert.match(
    imported,
    /\nWould import .*\nFiles: 5 to create\nBytes to move: 517 B\nDisk: .*\n$/,
  );
  assert.equal(await home.exists("ws"), false);
});

Deno.test("all conflicts are told, one on a line, and nothing is written", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  await home.folder.write("ws/src/a.py", "mine\n");
  await home.folder.write("ws/config/base.yaml", "y: 1\n");
  const before = await home.tree("ws");
  const args = ["materialize", "demo:1.0.0", home.at("ws"), "--role=runtime"];
  const [code, stderr] = await home.failed(...args, "--ci");
  assert.equal(code, 12);
  const lines = stderr.split("\n");
  assert.match(lines[0]!, /^error: Cannot write to workspace ".*": 2 problems$/);
  assert.match(lines[1]!, /^ {2}"config\/base\.yaml": a different file is there: got sha256:/);
  assert.match(lines[2]!, /^ {2}"src\/a\.py": a different file is there: got 5 bytes, want 9$/);
  assert.match(lines[3]!, /^hint: .*--overwrite/);
  assert.deepEqual(await home.tree("ws"), before);

  const { error, conflicts, conflictCount } = await home.json(...args);
  assert.deepEqual([error.code, error.kind, conflictCount], [12, "conflict", 2]);
  assert.deepEqual(
    conflicts.map(({ path }: { path: string }) => path),
    ["config/base.yaml", "src/a.py"],
  );

  await home.done(...args, "--overwrite");
  assert.equal((await home.tree("ws"))["src/a.py"], FILES["src/a.py"]);
});

Deno.test("a dry run with conflicts shows the plan and fails as the run would", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  await home.done("export", home.at("work"), home.at("a.tar"));
  await home.folder.write("ws/config/base.yaml", "mine\n");
  const rows = [
    ["materialize", "demo:1.0.0", home.at("ws"), "--dry-run"],
    ["import", home.at("a.tar"), home.at("ws"), "--dry-run"],
  ];
  for (const args of rows) {
    const { code, stdout, stderr } = await home.run(args);
    assert.equal(code, 12);
    assert.match(stdout, /^conflict +5 B +config\/base\.yaml$/m);
    assert.match(stdout, /1 in conflict/);
    assert.match(stderr, /error: Cannot write to workspace/);
    // Said once: there is but one.
    assert.equal(stderr.match(/a different file is there/g)?.length, 1);
    const { error, dryRun, files, conflictCount } = await home.json(...args);
    assert.deepEqual([error.code, dryRun, conflictCount], [12, true, 1]);
    assert.ok(files.some(({ action }: { action: string }) => action === "conflict"));
  }
  assert.deepEqual(await home.tree("ws"), { "config/base.yaml": "mine\n" });
});

Deno.test("verify names everything that is missing or modified, and fails with 5", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const ws = home.at("ws");
  await home.done("materialize", "demo:1.0.0", ws, "--role=runtime");
  await home.folder.write("ws/src/a.py", "print(2)\n");
  await home.folder.write("ws/notes.txt", "mine\n");
  await Deno.remove(home.at("ws/config/base.yaml"));
  const [code, stderr] = await home.failed("verify", ws);
  assert.equal(code, 5);
  assert.match(stderr, /error: Cannot verify ".*": 1 file missing, 1 file modified\n/);
  assert.match(
    stderr,
    /\n {2}"config\/base\.yaml": missing\n {2}"src\/a\.py": modified, its .*\nhint: /,
  );
  const { error, ok, missing, modified, extra } = await home.json("verify", ws);
  assert.deepEqual(
    [error.code, ok, missing, modified, extra],
    [5, false, ["config/base.yaml"], ["src/a.py"], ["notes.txt"]],
  );

  await Deno.remove(home.at("objects"), { recursive: true });
  const [gone, reason] = await home.failed("verify", "demo:1.0.0");
  assert.equal(gone, 5);
  assert.match(reason, /"data\/ten\.bin": missing/);
});

Deno.test("the command that verify hints at brings back what is missing or modified", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const choices = [
    ["--role", "training", "--prefetch-external"],
    ["--layers", "data,code", "--exclude", "*.none", "--prefetch-external"],
  ];
  for (const [index, choice] of choices.entries()) {
    const folder = `a folder ${index}`;
    await home.done("materialize", "demo:1.0.0", home.at(folder), ...choice);
    const paths = Object.keys(content(await home.tree(folder)));
    assert.ok(paths.includes("data/ten.bin") && paths.length > 2, paths.join());
    for (const path of paths) await home.folder.write(`${folder}/${path}`, "changed");
    await Deno.remove(home.at(folder, "src/a.py"));
    const [code, stderr] = await home.failed("verify", home.at(folder));
    assert.equal(code, 5);
    const [, command = ""] = /hint: bring them back with `modelops bundle (.*)`\n$/.exec(stderr) ??
      [];
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) =>
      quoted ?? plain!
    );
    await home.done(...words);
    assert.match(await home.done("verify", home.at(folder)), /^Verified /);
  }
});

Deno.test("every failure has its exit code, and says why on standard error", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  await putForeign(home);
  const [work, ws] = [home.at("work"), home.at("ws")];
  const rows: [code: number, reason: RegExp, ...args: string[]][] = [
    [1, /demo:9/, "resolve", "demo:9.9.9"],
    [1, /sha256:0000/, "resolve", `sha256:${"0".repeat(64)}`],
    [1, /nowhere/, "verify", "nowhere:1"],
    [2, /no name/, "resolve", "no name"],
    [2, /sha256:abc/, "resolve", "sha256:abc"],
    [2, /the argument "bundle" is missing/, "resolve"],
    [2, /the argument "folder" is missing/, "materialize", "demo:1.0.0"],
    [2, /unknown option "--provider"/, "resolve", "demo:1.0.0", "--provider", "fake"],
    [2, /unknown command "resolv"/, "resolv", "demo:1.0.0"],
    [2, /--layers/, "materialize", "demo:1.0.0", ws, "--layers", ","],
    [2, /Cannot use patterns/, "materialize", "demo:1.0.0", ws, "--include", ""],
    [2, /true or false/, "materialize", "demo:1.0.0", ws, "--overwrite=maybe"],
    [1, /no such folder/, "export", home.at("nowhere"), home.at("a.tar")],
    [12, /is in the way/, "materialize", "demo:1.0.0", home.at("work", "modelops.yaml")],
    [2, /it is not a folder/, "export", home.at("work/modelops.yaml"), home.at("a.tar")],
    [2, /must end in \.tar\.zst/, "export", work, home.at("a.zip")],
    [2, /must end in \.tar/, "export", work, home.at("a.tar.zst"), "--compression", "none"],
    [5, /Cannot read archive ".*modelops\.yaml": it is/, "resolve", home.at("work/modelops.yaml")],
    [5, /Cannot read archive ".*base\.yaml": it is/, "diff", home.at("work/config/base.yaml")],
    [5, /Cannot read archive ".*a\.py": it is/, "import", home.at("work/src/a.py"), ws],
    [1, /Cannot describe ".*nowhere": there is no such folder/, "init", home.at("nowhere")],
    [1, /Cannot find a bundle in ".*nowhere": there is no such/, "push", home.at("nowhere")],
    [1, /Cannot find a bundle in ".*nowhere": there is no such/, "scan", home.at("nowhere")],
    [2, /compression/, "export", work, home.at("a.tar"), "--compression", "gzip"],
    [2, /from 1 to 22/, "export", work, home.at("a.zst"), "--zstd-level", "23"],
    [2, /from 1 to 22/, "export", work, home.at("a.zst"), "--zstd-level=x"],
    [2, /bump/, "push", work, "--bump", "tiny"],
    [2, /as a tag/, "push", work, "--tag", "no tag"],
    [2, /whole number greater than 0/, "push", work, "-c", "0"],
    [2, /modelops\.yaml/, "push", home.at("objects")],
    [2, /modelops\.yaml/, "scan", home.at("objects")],
    [2, /modelops\.yaml/, "plan", home.at("objects")],
    [10, /foreign/, "resolve", "foreign:1"],
    [11, /its roles are "default", "runtime", "training"/, "pull", "demo:1.0.0", ws, "--role=x"],
    [11, /has no layer "x"/, "materialize", "demo:1.0.0", ws, "--layers=code,x"],
  ];
  for (const [code, reason, ...args] of rows) {
    const [found, stderr] = await home.failed(...args);
    assert.equal(found, code, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, /^error: [^\n]+\n/m);
    assert.match(stderr, reason);
  }
  for (const file of ["a.tar", "a.zip", "a.zst", "a.tar.zst", "ws"]) {
    assert.equal(await home.exists(file), false, file);
  }
});

/** An artifact that is no bundle, beside the bundles. */
async function putForeign(home: BundleHome): Promise<void> {
  const store = diskCatalog(home.at("store")).repository("models/foreign");
  const put = async (mediaType: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    const descriptor = { mediaType, digest: digestBytes(bytes), size: bytes.length };
    await store.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const config = await put("application/vnd.oci.image.config.v1+json", "{}");
  const layers = [await put("application/vnd.oci.image.layer.v1.tar", "layer")];
  const manifest = { schemaVersion: 2, mediaType, config, layers };
  await store.tag(await put(mediaType, JSON.stringify(manifest)), "1");
}

Deno.test("variables that cannot be used are named", async () => {
  await using home = await BundleHome.make();
  const rows: [Record<string, string>, RegExp][] = [
    [
      { REGISTRY_REPO: "" },
      /Cannot find bundle "demo:1\.0\.0": no repository for bundles is set\nhint: REGISTRY_REPO is/,
    ],
    [{ REGISTRY_REPO: "Up/Per" }, /Cannot use REGISTRY_REPO "Up\/Per"/],
    [{ OBJECT_STORE: "s3://x" }, /Cannot use OBJECT_STORE/],
    [{ EXTERNAL_TIMEOUT_S: "soon" }, /Cannot use EXTERNAL_TIMEOUT_S/],
    [{ MODELOPS_PROVIDER: "fake" }, /Cannot use provider "fake".*\nhint: unset MODELOPS_PROVIDER/],
  ];
  for (const [env, reason] of rows) {
    const { code, stderr } = await home.run(["resolve", "demo:1.0.0"], { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, reason);
  }
});

Deno.test("a push without a place for bundles says that it stays here, and what to set", async () => {
  await using home = await BundleHome.make();
  const rows: Record<string, string>[] = [
    { REGISTRY_REPO: "" },
    { REGISTRY_REPO: " ", REGISTRY_URL: "localhost:5000" },
  ];
  for (const env of rows) {
    for (const more of [[], ["--dry-run"], ["--bump", "patch", "--dry-run"]]) {
      const { code, stderr } = await home.run(["push", home.at("work"), ...more], { env });
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^error: Cannot push bundle "demo:1\.0\.[01]": it stays on this machine/m,
      );
      assert.match(
        stderr,
        /\nhint: REGISTRY_REPO is not set: write `export .*` to publish it/,
      );
    }
  }
});

Deno.test("what nothing says the files of is not verified", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  await home.done("materialize", "demo:1.0.0", home.at("ws"));
  await Deno.mkdir(home.at("empty"));
  for (const folder of ["work", "empty"]) {
    const [code, stderr] = await home.failed("verify", home.at(folder));
    assert.equal(code, 2);
    assert.match(stderr, /Cannot verify ".*": neither a bundle that can be found nor a pointer/);
  }
  const elsewhere = { env: { REGISTRY_REPO: "elsewhere" } };
  const { code, stderr } = await home.run(["verify", home.at("ws")], elsewhere);
  assert.equal(code, 2, stderr);
});

Deno.test("commands on folders and archives need no settings", async () => {
  await using home = await BundleHome.make();
  const env = { REGISTRY_REPO: "", OBJECT_STORE: "" };
  const [work, archive] = [home.at("work"), home.at("a.tar.zst")];
  for (
    const args of [
      ["scan", work],
      ["plan", work],
      ["resolve", work],
      ["export", work, archive],
      ["import", archive, home.at("ws")],
      ["diff", work, archive],
      ["materialize", archive, home.at("ws2")],
    ]
  ) {
    const { code, stderr } = await home.run(args, { env });
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  }
});

Deno.test("--ci shows no progress; --verbose tells of each file", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const args = (folder: string) => ["materialize", "demo:1.0.0", home.at(folder)];
  const loud = await home.run([...args("a"), "--verbose"]);
  assert.match(loud.stderr, /^extracted config\/base\.yaml 5 B$/m);
  assert.match(loud.stdout, /^create +5 B +config\/base\.yaml\nMaterialized /);
  const quiet = await home.run([...args("b"), "--ci"]);
  assert.match(quiet.stderr, /^Files: 1 created; 5 B written\nLayers that .*\n$/);
});

Deno.test("who takes the default role unasked hears what other roles have", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const left =
    /^Layers that the role default does not have: code, data \(--role runtime or training\)$/m;
  const rows: [args: string[], said: boolean][] = [
    [[], true],
    [["--overwrite"], true],
    [["--role", "default"], false],
    [["--layers", "config"], false],
    [["--json"], false],
    [["--role", "training"], false],
  ];
  for (const [args, said] of rows) {
    const { code, stderr } = await home.run(["materialize", "demo:1.0.0", home.at("ws"), ...args]);
    assert.equal(code, 0, stderr);
    assert.equal(left.test(stderr), said, `${args}: ${stderr}`);
  }
});

Deno.test("what the local store has is not fetched, unless --no-cache", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  const fetched = async (folder: string, ...flags: string[]) => {
    const args = ["materialize", "demo:1.0.0", home.at(folder), "--role=runtime", ...flags];
    return (await home.json(...args)).counters.bytesFetched;
  };
  assert.equal(await fetched("a", "--no-cache"), 14);
  assert.equal(await fetched("b"), 0);
});

Deno.test("verify reads an external file without a recorded SHA-256, unless it may trust its size", async () => {
  await using home = await BundleHome.make();
  await home.done("push", home.at("work"));
  // The file in place of an object is of its size, and nothing was noted about it.
  await Deno.remove(home.at("objects"), { recursive: true });
  await home.folder.write("objects/cont1/b/data/ten.bin", "9876543210");
  const [code, stderr] = await home.failed("verify", "demo:1.0.0");
  assert.equal(code, 5);
  assert.match(stderr, /"data\/ten\.bin": modified/);
  const env = { MODELOPS_ALLOW_STAT_WITHOUT_SHA: "1" };
  const trusting = await home.run(["verify", "demo:1.0.0"], { env });
  assert.equal(trusting.code, 0, trusting.stderr);
});

Deno.test("called modelops-bundles, the commands of bundles are the program's own", async () => {
  await using home = await BundleHome.make();
  const called = { programName: "modelops-bundles" };
  const { stdout: help } = await home.program(["--help"], called);
  assert.match(help, /^Usage: modelops-bundles \[options\] \[command\]\n/);
  for (const { name, summary } of BUNDLE_COMMANDS) {
    assert.match(help, new RegExp(`^ {2}${name}(, ls)? +${summary}$`, "m"));
    const page = await home.program([name, "--help"], called);
    assert.match(page.stdout, new RegExp(`^Usage: modelops-bundles ${name}(\\|ls)? \\[options\\]`));
  }
  for (const name of ["login", "logout", "serve", "completion", "version", "help"]) {
    assert.match(help, new RegExp(`^ {2}${name} `, "m"));
  }
  const pushed = await home.program(["push", home.at("work")], called);
  assert.equal(pushed.code, 0, pushed.stderr);
  const resolved = await home.program(["resolve", "demo:1.0.0"], called);
  assert.match(resolved.stdout, /^Bundle: demo:1\.0\.0\n/);
  assert.match((await home.program(["help", "pull"], called)).stdout, /modelops-bundles pull/);
  for (const name of ["build", "bundle", "prune"]) {
    const { code, stderr } = await home.program([name], called);
    assert.equal(code, 2);
    assert.match(stderr, /unknown command/);
  }
  // The hint of the model command of that name would send people to a command that is not there.
  const missing = await home.program(["push", home.at("nowhere")], called);
  assert.notEqual(missing.code, 0);
  assert.doesNotMatch(missing.stderr, /modelops-bundles list/);
});

Deno.test("no name can start a line or steer the terminal", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (lines) => {
    const text = textOf(lines);
    assert.equal(text.split("\n").length, lines.length);
    // deno-lint-ignore no-control-regex -- these are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }));
});

/** The spec of one file outside the registry. */
function externalSpec(template: string): string {
  return `name: demo
version: 1.0.0
layers: [{name: data, type: data, files: ["data/**"]}]
roles: {default: [data]}
external_rules: [{pattern: "data/**", uri_template: "${template}"}]
`;
}

Deno.test("a spec cannot make push write outside of the folder that the user named", async () => {
  await using home = await BundleHome.make();
  await home.folder.write("victim", "MINE");
  await Deno.symlink(home.at("victim"), home.at("objects-link"));
  const templates = [
    `file://${home.at("victim")}`,
    `file://${home.at("new")}`,
    `file:${home.at("victim")}`,
    `FILE://${home.at("victim")}`,
    `file://localhost${home.at("victim")}`,
    `file:///${home.at("victim")}`,
    "file:../victim",
    "file:..",
    "file:%2e%2e/victim",
    "file:a%2f..%2f..%2fvictim",
  ];
  for (const template of templates) {
    await home.folder.write("work/modelops.yaml", externalSpec(template));
    for (const OBJECT_STORE of ["", `file://${home.at("objects")}`]) {
      for (const args of [["push"], ["push", "--dry-run"], ["plan"]]) {
        const { code, stdout, stderr } = await home.run([...args, home.at("work")], {
          env: { OBJECT_STORE },
        });
        assert.equal(code, 2, `${template} ${args}: ${stderr}`);
        assert.equal(stdout, "");
        assert.match(stderr, /^error: Cannot (use|plan) /m);
      }
    }
  }
  assert.equal(await Deno.readTextFile(home.at("victim")), "MINE");
  assert.equal(await home.exists("new"), false);
  assert.equal(await home.exists("objects"), false);
});

Deno.test("a link below the folder for objects is refused by a dry run as by what it stands for", async () => {
  await using home = await BundleHome.make();
  await home.folder.write("outside/mine", "MINE");
  await home.folder.write("objects/file", "a file");
  await Deno.symlink(home.at("outside"), home.at("objects", "link"));
  await home.folder.write("objects/ok/x", "0123456789");
  await Deno.symlink(home.at("objects", "ok"), home.at("objects", "inside"));
  for (const way of ["link", "link/deeper", "inside", "file"]) {
    await home.folder.write("work/modelops.yaml", externalSpec(`file:${way}/x`));
    for (const args of [["plan"], ["push", "--dry-run"], ["push"]]) {
      const [code, stderr] = await home.failed(...args, home.at("work"));
      assert.equal(code, 2, `${way} ${args}: ${stderr}`);
      assert.match(stderr, /as a file: something on the way to ".*" is not a folder$/m);
    }
  }
  assert.deepEqual(await home.tree("outside"), { mine: "MINE" });
  assert.deepEqual(Object.keys(await home.tree("objects/ok")), ["x"]);
});

Deno.test("an address that no object can have is refused by a dry run as by what it stands for", async () => {
  await using home = await BundleHome.make();
  await home.folder.write("work/data/x", "0123456789");
  await home.folder.write("objects/folder/x", "0123456789");
  await Deno.symlink(home.at("objects", "folder", "x"), home.at("objects", "link"));
  const refused = {
    "file:link": /"data\/x": Cannot use "file:link" as a file: ".*\/link" is not a regular file$/m,
    "file:folder": /Cannot use "file:folder" as a file: ".*\/folder" is not a regular file$/m,
    "s3://bucket/x": /Cannot use "s3:\/\/bucket\/x": there is no store for its scheme/,
  };
  for (const [address, says] of Object.entries(refused)) {
    await home.folder.write("work/modelops.yaml", externalSpec(address));
    for (const args of [["plan"], ["push", "--dry-run"], ["push"]]) {
      const [code, stderr] = await home.failed(...args, home.at("work"));
      assert.equal(code, 2, `${address} ${args}: ${stderr}`);
      assert.match(stderr, says);
    }
  }
});

Deno.test("a bundle cannot make materialize read outside of the folder that the user named", async () => {
  await using home = await BundleHome.make();
  const secret = "0123456789";
  await home.folder.write("secret/data/ten.bin", secret);
  await home.folder.write("work/modelops.yaml", externalSpec(`file://${home.at("secret")}/{path}`));
  // Its author has the folder, whoever gets it has not.
  await home.done("push", home.at("work"), "--object-store", home.at("secret"));
  const digest = digestBytes(new TextEncoder().encode(secret)).slice("sha256:".length);
  for (const OBJECT_STORE of ["", `file://${home.at("objects")}`]) {
    for (const more of [[], ["--dry-run"]]) {
      const ws = home.at("ws");
      const args = ["materialize", "demo:1.0.0", ws, "--prefetch-external", ...more];
      const { code, stderr } = await home.run(args, { env: { OBJECT_STORE } });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error: Cannot use "file:.*" as a file: /m);
      assert.ok(!stderr.includes(digest.slice(0, 8)) && !stderr.includes("10 bytes"), stderr);
      assert.equal(await home.exists("ws"), false);
    }
    const verified = await home.run(["verify", "demo:1.0.0"], { env: { OBJECT_STORE } });
    assert.equal(verified.code, 2, verified.stderr);
    assert.ok(!verified.stderr.includes(digest.slice(0, 8)), verified.stderr);
  }
  const args = ["materialize", "demo:1.0.0", home.at("ws"), "--prefetch-external"];
  await home.done(...args, "--object-store", `file://${home.at("secret")}`);
  assert.equal(await Deno.readTextFile(home.at("ws", "data", "ten.bin")), secret);
});

Deno.test("a dry run of push shows where each object would go", async () => {
  await using home = await BundleHome.make();
  for (
    const [template, uri, place] of [
      ["file:{name}/{path}", "file:demo/data/ten.bin", "demo/data/ten.bin"],
      ["az://box/{path}", "az://box/data/ten.bin", "box/data/ten.bin"],
      [`file://${home.at("objects")}/a b/{path}`, undefined, "a b/data/ten.bin"],
    ] as const
  ) {
    await home.folder.write("work/modelops.yaml", externalSpec(template));
    const said = await home.done("push", home.at("work"), "--dry-run");
    const wanted = uri ?? `file://${home.at("objects", place)}`;
    const line = `data/ten.bin ${wanted} hot ${home.at("objects", place)}\n`;
    assert.ok(said.replace(/ {2,}/g, " ").includes(line), said);
    const { externalFiles: [file] } = await home.json("push", home.at("work"), "--dry-run");
    assert.deepEqual([file.uri, file.place], [wanted, home.at("objects", place)]);
  }
  assert.equal(await home.exists("objects"), false);
});

Deno.test("--object-store takes a folder, and nothing else", async () => {
  await using home = await BundleHome.make();
  for (const value of ["", "https://host/x", "file:relative", "file:..", "az://bundles/x"]) {
    const [code, stderr] = await home.failed("push", home.at("work"), "--object-store", value);
    assert.equal(code, 2, value);
    assert.match(stderr, /^error: Cannot use ".*" as .*\n/m);
  }
  const { code, stderr } = await home.run(["push", home.at("work"), "--object-store", "mine"], {
    cwd: home.at(),
  });
  assert.equal(code, 0, stderr);
  assert.ok(await home.exists("mine", "cont1", "b", "data", "ten.bin"));
});

Deno.test("a spec with a key that is not known is refused with the one that was meant", async () => {
  await using home = await BundleHome.make();
  await home.folder.write("work/modelops.yaml", SPEC.replace("external_rules", "external_rule"));
  const [code, stderr] = await home.failed("push", home.at("work"));
  assert.equal(code, 2);
  assert.match(
    stderr,
    /line \d+: spec\.external_rule is not known: did you mean "external_rules"\?/,
  );
  await home.folder.write("work/modelops.yaml", `${SPEC}  x-note: { any: thing }\nx-more: 1\n`);
  await home.done("push", home.at("work"));
});

Deno.test("push without a registry says that the bundle stays on this machine, and what to set", async () => {
  await using home = await BundleHome.make();
  const { code, stderr } = await home.run(["push", home.at("work")]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^copied [^]*^Local store: \d+ written \(.*\), 0 there before$/m);
  assert.doesNotMatch(stderr, /^uploaded src|Registry: /m);
  assert.match(stderr, /note: no registry is set: .* stays in the local store .* REGISTRY_URL/);
  const { storedIn } = await home.json("push", home.at("work"));
  assert.equal(storedIn, "local store");
  for (const REGISTRY_REPO of ["models", "my_org/models", "a/b/c"]) {
    const { code, stderr } = await home.run(["push", home.at("work")], { env: { REGISTRY_REPO } });
    assert.equal(code, 0, stderr);
    await home.done("resolve", "demo:1.0.0");
  }
  const names = await Array.fromAsync(diskCatalog(home.at("store")).repositories());
  assert(names.length > 2 && names.every(startsWithHost), names.join());
});

Deno.test("init writes a modelops.yaml that plan and push take as it is", async () => {
  await using home = await BundleHome.make();
  await Deno.remove(home.at("work", "modelops.yaml"));
  const said = await home.done("init", home.at("work"), "--name", "demo");
  assert.match(said, /^Wrote .*modelops\.yaml\n {2}code: 2 files\n {2}config: 1 file\n/);
  await home.done("push", home.at("work"));
  await home.done("materialize", "demo:0.1.0", home.at("ws"), "--role", "training");
  assert.deepEqual(content(await home.tree("ws")), FILES);
  for (const [programName, words] of [["modctl", "modctl bundle"], ["modelops-bundles"]] as const) {
    const args = ["init", home.at("work"), "--force"];
    const called = [...words === undefined ? [] : ["bundle"], ...args];
    const { stderr } = await home.program(called, { programName });
    const said = words ?? programName;
    const place = home.at("work");
    assert.equal(
      stderr,
      `Look at it with \`${said} plan ${place}\`, then publish it with \`${said} push ${place}\`\n`,
    );
  }
  const [code, stderr] = await home.failed("init", home.at("work"), "--no-progress");
  assert.equal(code, 12);
  assert.match(
    stderr,
    /it has a modelops\.yaml\nhint: go on with that file, or replace it with --force/,
  );
  const { name, layers } = await home.json("init", home.at("work"), "--force");
  assert.deepEqual([name, layers.length], ["work", 3]);
});

Deno.test("init refuses a folder without files, and names that are none", async () => {
  await using home = await BundleHome.make();
  await Deno.mkdir(home.at("empty"));
  for (const args of [[home.at("empty")], [home.at("work"), "--force", "--name", "A b"]]) {
    const [code, stderr] = await home.failed("init", ...args, "--no-progress");
    assert.equal(code, 2);
    assert.match(stderr, /^error: Cannot (describe|name the bundle) /);
  }
  const [code] = await home.failed("init", home.at("none"), "--no-progress");
  assert.equal(code, 1);
});

Deno.test("schema writes the JSON Schema that the file is checked by", async () => {
  await using home = await BundleHome.make();
  for (const args of [["schema"], ["schema", "--json"]]) {
    const schema = JSON.parse(await home.done(...args));
    assert.equal(schema.then.properties.spec.properties.layers.type, "array");
    assert.equal(schema.else.additionalProperties, false);
  }
});

Deno.test("names that a URL would read as something else go outside the registry and come back", async () => {
  await using home = await BundleHome.make();
  const names = ["we#ird?.bin", "50%25 of it", "a+b&c=d", "cafe\u0301.bin", "%2e%2e.bin"];
  for (const name of names) await home.folder.write(`work/data/${name}`, name);
  await home.folder.write("work/modelops.yaml", externalSpec("az://box/{name}/{path}"));
  await home.done("push", home.at("work"));
  await home.done("materialize", "demo:1.0.0", home.at("ws"), "--prefetch-external");
  for (const name of names) {
    assert.equal(await Deno.readTextFile(home.at("ws", "data", name)), name);
  }
  await home.done("verify", home.at("ws"));
  await home.done("verify", "demo:1.0.0");
});

Deno.test("--plain-http and --insecure decide how the registry of a bundle is spoken with", async () => {
  await using home = await BundleHome.make();
  const commands = [
    ["resolve", "registry.test/team/demo:1.0.0"],
    ["materialize", "registry.test/team/demo:1.0.0", home.at("ws")],
    ["diff", "registry.test/team/demo:1.0.0", home.at("work")],
    ["verify", "registry.test/team/demo:1.0.0"],
    ["push", home.at("work")],
  ];
  const schemes = async (args: readonly string[]) => {
    const seen = new Set<string>();
    await home.run(args, {
      env: { REGISTRY_REPO: "registry.test/team" },
      transport: (request) => {
        seen.add(new URL(request.url).protocol);
        return Promise.resolve(new Response("{}", { status: 404 }));
      },
    });
    return [...seen];
  };
  for (const args of commands) {
    assert.deepEqual(await schemes(args), ["https:"], args[0]);
    assert.deepEqual(await schemes([...args, "--plain-http"]), ["http:"], args[0]);
    assert.ok((await schemes([...args, "--insecure"])).length > 0, args[0]);
  }
});
