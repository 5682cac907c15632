/**
 * Flags that several commands share. A command makes its flags itself, so that a command that is
 * read without commander does not load it.
 * @module
 */
import type { Command, OptionValues } from "../deps/commander.ts";
import { DEFAULT_CONCURRENCY } from "../core/concurrency.ts";
import { positiveCount } from "./arguments.ts";
import type { Output } from "./output/writer.ts";

/** What makes the flags of a command. */
type Maker = Pick<Command, "createOption">;

/** `--concurrency` */
export const concurrency = (command: Maker) =>
  command.createOption("-c, --concurrency <count>", "layers that are worked on at once")
    .argParser(positiveCount).default(DEFAULT_CONCURRENCY);

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

/** `--dragonfly-endpoint`, which scripts of earlier tools still carry. */
export const dragonflyEndpoint = (command: Maker) =>
  command.createOption("--dragonfly-endpoint <path>").hideHelp();

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

/** Adds the flags of a command that moves layers from or to a registry. */
export function addTransfer<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return addAccess(command.addOption(concurrency(command)));
}

/** Says that a flag changes nothing. */
export function noteIgnored(output: Output, flag: string, given: unknown): void {
  if (given) output.note(`note: ${flag} has no effect`);
}
