/**
 * Programs that keep credentials for others: `docker-credential-<name>`.
 * See https://github.com/docker/docker-credential-helpers
 * @module
 */
import * as form from "../../core/shapes/form.ts";
import { fileFault } from "../../core/file_errors.ts";
import { TransientError } from "../../core/retry.ts";
import { concatBytes } from "../../core/streams.ts";
import { withTimeLimit } from "../../core/waiting/time_limit.ts";
import { type Credentials, type PasswordCredentials, presentable } from "./credentials.ts";

/** The most of a helper's output that is read. */
const OUTPUT_LIMIT = 1024 * 1024;

/** Milliseconds for the rest of a helper's output after its end: others may hold its pipe. */
const REST_TIME = 200;

const answerForm = form.map({ Username: form.text, Secret: form.matching(/./s) });

/** How helpers are run. */
export interface HelperOptions {
  /** Milliseconds that one may take; 30 000 when absent. */
  readonly helperTime?: number;
}

/** A helper could not do what it was asked. The message is a clause without secrets. */
export class HelperFailure extends Error {
  /** Name of the program. */
  readonly program: string;
  /** Whether there is no such program, or it did not end in time. */
  readonly kind: "missing" | "late" | "other";

  constructor(name: string, reason: string, kind: HelperFailure["kind"] = "other") {
    super(reason);
    this.program = `docker-credential-${name}`;
    this.kind = kind;
  }
}

/**
 * What a helper keeps for a server; `undefined` when it keeps nothing.
 * @throws {HelperFailure} when it is missing, fails, hangs, or answers in another form.
 */
export async function readFromHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<Credentials | undefined> {
  const { success, output } = await runHelper(name, "get", server, options);
  if (!success && /credentials not found/i.test(output)) return undefined;
  if (!success) throw new HelperFailure(name, "it failed");
  const found = parseAnswer(output);
  if (found) return found;
  throw new HelperFailure(name, "it gave no credentials");
}

/**
 * Has a helper keep a login for a server.
 * @throws {HelperFailure} when it did not.
 */
export async function writeToHelper(
  name: string,
  server: string,
  { username, password }: PasswordCredentials,
  options: HelperOptions = {},
): Promise<void> {
  const login = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
  const { success } = await runHelper(name, "store", login, options);
  if (!success) throw new HelperFailure(name, "it did not keep the login");
}

/**
 * Has a helper forget the login for a server.
 * @throws {HelperFailure} when it did not.
 */
export async function eraseFromHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<void> {
  const { success } = await runHelper(name, "erase", server, options);
  if (!success) throw new HelperFailure(name, "it did not forget the login");
}

/** Runs a helper that reads `input`; what it says beside its answer may hold secrets. */
async function runHelper(
  name: string,
  verb: "get" | "store" | "erase",
  input: string,
  { helperTime = 30_000 }: HelperOptions,
): Promise<{ success: boolean; output: string }> {
  if (!/^[\w.-]+$/.test(name)) throw new HelperFailure(name, "its name is not one of a helper");
  const child = startHelper(name, verb);
  const output = readOutput(name, child);
  try {
    return await withTimeLimit(helperTime, async () => {
      const [text] = await Promise.all([output, feed(child.stdin, input)]);
      return { success: (await child.status).success, output: text };
    });
  } catch (error) {
    kill(child);
    await output.catch(() => undefined);
    if (error instanceof HelperFailure) throw error;
    if (!(error instanceof TransientError)) throw error;
    throw new HelperFailure(name, `it took more than ${helperTime} ms`, "late");
  }
}

function startHelper(name: string, verb: string): Deno.ChildProcess {
  try {
    return new Deno.Command(`docker-credential-${name}`, {
      args: [verb],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    if (isMissing) throw new HelperFailure(name, "it is not installed", "missing");
    throw new HelperFailure(name, fileFault("read", error) ?? "it cannot be run");
  }
}

/** Reads the output until the program has ended, and the rest of it for a moment longer. */
async function readOutput(name: string, child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.getReader();
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for (let size = 0;;) {
      const { done, value } = await reader.read();
      if (done) return;
      chunks.push(value);
      size += value.byteLength;
      if (size <= OUTPUT_LIMIT) continue;
      kill(child);
      throw new HelperFailure(name, `its answer is larger than ${OUTPUT_LIMIT} bytes`);
    }
  })();
  // A failure is told below, when the program has ended.
  reading.catch(() => undefined);
  try {
    await child.status;
    await withTimeLimit(REST_TIME, () => reading);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
  } finally {
    await reader.cancel();
  }
  return new TextDecoder().decode(concatBytes(chunks));
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
  const answer = form.inForm(answerForm, parse(output)).value;
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = answer;
  // By convention of the helpers a secret without a user is an identity token.
  const isToken = username === "<token>" || username === "";
  return presentable(isToken ? { identityToken: secret } : { username, password: secret });
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined; // The caller says that it gave no credentials.
  }
}
