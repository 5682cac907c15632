import assert from "node:assert/strict";
import { join } from "node:path";
import { writeArchive } from "../../scripts/compile/archives.ts";
import { releaseFiles, releaseNotes, withReleases } from "../../scripts/release_files.ts";
import { parseDocument } from "../../src/deps/yaml.ts";
import config from "../../deno.json" with { type: "json" };
import { runCommand, runOk } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

Deno.test("a release offers what its scripts install, under sums that hold", async () => {
  await using folder = await tempFolder();
  const dist = folder.join("dist");
  await Deno.mkdir(join(dist, "npm"), { recursive: true });
  const program = await folder.write("program", '#!/bin/sh\necho "$1 7.0.0"\n');
  const machine = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  const archive = `modelops-${Deno.build.os}-${machine}.tar.gz`;
  await writeArchive(join(dist, archive), { file: program, name: "modelops" });
  await Deno.writeTextFile(join(dist, "npm", "modelops-7.0.0.tgz"), "a package");
  await Deno.writeTextFile(join(dist, "other.tar.gz"), "of somebody else");

  const output = folder.join("site/latest/download");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const path = folder.join("site", new URL(request.url).pathname);
      const body = await Deno.readFile(path).catch(() => undefined);
      return new Response(body, { status: body ? 200 : 404 });
    },
  );
  const releases = `http://127.0.0.1:${server.addr.port}`;
  const paths = await releaseFiles({ dist, output, version: "7.0.0", releases });
  assert.deepEqual(paths.map((path) => path.slice(output.length + 1)), [
    archive,
    "modelops-7.0.0.tgz",
    "modelops-man.tar.gz",
    "install.sh",
    "install.ps1",
    "VERSION",
    "SHA256SUMS",
    "NOTES.md",
  ]);
  assert.equal(await Deno.readTextFile(join(output, "VERSION")), "7.0.0\n");
  if (Deno.build.os !== "linux") return;
  await runOk("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: output });

  // The script knows where it comes from.
  const home = folder.join("home");
  const installed = await runCommand("sh", [join(output, "install.sh")], { env: { HOME: home } });
  assert.equal(installed.code, 0, installed.stderr);
  const page = join(home, ".local/share/man/man1/modelops-bundle-push.1");
  assert.ok((await Deno.readTextFile(page)).startsWith(".TH MODELOPS-BUNDLE-PUSH 1"));
});

Deno.test("without programs, or without notes, there is no release", async () => {
  await using folder = await tempFolder();
  const output = folder.join("release");
  const options = { dist: folder.path, output, version: "1.0.0", releases: "" };
  await assert.rejects(releaseFiles(options), /has no archive; run `deno task build` first/);
  assert.throws(() => releaseNotes("# Changelog\n", "1.0.0"), /nothing of 1\.0\.0/);
  const log = "# C\n\n## [Unreleased]\n\n- new\n\n## [1.0.0] - 2026-01-01\n\n- old\n";
  assert.equal(releaseNotes(log, "1.0.0"), "- old\n");
  assert.equal(releaseNotes(log, "2.0.0"), "- new\n");
});

Deno.test("the address of releases becomes code only as a plain URL", () => {
  for (const address of ["http://a b", "https://x/$(id)", 'https://x/"', "https://x/}", "x"]) {
    assert.throws(() => withReleases("releases=${MODELOPS_RELEASES:-}", address), /no plain URL/);
  }
  assert.throws(() => withReleases("other", "https://example.com"), /no place/);
});

/** A step of a workflow. */
interface Step {
  readonly uses?: string;
  readonly run?: string;
}

/** What a workflow, or an action, does. */
interface Workflow {
  readonly jobs?: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
  readonly runs?: { readonly steps: readonly Step[] };
  readonly permissions?: unknown;
}

const WORKFLOWS = [
  ".github/workflows/ci.yml",
  ".github/workflows/release.yml",
  ".github/actions/setup-modelops/action.yml",
];

for (const file of WORKFLOWS) {
  Deno.test(`${file} uses actions by their commit and tasks that there are`, async () => {
    const text = await Deno.readTextFile(repositoryPath(file));
    const { jobs = {}, runs } = parseDocument(text).toJS() as Workflow;
    const steps = [...Object.values(jobs), ...runs ? [runs] : []].flatMap(({ steps }) => steps);
    assert.ok(steps.length > 0);
    for (const { uses, run = "" } of steps) {
      if (uses !== undefined) assert.match(uses, /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/);
      for (const [, task = ""] of run.matchAll(/\btask ([\w-]+)/g)) {
        assert.ok(Object.hasOwn(config.tasks, task), `${file}: deno task ${task}`);
      }
      // What comes from outside a step is no code of it.
      assert.doesNotMatch(run, /\$\{\{ *(inputs|github\.(event|head_ref))/, file);
    }
  });
}
