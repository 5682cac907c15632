import assert from "node:assert/strict";
import { join } from "node:path";
import { writeArchive, writeSums } from "../../scripts/compile/archives.ts";
import { NAMES } from "../../scripts/install.ts";
import { runCommand } from "../support/command.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

const PLATFORM = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`;
const ARCHIVE = `modelops-${PLATFORM}.tar.gz`;

/** A folder of releases over HTTP, the newest and one older, and a home to install into. */
async function release() {
  const folder = await tempFolder();
  for (const [place, version] of [["latest/download", "2.0.0"], ["download/v1.5.0", "1.5.0"]]) {
    const files = folder.join("releases", place!);
    await Deno.mkdir(files, { recursive: true });
    const program = await folder.write("program", `#!/bin/sh\necho "$1 ${version}"\n`);
    await writeArchive(join(files, ARCHIVE), { file: program, name: "modelops" });
    const page = await folder.write("page", ".TH MODELOPS 1\n");
    await writeArchive(join(files, "modelops-man.tar.gz"), { file: page, name: "modelops.1" });
    await writeSums(files, [join(files, ARCHIVE), join(files, "modelops-man.tar.gz")]);
  }
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const body = await Deno.readFile(folder.join(`releases${pathname}`)).catch(() => undefined);
    return new Response(body, { status: body ? 200 : 404 });
  });
  const home = folder.join("home");
  return {
    asked,
    home,
    file: (name: string) => folder.join("releases/latest/download", name),
    run: (args: string[], env: Record<string, string> = {}) =>
      runCommand("sh", [repositoryPath("scripts/install.sh"), ...args], {
        env: { HOME: home, MODELOPS_RELEASES: `http://127.0.0.1:${server.addr.port}`, ...env },
      }),
    files: () => filesBelow(home),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    found.push(...isDirectory ? await filesBelow(folder, path) : [path]);
  }
  return found.sort();
}

const PROGRAMS = NAMES.map((name) => `.local/bin/${name}`);
const PAGE = ".local/share/man/man1/modelops.1";
const RECEIPT = ".local/share/modelops/installed";
const INSTALLED = [...PROGRAMS, PAGE, RECEIPT].sort();

/** The script is for systems with a shell; that of Windows is in PowerShell. */
const unixTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });

unixTest(
  "install.sh installs the newest release, says what it wrote, and takes it away",
  async () => {
    await using site = await release();
    const first = await site.run([]);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(await site.files(), INSTALLED);
    for (const path of [...PROGRAMS, PAGE]) {
      assert.ok(first.stdout.includes(`wrote ${site.home}/${path}\n`), first.stdout);
    }
    assert.match(first.stdout, /\nversion 2\.0\.0\n$/);
    assert.equal(first.stderr, `hint: export PATH="${site.home}/.local/bin:$PATH"\n`);
    for (const path of PROGRAMS) {
      assert.equal((await runCommand(join(site.home, path), ["x"])).stdout, "x 2.0.0\n");
    }

    await Deno.writeTextFile(join(site.home, ".local/bin/other"), "a program of somebody else");
    const gone = await site.run(["--uninstall"]);
    assert.deepEqual([gone.code, gone.stderr], [0, ""]);
    assert.deepEqual(await site.files(), [".local/bin/other"]);
    const again = await site.run(["--uninstall"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /nothing was installed by this script below .*\.local\n$/);
  },
);

unixTest("install.sh takes another version and another folder, over what is there", async () => {
  await using site = await release();
  const prefix = join(site.home, "my programs");
  await Deno.mkdir(site.home);
  for (const args of [["--prefix", prefix], [`--prefix=${prefix}`, "--version", "v1.5.0"]]) {
    const { code, stderr } = await site.run(args, {
      PATH: `${Deno.env.get("PATH")}:${prefix}/bin`,
    });
    assert.deepEqual([code, stderr], [0, ""]);
  }
  assert.deepEqual((await runCommand(join(prefix, "bin/modctl"), ["x"])).stdout, "x 1.5.0\n");
  assert.ok(site.asked.includes(`/download/v1.5.0/${ARCHIVE}`));
  const missing = await site.run(["--version", "9.9.9"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /cannot fetch .*\/download\/v9\.9\.9\/SHA256SUMS\n$/);
});

unixTest("install.sh writes nothing of what is damaged, unlisted or does not run", async () => {
  await using site = await release();
  await Deno.mkdir(site.home);
  const sums = await Deno.readTextFile(site.file("SHA256SUMS"));
  const bytes = await Deno.readFile(site.file(ARCHIVE));
  const program = site.file("broken");
  await Deno.writeTextFile(program, "#!/bin/sh\nexit 7\n");
  const faults: Record<string, [() => Promise<unknown>, number, RegExp]> = {
    "a flipped bit": [
      () => Deno.writeFile(site.file(ARCHIVE), bytes.with(20, bytes[20]! ^ 1)),
      5,
      /is damaged: its SHA-256 is [0-9a-f]{64}, the release says [0-9a-f]{64}/,
    ],
    "half of the archive": [
      () => Deno.writeFile(site.file(ARCHIVE), bytes.subarray(0, 60)),
      5,
      /is damaged/,
    ],
    "an archive that the sums leave out": [
      () => Deno.writeTextFile(site.file("SHA256SUMS"), sums.replaceAll(ARCHIVE, "other.tar.gz")),
      1,
      /the release has no modelops-.*\.tar\.gz/,
    ],
    "sums that are a page of an error": [
      () => Deno.writeTextFile(site.file("SHA256SUMS"), "<html>not found</html>"),
      1,
      /the release has no modelops-/,
    ],
    "a program that fails": [
      async () => {
        await writeArchive(site.file(ARCHIVE), { file: program, name: "modelops" });
        await writeSums(site.file("."), [site.file(ARCHIVE)]);
      },
      1,
      /does not run here/,
    ],
    "an archive of something else": [
      async () => {
        await writeArchive(site.file(ARCHIVE), { file: program, name: "../modelops" });
        await writeSums(site.file("."), [site.file(ARCHIVE)]);
      },
      5,
      /has no program in it/,
    ],
  };
  for (const [fault, [make, expected, message]] of Object.entries(faults)) {
    await Deno.writeFile(site.file(ARCHIVE), bytes);
    await Deno.writeTextFile(site.file("SHA256SUMS"), sums);
    await make();
    const { code, stderr } = await site.run([]);
    assert.deepEqual([code, await site.files()], [expected, []], `${fault}: ${stderr}`);
    assert.match(stderr, message, fault);
  }
});

unixTest("install.sh says what is wrong with how it was called", async () => {
  await using site = await release();
  await Deno.mkdir(site.home);
  const cases: [string[], Record<string, string>, RegExp][] = [
    [["--nope"], {}, /cannot use "--nope"/],
    [["--prefix"], {}, /--prefix needs a value/],
    [["--version"], {}, /--version needs a value/],
    [[], { MODELOPS_RELEASES: "" }, /set MODELOPS_RELEASES/],
    [[], { HOME: "" }, /HOME is not set/],
  ];
  for (const [args, env, message] of cases) {
    const { code, stderr } = await site.run(args, env);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.match((await site.run(["--help"])).stdout, /^Usage: sh install\.sh/);
  assert.deepEqual(await site.files(), []);
});
