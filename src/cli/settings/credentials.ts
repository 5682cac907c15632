/**
 * Where `login` gets a user and a password from.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote, shellWord } from "../../core/text.ts";
import type { Logins } from "../../library/logins.ts";
import { canonicalHost, type PasswordCredentials } from "../../registry/auth/credentials.ts";
import type { Session } from "../session.ts";

/** What the command line says about a login. */
export interface GivenLogin {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly authfile?: string;
}

/** Where the rest of a login may come from: the person or the environment, and the files. */
interface LoginSources {
  readonly session: Session;
  readonly logins: Logins;
}

/**
 * Finds a login for a registry: from `--authfile`, else the flags, standard input where it is asked
 * for, the environment, what is stored, and at last the person at the terminal.
 * @throws {InvalidInputError} when the user or the password is missing or empty.
 */
export async function obtainLogin(
  registry: string,
  given: GivenLogin,
  sources: LoginSources,
): Promise<PasswordCredentials> {
  const { session, logins } = sources;
  if (given.authfile !== undefined) {
    if (given.username !== undefined || given.password !== undefined || given.passwordStdin) {
      throw refusal(
        registry,
        "--authfile cannot be used together with -u, -p or --password-stdin",
      );
    }
    return await logins.findIn(given.authfile, registry, session.quiet());
  }
  if (given.password !== undefined && given.passwordStdin) {
    throw refusal(registry, "-p and --password-stdin cannot be used together");
  }
  if (given.password !== undefined) {
    session.output.warn(
      "a password on the command line is visible to others on this machine; " +
        "use --password-stdin instead",
    );
  }
  const { context: { stdin, prompts, signal, programName } } = session;
  const settings = settingsFor(registry, session);
  const interactive = stdin.isTerminal;
  const stored = await storedLogin(registry, given, sources);
  const username = given.username ?? settings.username ??
    (interactive ? await prompts.text(`User name for ${registry}:`, signal) : stored?.username);
  requireValue(registry, "user name", username, "pass `-u <name>`, or set MODCTL_REGISTRY_USER");
  const password = given.password ?? await readPassword(given, session) ?? settings.password ??
    (interactive
      ? await prompts.secret(`Password for ${registry}:`, signal)
      : stored?.username === username
      ? stored.password
      : undefined);
  requireValue(
    registry,
    "password",
    password,
    `pipe it into \`${programName} login -u ${
      shellWord(username)
    } --password-stdin ${registry}\`, ` +
      "or set MODCTL_REGISTRY_PASS",
  );
  return { username, password };
}

/** The login of the environment, where it is for this registry. */
function settingsFor(
  registry: string,
  { settings: { username, password, loginRegistry } }: Session,
): Partial<PasswordCredentials> {
  const isForIt = loginRegistry === undefined ||
    canonicalHost(loginRegistry) === canonicalHost(registry);
  return isForIt ? { username, password } : {};
}

/** The login that is kept; looked up only where something is missing and no person can be asked. */
async function storedLogin(
  registry: string,
  given: GivenLogin,
  { session, logins }: LoginSources,
): Promise<PasswordCredentials | undefined> {
  const { context } = session;
  const settings = settingsFor(registry, session);
  const complete = (given.username ?? settings.username) !== undefined &&
    (given.password ?? settings.password) !== undefined;
  if (context.stdin.isTerminal || complete) return undefined;
  return await logins.find(registry, session.quiet());
}

/** The password from standard input, less one line end, where the flags want it from a pipe. */
async function readPassword(given: GivenLogin, session: Session): Promise<string | undefined> {
  const { stdin, signal } = session.context;
  if (!given.passwordStdin || stdin.isTerminal) return undefined;
  return (await stdin.readAll(signal)).replace(/\r?\n$/, "");
}

function requireValue(
  registry: string,
  what: string,
  value: string | undefined,
  remedy: string,
): asserts value is string {
  if (value) return;
  throw refusal(registry, `the ${what} is ${value === undefined ? "missing" : "empty"}`, remedy);
}

function refusal(registry: string, reason: string, remedy?: string): InvalidInputError {
  return new InvalidInputError(`Cannot log in to ${quote(registry)}: ${reason}`, {
    registry,
    remedy,
  });
}
