/**
 * `deno task generate [--check]`: writes what is derived from the code: the references in `docs/`.
 * With `--check` nothing is written; the exit code is 1 and the first difference is shown when a
 * file is not what it would be.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { environmentReference } from "./docs/environment.ts";
import { jsonReference } from "./docs/json_outputs.ts";
import { modelfileReference } from "./docs/modelfile.ts";
import { specReference, specSchemaFile } from "./docs/modelops_yaml.ts";
import { modignoreReference } from "./docs/modignore.ts";
import { programOutput } from "./docs/program_output.ts";

/** The files that are derived, and how. */
const GENERATED: Readonly<Record<string, () => Promise<string>>> = {
  "docs/commands.md": commandsDocument,
  "docs/environment.md": environmentReference,
  "docs/json.md": jsonReference,
  "docs/modelfile.md": modelfileReference,
  "docs/modelops-yaml.md": specReference,
  "docs/modelops.schema.json": specSchemaFile,
  "docs/modignore.md": modignoreReference,
};

/** Every page of help, the commands in the order in which help lists them. */
async function commandsDocument(): Promise<string> {
  const root = await helpPage([]);
  const pages: string[] = [];
  for await (const page of commandPages([], root)) pages.push(page);
  return [
    "# Commands",
    "The help of every command. Written by `deno task generate`; do not edit.",
    section("modelops", root),
    ...pages,
  ].join("\n\n") + "\n";
}

async function* commandPages(words: readonly string[], page: string): AsyncGenerator<string> {
  for (const name of subcommands(page)) {
    // The help of help is the help of everything else.
    if (name === "help") continue;
    const path = [...words, name];
    const text = await helpPage(path);
    yield section(["modelops", ...path].join(" "), text);
    yield* commandPages(path, text);
  }
}

function section(title: string, help: string): string {
  return `## ${title}\n\n\`\`\`text\n${help.trim()}\n\`\`\``;
}

/** The names that a page of help lists under "Commands:". */
export function subcommands(page: string): string[] {
  const [, list = ""] = /^Commands:\n((?: {2,}.*\n?)+)/m.exec(page) ?? [];
  return list.split("\n").flatMap((line) => /^ {2}([\w-]+)/.exec(line)?.[1] ?? []);
}

/** A page of help; the flags that every page repeats are left to the first one. */
async function helpPage(words: readonly string[]): Promise<string> {
  const text = await programOutput([...words, "--help"]);
  return text.replace(/\nGlobal Options:\n(?: {2,}.*\n)+/, "");
}

/** The first line in which two texts differ, with its number; `undefined` when they are equal. */
export function firstDifference(actual: string, expected: string): string | undefined {
  const [found, wanted] = [actual.split("\n"), expected.split("\n")];
  const at = [...wanted, ...found].findIndex((_, index) => found[index] !== wanted[index]);
  if (at < 0) return undefined;
  const show = (line: string | undefined) => line ?? "(the end)";
  return `line ${at + 1}\n- ${show(found[at])}\n+ ${show(wanted[at])}`;
}

/** A text as `deno fmt` leaves a file of that name. */
async function formatted(file: string, text: string): Promise<string> {
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const extension = file.slice(file.lastIndexOf(".") + 1);
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--config", config, "--ext", extension, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await formatter.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot format ${file}: ${new TextDecoder().decode(stderr)}`);
}

/** Compares a file with what it would be, and tells a difference. */
async function isCurrent(file: string, url: URL, expected: string): Promise<boolean> {
  const actual = await Deno.readTextFile(url).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const difference = firstDifference(actual, expected);
  if (difference !== undefined) {
    console.error(`${file} is not current: run \`deno task generate\`\n${difference}`);
  }
  return difference === undefined;
}

/** Writes or compares every file, and tells whether all are what they are to be. */
async function generate(isCheck: boolean): Promise<boolean> {
  let current = true;
  for (const [file, make] of Object.entries(GENERATED)) {
    const url = new URL(`../${file}`, import.meta.url);
    const text = await formatted(file, await make());
    if (isCheck) {
      current = await isCurrent(file, url, text) && current;
    } else {
      await Deno.mkdir(new URL("./", url), { recursive: true });
      await Deno.writeTextFile(url, text);
      console.log(file);
    }
  }
  return current;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  // The context of a run takes errors that reach nobody, and listens for interrupts, which would
  // keep this script waiting.
  const current = await generate(values.check).catch((error) => {
    console.error(error);
    return false;
  });
  Deno.exit(current ? 0 : 1);
}
