/**
 * Credentials kept by helper programs, and by the files that name them.
 * See https://github.com/docker/docker-credential-helpers
 * @module
 */
import { z } from "../../deps/zod.ts";
import type { Log } from "../../core/operation.ts";
import { TransientError } from "../../core/retry.ts";
import { readAll } from "../../core/streams.ts";
import { withTimeLimit } from "../../core/time_limit.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { findAuth, helperFor, readDockerConfig, serverKey } from "./docker_config.ts";

/** The most of a helper's output that is read. */
const OUTPUT_LIMIT = 1024 * 1024;

const answerSchema = z.looseObject({ Username: z.string(), Secret: z.string().min(1) });

/** How to use a configuration file. */
export interface ConfigFileOptions {
  /** Told about helpers that do not work; the search then goes on. */
  readonly log?: Log;
  /** Milliseconds a helper may take; 30 000 when absent. */
  readonly helperTime?: number;
}

/**
 * The credentials of one configuration file in Docker's format: those of the helper it names for a
 * registry, else its own. The file is read at each search.
 */
export function configFileCredentials(
  path: string,
  options: ConfigFileOptions = {},
): CredentialSource {
  return {
    async find(registry, repository) {
      const config = await readDockerConfig(path);
      const helper = helperFor(config, registry);
      const kept = helper && await askHelper(helper, registry, options);
      return kept || findAuth(config, registry, repository);
    },
  };
}

/**
 * Asks `docker-credential-<name>` for a registry's credentials. A helper that is missing, fails or
 * answers in another form is reported in the log, and counts as one that has none.
 */
async function askHelper(
  name: string,
  registry: string,
  options: ConfigFileOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const complain = (reason: string) =>
    options.log?.("warning", `Cannot ask ${program} for ${registry}: ${reason}`);
  if (!/^[\w.-]+$/.test(name)) return void complain("its name is not one of a helper");
  try {
    const { success, output } = await runHelper(program, serverKey(registry), options);
    if (success) return parseAnswer(output) ?? void complain("it gave no credentials");
    if (!/credentials not found/i.test(output)) complain("it failed");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    complain(error instanceof Deno.errors.NotFound ? "it is not installed" : reason);
  }
  return undefined;
}

async function runHelper(
  program: string,
  server: string,
  { helperTime = 30_000 }: ConfigFileOptions,
): Promise<{ success: boolean; output: string }> {
  const child = new Deno.Command(program, {
    args: ["get"],
    stdin: "piped",
    stdout: "piped",
    // What it prints there may hold secrets.
    stderr: "null",
  }).spawn();
  try {
    return await withTimeLimit(helperTime, async () => {
      const answer = readAll(child.stdout, OUTPUT_LIMIT);
      const [output] = await Promise.all([answer, feed(child.stdin, server)]);
      const { success } = await child.status;
      return { success, output: new TextDecoder().decode(output) };
    });
  } catch (error) {
    kill(child);
    await child.status;
    const late = error instanceof TransientError;
    throw late ? new Error(`it took more than ${helperTime} ms`) : error;
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // The helper has ended by now.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    await new Blob([text]).stream().pipeTo(stdin);
  } catch (error) {
    // A helper may answer without reading what it is asked.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function parseAnswer(output: string): Credentials | undefined {
  try {
    const { Username: username, Secret: secret } = answerSchema.parse(JSON.parse(output));
    // By convention of the helpers a secret without a user is an identity token.
    const isToken = username === "<token>" || username === "";
    return isToken ? { identityToken: secret } : { username, password: secret };
  } catch {
    return undefined; // The caller says that it gave no credentials.
  }
}
