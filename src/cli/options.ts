/**
 * Flags that several commands share. A command makes its flags itself, so that a command that is
 * read without commander does not load it.
 * @module
 */
import type { Command, OptionValues } from "../deps/commander.ts";
import { UnsupportedError } from "../core/errors.ts";
import { DEFAULT_CONCURRENCY } from "../core/operation.ts";
import { positiveCount } from "./arguments.ts";

/** What makes the flags of a command. */
type Maker = Pick<Command, "createOption">;

/** `--concurrency` */
export const concurrency = (command: Maker) =>
  command.createOption("-c, --concurrency <count>", "layers that are worked on at once")
    .argParser(positiveCount("--concurrency")).default(DEFAULT_CONCURRENCY);

/** `--quiet`, of the commands that make or move an artifact. */
export const quiet = (command: Maker) =>
  command.createOption("-q, --quiet", "print the digest and nothing else");

/** `--portable` */
export const portable = (command: Maker) =>
  command.createOption(
    "--portable",
    "refuse names that not every system can hold, or that case tells apart",
  );

/** `--object-store` */
export const objectStore = (command: Maker) =>
  command.createOption(
    "--object-store <address>",
    "folder of external files, file:///folder or a path (default: $OBJECT_STORE)",
  );

/** `--nydusify`, which scripts of earlier tools still carry. */
export const nydusify = (command: Maker) => command.createOption("--nydusify").hideHelp();

/** Adds the flags of a command that speaks to a registry: how it is reached. */
export function addAccess<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .option("--plain-http", "speak HTTP without TLS")
    .option("--insecure", "accept any certificate, and HTTP where there is no TLS")
    .option("--proxy <url>", "proxy for every request");
}

/** Adds the flag of a command that reads from a registry: whether its mirrors do as well. */
export function addMirror<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command.option("--no-mirror", "ask the registry itself, and none of its mirrors");
}

/** Adds the flags of a command that reads from a registry: how it is reached. */
export function addReading<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return addMirror(addAccess(command));
}

/** Adds the flags of a command that receives large content: who may bring it. */
export function addDragonfly<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .option("--dragonfly-endpoint <url>", "HTTP proxy of a Dragonfly daemon to ask first")
    .option("--dragonfly-required", "fail where the daemon does not help")
    .option("--dragonfly-forward-auth", "show logins of registries to the daemon");
}

/** Adds the flags of a command that moves layers from or to a registry. */
export function addTransfer<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return addAccess(command.addOption(concurrency(command)));
}

/**
 * Refuses a flag that scripts of earlier tools may carry and this program does nothing for: whoever
 * gives it counts on what it did.
 * @throws {UnsupportedError} when it is given.
 */
export function refuseFlag(flag: string, given: unknown, reason: string): void {
  if (!given) return;
  throw new UnsupportedError(`Cannot use ${flag}: ${reason}`, { remedy: `leave out ${flag}` });
}

/**
 * Refuses `--nydusify`.
 * @throws {UnsupportedError} when it is given.
 */
export function refuseNydusify(given: unknown): void {
  refuseFlag("--nydusify", given, "layers are not converted to the format of Nydus");
}
