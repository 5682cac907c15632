/**
 * Files with logins: what is found in them, in which order, and how they are changed. A file may
 * name a helper program that keeps the logins for it.
 * @module
 */
import { InvalidInputError, ModelOpsError } from "../../core/errors.ts";
import { explainRead, isMissing, systemCode } from "../../core/file_errors.ts";
import type { Log } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import {
  eraseFromHelper,
  HelperFailure,
  type HelperOptions,
  readFromHelper,
  writeToHelper,
} from "./credential_helpers.ts";
import type { Credentials, CredentialSource, PasswordCredentials } from "./credentials.ts";
import {
  findAuth,
  helperFor,
  readDockerConfig,
  removeCredentials,
  saveCredentials,
  serverKey,
} from "./docker_config.ts";

/** How to use a configuration file. */
export interface ConfigFileOptions extends HelperOptions {
  /** Told about helpers that do not work, and about files that others can read. */
  readonly log?: Log;
}

/**
 * The credentials of one configuration file in Docker's format: those of the helper it names for a
 * registry, then its own. The file is read at each search; a helper that hung is not asked again.
 */
export function configFileCredentials(
  path: string,
  options: ConfigFileOptions = {},
): CredentialSource {
  const complaints = new Set<string>();
  const complain = (text: string) => {
    if (!complaints.has(text)) options.log?.("warning", text);
    complaints.add(text);
  };
  const hung = new Set<string>();
  const ask = async (helper: string, registry: string) => {
    if (hung.has(helper)) return undefined;
    try {
      return await readFromHelper(helper, serverKey(registry), options);
    } catch (error) {
      if (!(error instanceof HelperFailure)) throw error;
      if (error.kind === "late") hung.add(helper);
      complain(`Cannot ask ${error.program} for ${registry}: ${error.message}`);
      return undefined;
    }
  };
  async function* all(registry: string, repository?: string) {
    const config = await readDockerConfig(path);
    const helper = helperFor(config, registry);
    const kept = helper && await ask(helper, registry);
    if (kept) yield kept;
    const own = findAuth(config, registry, repository);
    if (own === undefined) return;
    if (await isOpenToOthers(path)) {
      complain(`${path} holds a login and can be read by others: run \`chmod 600 ${path}\``);
    }
    yield own;
  }
  return { all, find: async (registry, repository) => await first(all(registry, repository)) };
}

/**
 * The credentials of several files, those of the file that was changed last first. One that this
 * user may not read is passed over: variables of whoever was here before may lead to it.
 */
export function loginFiles(
  paths: readonly string[],
  options: ConfigFileOptions = {},
): CredentialSource {
  const files = paths.map((path) => ({ path, source: configFileCredentials(path, options) }));
  const complaints = new Set<string>();
  const passOver = (error: unknown) => {
    if (!(error instanceof ModelOpsError) || systemCode(error.cause) !== "EACCES") throw error;
    if (!complaints.has(error.message)) options.log?.("warning", error.message);
    complaints.add(error.message);
  };
  async function* all(registry: string, repository?: string) {
    const dated = await Promise.all(files.map(async ({ path, source }) => {
      return { source, changed: await lastChange(path).catch(passOver) };
    }));
    const present = dated.filter((file) => file.changed !== undefined);
    for (const { source } of present.sort((a, b) => b.changed! - a.changed!)) {
      try {
        yield* source.all!(registry, repository);
      } catch (error) {
        passOver(error);
      }
    }
  }
  return { all, find: async (registry, repository) => await first(all(registry, repository)) };
}

/**
 * When a file was changed, in milliseconds since 1970; `undefined` when there is none. A login that
 * comes through a link changes what it leads to.
 */
async function lastChange(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explainRead(path, error);
  }
}

/** Where a login was kept. */
export interface KeptLogin {
  /** The file that keeps it, or names the helper that does. */
  readonly path: string;
  /** The program that keeps it. */
  readonly helper?: string;
}

/**
 * Keeps a login where a file says: in itself, or with a helper.
 * @throws {InvalidInputError} when the file cannot be changed safely, or its helper does not work.
 */
export async function keepLogin(
  path: string,
  registry: string,
  credentials: PasswordCredentials,
  options: HelperOptions = {},
): Promise<KeptLogin> {
  const helper = helperFor(await readDockerConfig(path), registry);
  if (helper === undefined) {
    await saveCredentials(path, registry, credentials);
    return { path };
  }
  try {
    await writeToHelper(helper, serverKey(registry), credentials, options);
  } catch (error) {
    throw helperError(`Cannot keep the login for ${quote(registry)}`, path, error);
  }
  // So other programs know that the helper has one.
  await saveCredentials(path, registry, undefined);
  return { path, helper: `docker-credential-${helper}` };
}

/**
 * Forgets the login for a registry that a file, or the helper that it names, keeps; tells whether
 * there was one.
 * @throws {InvalidInputError} when the file cannot be changed safely, or its helper does not work.
 */
export async function forgetLogin(
  path: string,
  registry: string,
  options: HelperOptions = {},
): Promise<boolean> {
  const helper = helperFor(await readDockerConfig(path), registry);
  const kept = helper !== undefined && await eraseIfKept(helper, { path, registry }, options);
  return await removeCredentials(path, registry) || kept;
}

async function eraseIfKept(
  helper: string,
  { path, registry }: { readonly path: string; readonly registry: string },
  options: HelperOptions,
): Promise<boolean> {
  const server = serverKey(registry);
  try {
    if (await readFromHelper(helper, server, options) === undefined) return false;
    await eraseFromHelper(helper, server, options);
    return true;
  } catch (error) {
    // A program that is not there keeps nothing.
    if (error instanceof HelperFailure && error.kind === "missing") return false;
    throw helperError(`Cannot forget the login for ${quote(registry)}`, path, error);
  }
}

function helperError(action: string, path: string, error: unknown): unknown {
  if (!(error instanceof HelperFailure)) return error;
  return new InvalidInputError(
    `${action}: ${quote(path)} leaves it to ${error.program}, and ${error.message}`,
    {
      path,
      remedy: `repair that program, or take it out of ${path} ("credHelpers" or "credsStore")`,
      cause: error,
    },
  );
}

/** Whether others than its owner can read a file; Windows keeps that elsewhere. */
async function isOpenToOthers(path: string): Promise<boolean> {
  if (Deno.build.os === "windows") return false;
  const { mode } = await Deno.stat(path);
  return ((mode ?? 0) & 0o044) !== 0;
}

async function first(found: AsyncIterable<Credentials>): Promise<Credentials | undefined> {
  for await (const credentials of found) return credentials;
  return undefined;
}
