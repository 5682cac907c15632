/**
 * The file for every Linux, in a system that has nothing but the tools of busybox: no C library of
 * GNU, as in Alpine.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { requireTool } from "../../scripts/services.ts";
import { repositoryPath } from "../house/repository.ts";
import { makeCertificates } from "../support/certificates.ts";
import { type ChrootOptions, runInChroot, whyNoChroot } from "../support/chroot.ts";
import { runCommand, runOk } from "../support/command.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest, noteSkipped, startRegistry } from "../support/registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const HERE = Deno.build.arch === "aarch64"
  ? { target: "aarch64-unknown-linux-gnu", archive: "linux-arm64" }
  : { target: "x86_64-unknown-linux-gnu", archive: "linux-amd64" };

/** Makes the archives for this machine; `false`, with a notice, where that cannot be done. */
async function makeArchives(name: string, dist: string): Promise<boolean> {
  const { code, stderr } = await runCommand(Deno.execPath(), [
    ...["run", "-A", "--no-check", "--quiet", repositoryPath("scripts/compile.ts")],
    ...["--portable", "--target", HERE.target, "--output", dist],
  ]);
  if (code !== 0 && /^Cannot get /.test(stderr) && !Deno.env.get("CI")) {
    noteSkipped(name, stderr.trim());
    return false;
  }
  assert.equal(code, 0, stderr);
  return true;
}

/** A system with the tools of busybox and the certificates of authorities. */
async function bareSystem(folder: TempFolder, authorities: string) {
  await Deno.chmod(folder.path, 0o755);
  const root = folder.join("system");
  for (const path of ["bin", "proc", "tmp", "etc/ssl/certs", "root", "work"]) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  await Deno.chmod(join(root, "tmp"), 0o1777);
  await Deno.copyFile(requireTool("busybox"), join(root, "bin/busybox"));
  await runOk("chroot", [root, "/bin/busybox", "--install", "/bin"], {
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin` },
  });
  await Deno.copyFile(authorities, join(root, "etc/ssl/certs/ca-certificates.crt"));
  const env = { PATH: "/bin", HOME: "/root" };
  return {
    root,
    cache: join(root, "root/.cache/modelops/portable"),
    run: (args: readonly string[], options: ChrootOptions = {}) =>
      runInChroot(root, args, { ...options, env: { ...env, ...options.env } }),
  };
}

type System = Awaited<ReturnType<typeof bareSystem>>;

async function versionOf(system: System, options?: ChrootOptions): Promise<void> {
  const { code, stdout, stderr } = await system.run(["/bin/modctl", "version"], options);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, new RegExp(`Version: +${RegExp.escape(config.version)}\n`));
}

/** The names in a folder, with `*` in place of digits that tell versions apart. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.map((name) => name.replace(/-[0-9a-f]{16}/, "-*")).sort();
}

const KEPT = [`${config.version}-*`, `${config.version}-*.facts`];

e2eTest("one file runs where there is a shell and nothing else", {
  needs: ["busybox", "docker-registry", "openssl"],
}, async (context) => {
  const why = await whyNoChroot();
  if (why !== undefined) return noteSkipped(context.name, why);
  await using folder = await tempFolder();
  const dist = folder.join("dist");
  if (!await makeArchives(context.name, dist)) return;
  const certificates = await makeCertificates(folder.path);
  const system = await bareSystem(folder, certificates.caFile);

  await context.step(
    "its archives have the names that guides expect, and their digests",
    async () => {
      const sums = await Deno.readTextFile(join(dist, "SHA256SUMS"));
      const names = ["modctl", "modelops"].map((name) => `${name}-${HERE.archive}.tar.gz`);
      assert.deepEqual(sums.trimEnd().split("\n").map((line) => line.slice(66)), names);
      await runOk("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: dist });
      await runOk("tar", ["-xzf", join(dist, names[0]!), "-C", join(system.root, "bin")]);
    },
  );

  await context.step("two first starts at once both work", async () => {
    await Promise.all([versionOf(system), versionOf(system)]);
    await versionOf(system);
    assert.deepEqual(await namesIn(system.cache), KEPT);
    assert.equal((await Deno.stat(system.cache)).mode! & 0o777, 0o700);
  });

  await context.step(
    "it pulls a model over HTTPS that the system's authorities vouch for",
    async () => {
      await pullOverHttps(system, certificates.server);
    },
  );

  await context.step("it is called by its other names, and knows the user's umask", async () => {
    await Deno.symlink("modctl", join(system.root, "bin/modelops-bundles"));
    const { stdout } = await system.run(["/bin/modelops-bundles", "--help"]);
    assert.match(stdout, /Usage: modelops-bundles/);
    const script = "umask 027; modctl modelfile generate /work/copy --output /work/made";
    const { code, stderr } = await system.run(["/bin/sh", "-c", script]);
    assert.equal(code, 0, stderr);
    assert.equal((await Deno.stat(join(system.root, "work/made"))).mode! & 0o777, 0o750);
  });

  await context.step("what is damaged in the cache is unpacked again", async () => {
    const [place = ""] = await Array.fromAsync(Deno.readDir(system.cache), ({ name }) => name);
    const inside = join(system.cache, place.replace(/\.facts$/, ""));
    const damages: [string, () => Promise<void>][] = [
      ["a changed byte", async () => {
        using file = await Deno.open(join(inside, "modelops.js"), { write: true });
        await file.write(new TextEncoder().encode("!"));
      }],
      ["a cut file", () => Deno.truncate(join(inside, "libc.so.6"), 1000)],
      ["a file that is gone", () => Deno.remove(join(inside, "deno"))],
      ["other digests", () => Deno.writeTextFile(join(inside, "SUMS"), "")],
      ["no files", async () => {
        await Deno.remove(inside, { recursive: true });
        await Deno.mkdir(inside);
      }],
    ];
    for (const [what, damage] of damages) {
      await damage();
      await versionOf(system).catch((error) => {
        throw new Error(`with ${what}`, { cause: error });
      });
    }
    assert.deepEqual(await namesIn(system.cache), KEPT);
  });

  await context.step("a cache that nobody can write to serves as it is", async () => {
    await versionOf(system, { readOnly: true });
  });

  await context.step("where it cannot be unpacked, it says why and what to do", async () => {
    const fresh = { XDG_CACHE_HOME: "/work/fresh" };
    const cases: [ChrootOptions, RegExp][] = [
      [{ env: fresh, readOnly: true }, /^error: Cannot make \/work\/fresh/m],
      [{ env: fresh, user: "1234:1234" }, /^error: Cannot make \/work\/fresh/m],
      // The root's cache is no place for what somebody else is to run.
      [{ user: "1234:1234" }, /^error: Cannot (make|use) \/root\/\.cache/m],
      [
        { env: { XDG_CACHE_HOME: "/dev/shm" }, small: "/dev/shm" },
        /^error: Cannot unpack .* \d+ MiB: .*[Nn]o space/m,
      ],
    ];
    await Deno.mkdir(join(system.root, "dev/shm"), { recursive: true });
    for (const [options, said] of cases) {
      const { code, stdout, stderr } = await system.run(["/bin/modctl", "version"], options);
      assert.deepEqual([code, stdout], [3, ""], stderr);
      assert.match(stderr, said);
      assert.match(stderr, /^hint: .*XDG_CACHE_HOME=\/path\/to\/folder modctl/m);
    }
  });

  await context.step("a file that was cut while it was fetched says so", async () => {
    const cut = join(system.root, "bin/half");
    await Deno.copyFile(join(system.root, "bin/modctl"), cut);
    await Deno.truncate(cut, 10_000_000);
    const { code, stderr } = await system.run(["/bin/half", "version"], {
      env: { XDG_CACHE_HOME: "/work/cut" },
    });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^error: Cannot unpack/m);
    assert.deepEqual(await namesIn(join(system.root, "work/cut/modelops/portable")), []);
  });
});

/** Pulls a model from a registry with a certificate of an authority that only the system has. */
async function pullOverHttps(
  system: System,
  server: { readonly certFile: string; readonly keyFile: string },
): Promise<void> {
  await using registry = await startRegistry({ tls: server });
  await using program = await openProgram();
  const name = `${registry.address}/models/tiny:v1`;
  const bytes = new Uint8Array(3_000_000).fill(9);
  await program.home.write("model/weights.bin", bytes);
  await program.home.write("model/Modelfile", "NAME tiny\nMODEL weights.bin\n");
  await program.ok(["build", "-t", name, "model"]);
  await program.ok(["push", "--insecure", name]);
  const { code, stderr } = await system.run([
    ...["/bin/modctl", "pull", name, "--extract-dir", "/work/copy"],
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await Deno.readFile(join(system.root, "work/copy/weights.bin")), bytes);
}
