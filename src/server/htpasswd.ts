/**
 * User names and passwords from a file that `htpasswd -B` writes.
 *
 * Only bcrypt hashes are taken: the older forms of such files can be guessed at millions a second.
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { problemsError } from "../core/problems.ts";
import { quote } from "../core/text.ts";
import { compareBcrypt } from "../deps/bcryptjs.ts";
import type { Problem } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead } from "../core/file_errors.ts";
import { readText } from "../core/files.ts";
import type { Authenticate } from "./access.ts";

/** bcrypt hashes by user name. */
export type HtpasswdUsers = ReadonlyMap<string, string>;

const BCRYPT = /^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$/;

/** Verified credentials that are remembered; one check takes longer than a whole small pull. */
const REMEMBERED_LIMIT = 256;

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
 * that names cannot be found by the clock. Right credentials are remembered under a keyed hash.
 */
export function htpasswdAuthenticator(users: HtpasswdUsers): Authenticate {
  const decoy = decoyHash(users);
  const secret = randomBytes(32);
  const checks = new Map<string, Promise<boolean>>();

  async function check(username: string, password: string): Promise<boolean> {
    const hash = users.get(username);
    const matches = await compareBcrypt(password, hash ?? decoy);
    return matches && hash !== undefined;
  }

  return async (username, password) => {
    const key = createHmac("sha256", secret).update(JSON.stringify([username, password]))
      .digest("base64");
    // The promise is what is kept: a client's parallel requests then share one check.
    const result = checks.get(key) ?? check(username, password);
    checks.set(key, result);
    forgetOldest(checks);
    try {
      const matches = await result;
      if (!matches) checks.delete(key);
      return matches;
    } catch (error) {
      checks.delete(key);
      throw error;
    }
  };
}

function forgetOldest(checks: Map<string, unknown>): void {
  if (checks.size <= REMEMBERED_LIMIT) return;
  for (const key of checks.keys()) {
    checks.delete(key);
    return;
  }
}

/** A hash that no password has, as costly as the costliest of the file. */
function decoyHash(users: HtpasswdUsers): string {
  const costs = [...users.values()].map((hash) => BCRYPT.exec(hash)?.[1] ?? "10").sort();
  return `$2b$${costs.at(-1) ?? "10"}$${".".repeat(53)}`;
}
