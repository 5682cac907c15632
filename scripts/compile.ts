/**
 * `deno task build [--target TRIPLE]…`: compiles the program into `dist/`, under all of its names.
 * A binary for this machine is run before it gets its name, so that one which does not work is
 * never left there.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };

/** The machines we compile for, and how their files end. */
const TARGETS: Readonly<Record<string, { readonly suffix: string }>> = {
  "x86_64-unknown-linux-gnu": { suffix: "" },
  "aarch64-unknown-linux-gnu": { suffix: "" },
  "x86_64-apple-darwin": { suffix: "" },
  "aarch64-apple-darwin": { suffix: "" },
  "x86_64-pc-windows-msvc": { suffix: ".exe" },
};

/** The names of the program; it answers to the one it is called by. */
const NAMES = ["modelops", "modctl"];

/** What the binary may do, and what for. It cannot load native libraries, nor ask for more. */
const PERMISSIONS = [
  "--allow-read", // workspaces, stores and configuration lie where the user says
  "--allow-write", // stores, extracted models and saved credentials
  "--allow-net", // any registry, and the address that `serve` listens on
  "--allow-env", // settings, proxies, and the folders of the user
  "--allow-run", // credential helpers, whose names stand in Docker's configuration
  "--allow-sys", // the user's home folder, and the owner of files that are packed
  "--no-prompt",
];

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/** Runs a program and returns its standard output; fails with all that it printed. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const decoder = new TextDecoder();
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: root,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  if (code === 0) return decoder.decode(stdout);
  const said = decoder.decode(stderr) + decoder.decode(stdout);
  throw new Error(`Cannot run "${program} ${args.join(" ")}": exit code ${code}\n${said.trim()}`);
}

/** Compiles for one machine into `folder`, proves the result where it can run, and names it. */
async function compile(target: string, folder: string): Promise<void> {
  const suffix = TARGETS[target]?.suffix ?? "";
  const scratch = await Deno.makeTempDir({ dir: dist, prefix: ".compile-" });
  try {
    const binary = join(scratch, `binary${suffix}`);
    const options = ["--no-check", "--target", target, "--output", binary];
    await output(Deno.execPath(), ["compile", ...PERMISSIONS, ...options, "cli.ts"]);
    if (target === Deno.build.target) await prove(binary);
    await Deno.mkdir(folder, { recursive: true });
    for (const name of NAMES.map((name) => `${name}${suffix}`)) {
      await Deno.link(binary, join(scratch, name));
      await Deno.rename(join(scratch, name), join(folder, name));
      console.log(join(folder, name));
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Runs a binary: a runtime of the wrong kind compiles without complaint but is not our program. */
async function prove(binary: string): Promise<void> {
  const said = await output(binary, ["version"]);
  if (!said.includes(config.version)) {
    throw new Error(`Cannot use the binary: "version" printed ${JSON.stringify(said)}`);
  }
}

const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
const unknown = values.target?.find((target) => !Object.hasOwn(TARGETS, target));
if (unknown !== undefined) {
  console.error(`Cannot compile for "${unknown}": want one of ${Object.keys(TARGETS).join(", ")}`);
  Deno.exit(2);
}
try {
  await Deno.mkdir(dist, { recursive: true });
  if (values.target === undefined) await compile(Deno.build.target, dist);
  for (const target of values.target ?? []) await compile(target, join(dist, target));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error("\nNo binary was made. If the runtime of the target, denort, is what is missing:");
  console.error("deno compile downloads it, or takes the file that DENORT_BIN names.");
  Deno.exit(1);
}
