/**
 * The names that may become paths: every rule about hostile names lives here.
 *
 * An artifact is written once and read on many systems, so a name that could lead out of its folder
 * on any of them (a drive letter, two dots behind a backslash) is refused on all of them. Names
 * that only Windows cannot hold or takes for others are refused only there, unless portable names
 * are asked for.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** Longest name of one file or folder, in bytes of UTF-8. */
const MAX_COMPONENT = 255;
/** Longest path, in bytes of UTF-8. */
const MAX_PATH = 4096;
/** Most levels of a path: each costs several calls of the system for each file. */
const MAX_LEVELS = 512;
const TOO_LONG = `the path is longer than ${MAX_PATH} bytes`;

/** What is done with the name, and where. */
export interface SafePathOptions {
  /** The verb of the error message, such as `package`; `extract` when absent. */
  readonly action?: string;
  /** The system the name is meant for, such as `windows`; the running one when absent. */
  readonly platform?: string;
  /** Names that Windows cannot hold are refused everywhere; only there when absent. */
  readonly portable?: boolean;
}

type Rule = readonly [broken: (value: string) => boolean, reason: string];

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** Rules on the whole name; of those on its parts the most telling ones first. */
const NAME_RULES: readonly Rule[] = [
  [(name) => name === "", "the name is empty"],
  // Before what takes the name to pieces, of which a long one has millions.
  [(name) => name.length > MAX_PATH, TOO_LONG],
  [(name) => CONTROL.test(name), "the name has a control character"],
  [(name) => !name.isWellFormed(), "the name is not valid Unicode"],
  [(name) => name.startsWith("/"), "the path is absolute"],
  [(name) => components(name)[0]?.startsWith("\\") ?? false, "the path is absolute"],
  [(name) => /^[A-Za-z]:/.test(components(name)[0] ?? ""), "the path names a drive"],
  [(name) => name.split(/[/\\]/).includes(".."), "the path leaves the target directory"],
  [(name) => components(name).length === 0, "the path names the target directory itself"],
  [(name) => hasMoreBytes(name, MAX_PATH), TOO_LONG],
  [
    (name) => components(name).length > MAX_LEVELS,
    `the path has more than ${MAX_LEVELS} levels`,
  ],
];

const COMPONENT_RULES: readonly Rule[] = [
  [(part) => hasMoreBytes(part, MAX_COMPONENT), `a part is longer than ${MAX_COMPONENT} bytes`],
];

/** Rules on each component whose name Windows cannot hold, or takes for another one. */
const WINDOWS_RULES: readonly Rule[] = [
  [(part) => /[<>:"|?*]/.test(part), "a part has a character that Windows does not allow"],
  [
    (part) => part.includes("\\"),
    "the name has a backslash, which some systems read as a separator",
  ],
  [(part) => part.includes("\t"), "the name has a control character"],
  [(part) => /[. ]$/.test(part), "a part ends with a dot or a space, which Windows drops"],
  [
    (part) => /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(part),
    "a part is a device name of Windows",
  ],
];

/**
 * The normalised relative path of a name from outside: components joined by `/`, without `.` and
 * empty ones. Joined to any folder it names a path below that folder; links are not looked at.
 * @throws {InvalidInputError} naming the rule that the name breaks.
 */
export function safeRelativePath(name: string, options: SafePathOptions = {}): string {
  const reason = nameFault(name, options);
  if (reason === undefined) return components(name).join("/");
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  throw new InvalidInputError(
    `Cannot ${options.action ?? "extract"} ${quote(shown)}: ${reason}`,
    { path: shown },
  );
}

/** Why a name may not become a path, as a clause; `undefined` when it may. */
export function nameFault(name: string, options: SafePathOptions = {}): string | undefined {
  const windows = namedSystem(options) === "windows" ? WINDOWS_RULES : [];
  return brokenRule(name, NAME_RULES) ??
    components(name).map((part) => brokenRule(part, [...COMPONENT_RULES, ...windows]))
      .find((reason) => reason !== undefined);
}

/** The system whose rules names have to obey: the strictest one, where they have to be portable. */
export function namedSystem({ platform = Deno.build.os, portable }: SafePathOptions): string {
  return portable ? "windows" : platform;
}

/** Systems whose file systems usually fold case, and some of them Unicode normal forms. */
const FOLDING_SYSTEMS: ReadonlySet<string> = new Set(["windows", "darwin"]);

/**
 * The key under which two paths collide: paths with equal keys are one file. Where the system's
 * file systems fold case or Unicode normal forms, so does the key.
 */
export function duplicateKey(path: string, platform: string = Deno.build.os): string {
  if (!FOLDING_SYSTEMS.has(platform)) return path;
  return path.normalize("NFC").toLowerCase().normalize("NFC");
}

/** Whether the name of a folder in an archive is that of the target: `.`, `./`, `.//.`. */
export function namesTarget(name: string): boolean {
  return name.startsWith(".") && components(name).length === 0;
}

/** The folder part of a safe relative path; empty at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function components(name: string): string[] {
  return name.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether a text has more bytes of UTF-8; of most names their length tells it. */
function hasMoreBytes(text: string, limit: number): boolean {
  return text.length * 3 > limit && new TextEncoder().encode(text).byteLength > limit;
}

function brokenRule(value: string, rules: readonly Rule[]): string | undefined {
  return rules.find(([isBroken]) => isBroken(value))?.[1];
}
