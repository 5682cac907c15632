/**
 * The one place that decides what a failure looks like: its text and its hint.
 * @module
 */
import { isAbort, ModelOpsError, type Problem } from "../../core/errors.ts";
import { explainUnexpected, systemCode } from "../../core/file_errors.ts";
import { isLoopbackHost } from "../../core/hosts.ts";
import { quote, shellWord } from "../../core/text.ts";
import { Interruption } from "../interrupt.ts";
import { settingRemedy } from "../settings/remedies.ts";
import { EXIT_CODES, type FailureKind } from "./exit_codes.ts";
import { isBundlesProgram } from "../commands.ts";
import { escapeControls } from "./format.ts";
import type { Paint } from "./paint.ts";
import { missingPermission } from "./permission.ts";

/** A failure as it is reported. */
export interface Failure {
  /** The exit code. */
  readonly code: number;
  readonly kind: FailureKind;
  readonly message: string;
  /** The single problems of a document, in order. */
  readonly problems: readonly Problem[];
  /** What to do about it, in one line. */
  readonly hint?: string;
}

/** What of the run decides the words of a failure. */
export interface FailureContext {
  /** The name the program was called by; hints name it. */
  readonly programName: string;
  /** The command that ran, if it came to that. */
  readonly command?: string;
  /** The signal of the run. */
  readonly signal?: AbortSignal;
  /** How far a transfer came whose rest the same command moves: `320 of 400 MiB`. */
  readonly interruptedAt?: string;
  /** Words near one that was not understood, where the error does not say them itself. */
  readonly suggestions?: readonly string[];
  /** The flags that the command takes, `--json` and so on; any when absent. */
  readonly flags?: ReadonlySet<string>;
  /** Those of them that the line gives it. */
  readonly given?: ReadonlySet<string>;
  /** The local store that the line names. */
  readonly storageDir?: string;
}

/** The words near the one that an error calls none of its choices. */
export async function suggestionsFor(error: unknown): Promise<readonly string[]> {
  const { choices, actual } = error instanceof ModelOpsError ? error.facts : {};
  if (choices === undefined) return [];
  // Loaded when it is needed: it takes 20 ms, which is a third of what a small command takes.
  const { nearest } = await import("../../core/suggest.ts");
  return nearest(String(actual), choices);
}

/** Describes what ended a run. */
export function describeFailure(thrown: unknown, context: FailureContext): Failure {
  const error = explainUnexpected(thrown);
  if (isAbort(error, context.signal)) {
    return { ...failure("interrupted", interruption(context)), code: interruptedCode(context) };
  }
  const missing = missingPermission(error);
  if (missing !== undefined) {
    const [what, problems] = error instanceof ModelOpsError
      ? [error.message, error.facts.problems]
      : ["Cannot go on"];
    return failure(
      "denied",
      `${what}: this run has no ${missing.wanted}`,
      problems,
      `allow it: \`deno run ${missing.flag}\``,
    );
  }
  if (error instanceof ModelOpsError) {
    const hint = chooseHint(error, context);
    return failure(error.kind, error.message, error.facts.problems, hint);
  }
  if (error instanceof Error && systemCode(error) !== undefined) {
    // Of what the operating system refused, its own words are the best there are.
    return failure("transfer", error.message);
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failure(
    "unexpected",
    `This is a fault of modelops: ${message}`,
    [],
    "report this line with your version, the command and what it prints with `--log-level debug`",
  );
}

function interruptedCode({ signal }: FailureContext): number {
  return signal?.reason instanceof Interruption ? signal.reason.exitCode : EXIT_CODES.interrupted;
}

function interruption({ interruptedAt }: FailureContext): string {
  if (interruptedAt === undefined) return "Interrupted";
  return `Interrupted at ${interruptedAt}. Run the same command again: it goes on from there.`;
}

function failure(
  kind: FailureKind,
  message: string,
  problems: readonly Problem[] = [],
  hint?: string,
): Failure {
  return { code: EXIT_CODES[kind], kind, message, problems, hint };
}

function problemLine({ line, message, suggestion }: Problem): string {
  const place = line === undefined ? "" : `line ${line}: `;
  const better = suggestion === undefined ? "" : ` (did you mean ${pasteable(suggestion)}?)`;
  return `${place}${message}${better}`;
}

/** What a command offers where the local store does not have something. */
const ASK_ELSEWHERE: Readonly<Record<string, string>> = {
  inspect: ", or add `--remote` to ask the registry",
};

type HintRule = (error: ModelOpsError, context: FailureContext) => string | undefined;

/** The first rule that knows a hint decides. */
const HINT_RULES: readonly HintRule[] = [
  ({ facts }, { suggestions = [] }) => {
    const words = facts.suggestions ?? suggestions;
    return words.length > 0 ? `did you mean ${either(words)}?` : undefined;
  },
  ({ facts: { setting, remedy } }) =>
    setting && [remedy, settingRemedy(setting)].filter(Boolean).join(", then "),
  ({ kind, facts: { registry, status } }, { programName }) =>
    kind === "denied" && registry !== undefined && (status === 401 || status === 403)
      ? `run \`${programName} login ${registry}\``
      : undefined,
  ({ facts }, context) => facts.remedy && withFlags(facts.remedy, context),
  ({ kind, facts }, { programName, command = "" }) =>
    // The programs of bundles have lists of their own.
    kind === "not-found" && facts.isLocal && command !== "bundle"
      ? `run \`${programName} list\` to see what the local store has${ASK_ELSEWHERE[command] ?? ""}`
      : undefined,
  ({ kind, facts: { reference = "", isLocal } }, { programName, command }) =>
    kind === "not-found" && isLocal === false && command !== "bundle"
      ? askRegistry(reference, programName)
      : undefined,
  ({ facts: { registry, unanswered } }, { programName, flags }) =>
    unanswered && isLoopbackHost(registry ?? "") && flags?.has("--plain-http") !== false
      ? `is a registry running there? start one with \`${programName} serve\``
      : undefined,
];

/**
 * How to see what a registry has in place of what it does not have: of a digest the tags of its
 * repository, of a tag all repositories, since tags that are there are told by themselves.
 */
function askRegistry(reference: string, programName: string): string | undefined {
  const [, host, path, digest] = /^([^/]+)\/(.+?)(?:@(.+)|:[^/]*)?$/.exec(reference) ?? [];
  if (host === undefined || !/[.:]|^localhost$/.test(host)) return undefined;
  const place = digest === undefined ? host : `${host}/${path}`;
  return `look at the name, or run \`${programName} list ${place}\` to see what is there`;
}

/** Flags that not every command has: what fails does not know which command runs. */
const FLAGS_OF_SOME = [
  "--insecure",
  "--plain-http",
  "--proxy",
  "--concurrency",
  "--max-window",
  "--max-ratio",
  "--max-size",
  "--max-entries",
];

/** Switches that help once: who has set them is not told to. */
const SWITCHES = ["--insecure", "--plain-http"];

/** A remedy without what the command has no flag for, what was tried, and what is passed over. */
function withFlags(remedy: string, { flags, given }: FailureContext): string | undefined {
  const isOut = (words: string) =>
    FLAGS_OF_SOME.some((flag) => words.includes(flag) && flags?.has(flag) === false) ||
    // Who names a proxy is asked about that one, and not about those of the environment.
    given !== undefined && words.includes(given.has("--proxy") ? "_PROXY" : "--proxy") ||
    !words.startsWith("leave out") &&
      SWITCHES.some((flag) => words.includes(flag) && given?.has(flag));
  return remedy.split(", or ").filter((words) => !isOut(words)).join(", or ") || undefined;
}

function chooseHint(error: ModelOpsError, context: FailureContext): string | undefined {
  for (const rule of HINT_RULES) {
    const hint = rule(error, context);
    if (hint !== undefined) return withStore(underName(hint, context.programName), context);
  }
  return undefined;
}

/**
 * The commands of a hint as the program that runs has them: where it was installed under one of its
 * names, there may be none under the others.
 */
function underName(hint: string, programName: string): string {
  const theirs = isBundlesProgram(programName)
    ? /(?<=`|: )modelops(?: bundle(?= )|(?= (?:login|upgrade)\b))/g
    : /(?<=`|: )modelops(?= [a-z-])/g;
  return hint.replace(theirs, () => programName);
}

/** Commands of a hint that look at the local store look at the one that the line names. */
function withStore(hint: string, { storageDir }: FailureContext): string {
  if (storageDir === undefined) return hint;
  const program = /(?<=`|: )\S+(?= (?:list`|verify |prune\b|extract ))/g;
  return hint.replace(program, (name) => `${name} --storage-dir ${shellWord(storageDir)}`);
}

function either(words: readonly string[]): string {
  return words.map(pasteable).join(" or ");
}

/** Words to be pasted: without escapes, so in other marks where they have quotes of their own. */
function pasteable(words: string): string {
  return /["\\]/.test(words) ? `\`${words}\`` : quote(words);
}

/** Most problems that are shown to people: a server may name as many as it likes. */
const SHOWN_PROBLEMS = 200;

/** A line for each problem; the only one is not said twice. */
function problemLines({ message, problems }: Failure): readonly string[] {
  const [only] = problems.length === 1 ? problems : [];
  if (only !== undefined && message.includes(only.message)) return [];
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(problemLine);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more; --json lists them all`] : lines;
}

/** A message of several problems without the first of them, which is said below it. */
function withoutFirst(message: string): string {
  return message.replace(/(?<=: \d+ problems), the first: .*$/s, "");
}

/** A failure as text for standard error; what came from outside cannot steer the terminal. */
export function renderFailure(
  failure: Failure,
  paint: Paint = (_meaning, text) => text,
): string {
  if (failure.kind === "interrupted") return `${failure.message}\n`;
  const problems = problemLines(failure);
  const message = problems.length === 0 ? failure.message : withoutFirst(failure.message);
  const lines = [
    `${paint("error", "error:")} ${escapeControls(message)}`,
    ...problems.map((line) => `  ${escapeControls(line)}`),
    ...(failure.hint === undefined
      ? []
      : [`${paint("hint", "hint:")} ${escapeControls(failure.hint)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** A failure as the document that `--json` promises. */
export function failureDocument(
  { code, kind, message, problems, hint }: Failure,
): { readonly error: Omit<Failure, "problems"> & { readonly problems?: readonly Problem[] } } {
  return { error: { code, kind, message, ...(problems.length === 0 ? {} : { problems }), hint } };
}
