/**
 * User names and passwords from a file that `htpasswd -B` writes.
 *
 * Only bcrypt hashes are taken: the older forms of such files can be guessed at millions a second.
 * @module
 */
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import type { Problem } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { explainRead } from "../../core/file_errors.ts";
import { markOf, readText } from "../../core/files.ts";
import type { Authenticate } from "../access.ts";
import { PasswordChecks } from "./checks.ts";

/** bcrypt hashes by user name. */
export type HtpasswdUsers = ReadonlyMap<string, string>;

const BCRYPT = /^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$/;

/**
 * Reads such a file.
 * @throws {NotFoundError} when there is no such file.
 * @throws {InvalidInputError} when the file cannot be read or used.
 */
export async function readHtpasswd(
  path: string,
  options: OperationOptions = {},
): Promise<HtpasswdUsers> {
  try {
    options.signal?.throwIfAborted();
    return parseHtpasswd(await readText(path), path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/**
 * Parses the text of such a file: `name:hash` on each line; empty lines and lines that start with
 * `#` are skipped. `path` is what messages call it.
 * @throws {InvalidInputError} with every problem and its line; without users as well.
 */
export function parseHtpasswd(text: string, path: string): HtpasswdUsers {
  const users = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const hash = line.slice(colon + 1).trimEnd();
    const message = lineProblem(name, hash, users);
    if (message === undefined) users.set(name, hash);
    else problems.push({ line: index + 1, message });
  }
  if (users.size === 0 && problems.length === 0) problems.push({ message: "it names no user" });
  if (problems.length === 0) return users;
  throw problemsError(`use ${quote(path)} as a password file`, problems, {
    path,
    remedy: "write each line with: htpasswd -nB USER",
  });
}

/** What is wrong with a line. The hash is a secret and never part of the answer. */
function lineProblem(name: string, hash: string, users: HtpasswdUsers): string | undefined {
  if (name === "") return "expected a user name, a colon and a bcrypt hash";
  if (users.has(name)) return `user ${quote(name)} is named twice`;
  if (!BCRYPT.test(hash)) return `the password of ${quote(name)} is not a bcrypt hash`;
  return undefined;
}

/**
 * Checks credentials against such a file. An unknown user takes as long as a wrong password, so
 * that names cannot be found by the clock.
 */
export function htpasswdAuthenticator(users: HtpasswdUsers): Authenticate {
  return authenticatorOf(() => Promise.resolve(users));
}

/** How a password file is followed. */
export interface HtpasswdFileOptions extends OperationOptions {
  /** The time now in milliseconds, which never goes back. */
  readonly now?: () => number;
}

/**
 * Checks credentials against a file, which is read again when it has changed. One that cannot be
 * used any more is a warning, and the users stay as they were.
 * @throws {NotFoundError} when there is no such file.
 * @throws {InvalidInputError} when the file cannot be read or used.
 */
export async function htpasswdFileAuthenticator(
  path: string,
  options: HtpasswdFileOptions = {},
): Promise<Authenticate> {
  const file = new HtpasswdFile(path, options);
  await file.load();
  return authenticatorOf(() => file.users());
}

function authenticatorOf(usersNow: () => Promise<HtpasswdUsers>): Authenticate {
  const checks = new PasswordChecks();
  return async (username, password, address) => {
    const users = await usersNow();
    const hash = users.get(username);
    const matches = await checks.check({ username, password }, hash ?? decoyHash(users), address);
    return matches && hash !== undefined;
  };
}

/** Milliseconds for which the file is taken to be as it was. */
const LOOK_INTERVAL = 1000;

/** A password file that is followed. */
class HtpasswdFile {
  readonly #path: string;
  readonly #options: HtpasswdFileOptions;
  readonly #now: () => number;
  #users: HtpasswdUsers = new Map();
  #mark = "";
  #looked = 0;

  constructor(path: string, options: HtpasswdFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Reads the file. */
  async load(): Promise<void> {
    const mark = await markOf(this.#path);
    this.#looked = this.#now();
    this.#users = await readHtpasswd(this.#path, { signal: this.#options.signal });
    this.#mark = mark;
  }

  /** The users of the file as it is now. */
  async users(): Promise<HtpasswdUsers> {
    if (this.#now() - this.#looked < LOOK_INTERVAL) return this.#users;
    this.#looked = this.#now();
    const mark = await markOf(this.#path);
    if (mark === this.#mark) return this.#users;
    const { log } = this.#options;
    try {
      await this.load();
      log?.("info", "Password file read again", { path: this.#path, users: this.#users.size });
    } catch (error) {
      this.#mark = mark;
      log?.("warning", "Password file cannot be used; its earlier users stay", { error });
    }
    return this.#users;
  }
}

/** A hash that no password has, as costly as the costliest of the file. */
function decoyHash(users: HtpasswdUsers): string {
  const costs = [...users.values()].map((hash) => BCRYPT.exec(hash)?.[1] ?? "10").sort();
  return `$2b$${costs.at(-1) ?? "10"}$${".".repeat(53)}`;
}
