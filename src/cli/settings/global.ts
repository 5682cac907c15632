/**
 * Settings: a flag wins over the environment, and that over the default.
 * @module
 */
import { delimiter, join, resolve } from "../../core/runtime/path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { quote, withoutEnd } from "../../core/text.ts";
import { isOneOf, parseRate } from "../arguments.ts";
import type { DownloadSettings, HubSettings } from "../../library/downloads.ts";
import {
  type Environment,
  firstSet,
  isSwitchedOn,
  wholeNumber,
} from "../../library/environment.ts";
import type { DragonflySettings } from "../../http/dragonfly/settings.ts";
import type { ModelSettings } from "../../library/models.ts";
import type { CredentialFiles } from "../../library/settings.ts";
import type { MirrorFiles } from "../../registry/mirrors/files.ts";
import { BUILD_INFO } from "../build_info.ts";
import type { CliContext, TextSink } from "../context.ts";
import { below, hubSettings } from "./hubs.ts";
import { COLOR_CHOICES, type ColorChoice } from "../output/paint.ts";
import { PROGRESS_STYLES, type ProgressStyle } from "../output/progress/style.ts";
import { isDebug, LOG_LEVELS, type LogLevelName, type LogSettings } from "../output/log.ts";

/** The flags that every command takes, as the parser leaves them. */
export interface GlobalFlags {
  readonly storageDir?: string;
  readonly logDir?: string;
  readonly logLevel?: string;
  /** `false` for `--no-progress`, else the form that `--progress` names. */
  readonly progress?: string | boolean;
  readonly json?: boolean;
  readonly color?: string;
  readonly maxRate?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly allowPrivateRedirects?: boolean;
  readonly pprof?: boolean;
  readonly pprofAddr?: string;
}

/** Where profiles are served when nobody says it: on this machine only. */
export const DEFAULT_PPROF_ADDRESS = "localhost:6060";

/** The settings of a run, which are those of the library and more; paths are absolute. */
export interface Settings extends ModelSettings, DownloadSettings, LogSettings {
  /** How progress is shown on standard error. */
  readonly progress: ProgressStyle;
  /** When colours are used. */
  readonly color: ColorChoice;
  /** Whether results and errors are JSON documents. */
  readonly json: boolean;
  /** Address that profiles of the run are served at; absent when nobody wants them. */
  readonly pprof?: string;
  readonly hubs: HubSettings;
  readonly credentialFiles: CredentialFiles;
  /** Folder for what can be found out again. */
  readonly cacheFolder: string;
  /** Address of the releases of this program, where it is set. */
  readonly releases?: string;
}

/** What the settings are decided by, besides the flags. */
export interface SettingsSource extends Pick<CliContext, "env" | "cwd" | "home" | "transport"> {
  readonly stderr: Pick<TextSink, "isTerminal">;
}

const PREFIXES = ["MODCTL_", "MODELOPS_", "MODEL_OPS_"];

/** The value of a setting of ours in the environment, under any of the prefixes. */
function ours(env: Environment, name: string): string | undefined {
  return givenBy(env, name)?.value;
}

/** A value, and the flag or the variable that gave it. */
interface Given {
  readonly value: string;
  readonly giver: string;
}

/** What a flag says, or a setting of ours in the environment where the flag is absent. */
function given(
  [name, flag]: readonly [name: string, flag: string | undefined],
  env: Environment,
  setting: string,
): Given | undefined {
  return flag === undefined ? givenBy(env, setting) : { value: flag, giver: name };
}

/** A setting of ours in the environment, and the variable that has it. */
function givenBy(env: Environment, setting: string): Given | undefined {
  for (const giver of PREFIXES.map((prefix) => prefix + setting)) {
    const value = firstSet(env, [giver]);
    if (value !== undefined) return { value, giver };
  }
  return undefined;
}

/**
 * Decides the settings.
 * @throws {InvalidInputError} when a value cannot be used.
 */
export function resolveSettings(flags: GlobalFlags, source: SettingsSource): Settings {
  const { env, cwd } = source;
  const at = (path: string | undefined) => path === undefined ? undefined : resolve(cwd, path);
  // A user without a home (an arbitrary id in a container) still gets a store.
  const dotFolder = join(source.home ?? cwd, ".modctl");
  const level = chosen(LOG_LEVELS, given(["--log-level", flags.logLevel], env, "LOG_LEVEL")) ??
    "info";
  const storageDir = at(flags.storageDir || ours(env, "STORAGE_DIR")) ?? dotFolder;
  const cache = firstSet(env, ["XDG_CACHE_HOME"]) ?? join(source.home ?? cwd, ".cache");
  return {
    storageDir,
    logDir: at(flags.logDir || ours(env, "LOG_DIR")) ?? join(storageDir, "logs"),
    logLevel: level,
    progress: progressStyle(flags, source, level),
    color: colorChoice(flags.color, env),
    json: flags.json ?? false,
    caFile: at(flags.caFile || undefined),
    authorities: {
      file: at(firstSet(env, ["SSL_CERT_FILE"])),
      folders: firstSet(env, ["SSL_CERT_DIR"])?.split(delimiter).filter(Boolean).map((path) =>
        resolve(cwd, path)
      ),
    },
    allowPrivateRedirects: flags.allowPrivateRedirects ??
      isOn(env, "ALLOW_PRIVATE_REDIRECTS"),
    certFile: at(flags.certFile || undefined),
    keyFile: at(flags.keyFile || undefined),
    proxy: {
      // Upper-case HTTP_PROXY can be set by a request's header in CGI; everyone prefers the other
      // form.
      http: firstSet(env, ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
      https: firstSet(env, ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
      noProxy: firstSet(env, ["no_proxy", "NO_PROXY"]),
    },
    credentialFiles: credentialFiles(dotFolder, source),
    mirrors: mirrorFiles(dotFolder, source),
    dragonfly: dragonfly(env),
    pprof: flags.pprof ? flags.pprofAddr || DEFAULT_PPROF_ADDRESS : undefined,
    hubs: hubSettings(source),
    cacheFolder: resolve(cwd, cache, "modelops"),
    maxRate: maxRate(given(["--max-rate", flags.maxRate], env, "MAX_RATE")),
    releases: ours(env, "RELEASES"),
    userAgent: `modelops/${BUILD_INFO.version}`,
    transport: source.transport,
    username: withoutLineEnd(ours(env, "REGISTRY_USER")),
    password: withoutLineEnd(ours(env, "REGISTRY_PASS")),
    loginRegistry: hostOf(ours(env, "REGISTRY")),
  };
}

/** A value that was read from a mounted file may end its line. */
function withoutLineEnd(text: string | undefined): string | undefined {
  return text === undefined ? undefined : withoutEnd(text, "\r\n");
}

/** The host of a registry that may be written as a URL, or with the path of a repository. */
function hostOf(registry: string | undefined): string | undefined {
  return registry?.trim().replace(/^https?:\/\//i, "").replace(/\/.*$/s, "");
}

/**
 * A word that is one of some, in any letter case; `undefined` where nobody gave one.
 * @throws {InvalidInputError} naming the flag or the variable that gave it.
 */
function chosen<Word extends string>(
  words: readonly Word[],
  found: Given | undefined,
): Word | undefined {
  if (found === undefined) return undefined;
  const word = found.value.toLowerCase();
  if (isOneOf(words, word)) return word;
  throw new InvalidInputError(
    `Cannot use ${found.giver} ${quote(found.value)}: it is one of ${words.join(", ")}`,
    { actual: word, choices: words },
  );
}

/**
 * When colours are used.
 * @throws {InvalidInputError} when it is none of the choices.
 */
export function colorChoice(flag: string | undefined, env: Environment): ColorChoice {
  return chosen(COLOR_CHOICES, given(["--color", flag], env, "COLOR")) ?? "auto";
}

function progressStyle(
  flags: GlobalFlags,
  { env, stderr }: SettingsSource,
  level: LogLevelName,
): ProgressStyle {
  if (flags.progress === false) return "none";
  const flag = typeof flags.progress === "string" ? flags.progress : undefined;
  const asked = chosen(PROGRESS_STYLES, given(["--progress", flag], env, "PROGRESS"));
  if (asked === undefined) {
    if (flags.json || isOn(env, "NO_PROGRESS")) return "none";
  } else if (asked !== "bar") return asked;
  // Nothing can be redrawn in a file.
  if (!stderr.isTerminal || env["TERM"] === "dumb") return "plain";
  // Log records on the terminal and lines that are redrawn would garble each other.
  return asked === "bar" || !isMachine(env) && !isDebug(level) ? "bar" : "plain";
}

function maxRate(found: Given | undefined): number | undefined {
  return found && parseRate(found.value, found.giver);
}

/** Whether a switch of ours in the environment is on. */
function isOn(env: Environment, setting: string): boolean {
  const found = givenBy(env, setting);
  return found !== undefined && isSwitchedOn({ name: found.giver, value: found.value });
}

/** Whether a service runs us: some put their own name into `CI`. */
function isMachine({ CI = "" }: Environment): boolean {
  return !["", "0", "false"].includes(CI.toLowerCase());
}

function credentialFiles(dotFolder: string, { env, cwd, home }: SettingsSource): CredentialFiles {
  const named = firstSet(env, ["DOCKER_CONFIG"]);
  const docker = named === undefined ? below(home, ".docker") : resolve(cwd, named);
  const config = firstSet(env, ["XDG_CONFIG_HOME"]) ?? below(home, ".config");
  const others = [
    firstSet(env, ["REGISTRY_AUTH_FILE"]),
    below(firstSet(env, ["XDG_RUNTIME_DIR"]), "containers", "auth.json"),
    below(config, "containers", "auth.json"),
  ];
  return {
    own: join(dotFolder, "config.json"),
    docker: below(docker, "config.json"),
    prefersDocker: named !== undefined,
    others: others.filter((path) => path !== undefined),
  };
}

function dragonfly(env: Environment): Partial<DragonflySettings> {
  const priority = givenBy(env, "DRAGONFLY_PRIORITY");
  return {
    endpoint: ours(env, "DRAGONFLY_ENDPOINT"),
    required: isOn(env, "DRAGONFLY_REQUIRED"),
    forwardAuth: isOn(env, "DRAGONFLY_FORWARD_AUTH"),
    tag: ours(env, "DRAGONFLY_TAG"),
    application: ours(env, "DRAGONFLY_APPLICATION"),
    priority: priority &&
      wholeNumber({ name: priority.giver, value: priority.value }, { least: 0, most: 6 }),
  };
}

/** Ours, and those of containers' tools: of this user, else of the machine. */
function mirrorFiles(dotFolder: string, { env, cwd, home }: SettingsSource): MirrorFiles {
  const config = firstSet(env, ["XDG_CONFIG_HOME"]) ?? below(home, ".config");
  const folders = ["/etc/containers", ...config === undefined ? [] : [join(config, "containers")]];
  const own = ours(env, "MIRRORS");
  const named = firstSet(env, ["CONTAINERS_REGISTRIES_CONF"]);
  return {
    own: own === undefined
      ? { path: join(dotFolder, "mirrors.yaml") }
      : { path: resolve(cwd, own), isNamed: true },
    containers: named === undefined
      ? folders.toReversed().map((folder) => ({ path: join(folder, "registries.conf") }))
      : [{ path: resolve(cwd, named), isNamed: true }],
    containersFolders: folders.map((folder) => join(folder, "registries.conf.d")),
  };
}

/**
 * The time that clamps every time in an artifact, in seconds since 1970 (reproducible-builds.org,
 * SOURCE_DATE_EPOCH); `undefined` when the environment does not say.
 * @throws {InvalidInputError} when it is not a whole number of seconds.
 */
export function sourceDateEpoch(env: Environment): number | undefined {
  const text = firstSet(env, ["SOURCE_DATE_EPOCH"]);
  if (text === undefined) return undefined;
  // 253402300799 is the last second of the year 9999, the last that RFC 3339 can write.
  if (/^[0-9]{1,12}$/.test(text) && Number(text) <= 253402300799) return Number(text);
  throw new InvalidInputError(
    `Cannot use SOURCE_DATE_EPOCH ${quote(text)}: it is not a whole number of seconds since 1970`,
    { remedy: "write SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" },
  );
}
