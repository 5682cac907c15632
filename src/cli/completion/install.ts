/**
 * `--show-completion` and `--install-completion`, as the program that `modelops-bundles` comes from
 * has them: the script of the shell that runs, shown or put where that shell reads it.
 * @module
 */
import { basename, join } from "../../core/runtime/path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { explainRead, isMissing } from "../../core/file_errors.ts";
import { lstatIfExists, readTextIfExists } from "../../core/files.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { quote } from "../../core/text.ts";
import type { CliContext } from "../context.ts";
import type { Output } from "../output/writer.ts";
import type { CompletionRequest } from "./flags.ts";
import { completionScript, type Shell, SHELLS } from "./scripts.ts";

/** Where the script of a shell lies below the home folder, and how the shell comes to read it. */
interface Place {
  readonly script: (program: string) => string;
  /** The file that is read by each new shell, and the line in it that reads the script. */
  readonly start?: { readonly file: string; readonly line: (script: string) => string };
}

const quoted = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;

const POWERSHELL_FOLDER = Deno.build.os === "windows"
  ? "Documents/PowerShell"
  : ".config/powershell";

const PLACES: Readonly<Record<Shell, Place>> = {
  bash: {
    script: (program) => `.bash_completions/${program}.sh`,
    start: { file: ".bashrc", line: (script) => `source ${quoted(script)}` },
  },
  zsh: {
    script: (program) => `.zfunc/_${program}`,
    start: {
      file: ".zshrc",
      line: (script) =>
        "(( $+functions[compdef] )) || { autoload -Uz compinit; compinit; }; " +
        `source ${quoted(script)}`,
    },
  },
  fish: { script: (program) => `.config/fish/completions/${program}.fish` },
  powershell: {
    script: (program) => `${POWERSHELL_FOLDER}/${program}.completion.ps1`,
    start: {
      file: `${POWERSHELL_FOLDER}/Microsoft.PowerShell_profile.ps1`,
      line: (script) => `. '${script.replaceAll("'", "''")}'`,
    },
  },
};

/**
 * Shows or installs the script.
 * @throws {InvalidInputError} when the shell is not known, or there is no home folder.
 */
export async function answerCompletion(
  { action, shell: named }: CompletionRequest,
  context: Pick<CliContext, "programName" | "env" | "home">,
  output: Output,
): Promise<void> {
  const shell = shellOf(named ?? basename(context.env["SHELL"] ?? ""));
  const script = completionScript(shell, context.programName);
  if (action === "show") return output.result({ shell, script }, script.trimEnd());
  const { home, programName } = context;
  if (home === undefined) {
    throw new InvalidInputError("Cannot install completion: there is no home folder");
  }
  const place = PLACES[shell];
  const path = join(home, place.script(programName));
  await writeFileAtomic(path, new TextEncoder().encode(script), { tidy: true });
  if (place.start) await addLine(join(home, place.start.file), place.start.line(path));
  output.result(
    { shell, path },
    `${shell} completion installed in ${path}\n` +
      "Completion will take effect once you restart the terminal",
  );
}

function shellOf(name: string): Shell {
  const shell = SHELLS.find((known) => known === (name === "pwsh" ? "powershell" : name));
  if (shell !== undefined) return shell;
  const found = name === "" ? "the shell is not known" : `${quote(name)} is not a known shell`;
  throw new InvalidInputError(`Cannot complete: ${found}`, {
    remedy: `name one of ${SHELLS.join(", ")}`,
  });
}

/** Adds a line to the end of a file that a person keeps, unless it is there. */
async function addLine(path: string, line: string): Promise<void> {
  const text = await readTextIfExists(path) ?? "";
  if (text.split("\n").includes(line)) return;
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  // A link to a file that is kept elsewhere stays a link.
  const place = await Deno.realPath(path).catch((error) => {
    if (isMissing(error)) return path;
    throw explainRead(path, error);
  });
  const mode = (await lstatIfExists(place))?.mode ?? undefined;
  await writeFileAtomic(place, new TextEncoder().encode(`${before}${line}\n`), {
    mode,
    tidy: true,
  });
}
