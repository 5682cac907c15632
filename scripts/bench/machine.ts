/** The facts of the machine and the versions of the contenders. @module */
import { tmpdir } from "node:os";
import { findProgram } from "../services.ts";

/** How each program tells its version. */
const VERSION_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "docker-registry": ["--version"],
  cp: ["--version"],
  curl: ["--version"],
  kit: ["version"],
  modctl: ["version"],
  openssl: ["version"],
  oras: ["version"],
  regctl: ["version", "--format", "{{.VCSTag}}"],
  skopeo: ["--version"],
};

/** Facts by name, in the order in which they are shown. */
export async function machineFacts(tools: readonly string[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const tool of tools.filter((name) => findProgram(name) !== undefined)) {
    versions[tool] = await versionOf(tool);
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${navigator.hardwareConcurrency} × ${await processor()}`,
    memory: `${(Deno.systemMemoryInfo().total / 1024 ** 3).toFixed(0)} GiB`,
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    "file system of temporary files": await fileSystem(tmpdir()),
    "load when it began": Deno.loadavg()[0]?.toFixed(1) ?? "",
    Deno: Deno.version.deno,
    ...versions,
  };
}

async function processor(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? Deno.build.arch;
}

async function fileSystem(folder: string): Promise<string> {
  return (await firstLine("stat", ["-f", "-c", "%T", folder])) ?? "unknown";
}

async function versionOf(tool: string): Promise<string> {
  return (await firstLine(tool, VERSION_COMMANDS[tool] ?? ["--version"])) ?? "unknown";
}

/** The first line that a program prints; of the words in it, those that tell the version. */
async function firstLine(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(program, { args: [...args], stderr: "null" })
      .output();
    return shortVersion(new TextDecoder().decode(stdout));
  } catch {
    return undefined; // Not every system has every program.
  }
}

/**
 * `1.3.3` of `Version:    1.3.3`; the line itself when it has no such number, without its label.
 */
export function shortVersion(text: string): string | undefined {
  const line = text.trim().split("\n", 1)[0]?.replace(/^version:/i, "").trim() ?? "";
  return /\bv?\d+\.\d+(?:[.\w+-]*)/.exec(line)?.[0] ?? (line === "" ? undefined : line);
}
