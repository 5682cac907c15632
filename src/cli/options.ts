/**
 * Flags that several commands share.
 * @module
 */
import { type Command, Option, type OptionValues } from "../deps/commander.ts";
import { DEFAULT_CONCURRENCY } from "../core/concurrency.ts";
import { positiveCount } from "./arguments.ts";
import type { Output } from "./output/writer.ts";

const plainHttp = new Option("--plain-http", "speak HTTP without TLS");

const insecure = new Option(
  "--insecure",
  "accept any certificate, and HTTP where there is no TLS",
);

const proxy = new Option("--proxy <url>", "proxy for every request");

/** `--concurrency` */
export const concurrency = new Option(
  "-c, --concurrency <count>",
  "layers that are worked on at once",
).argParser(positiveCount).default(DEFAULT_CONCURRENCY);

/** `--quiet`, of the commands that make or move an artifact. */
export const quiet = new Option("-q, --quiet", "print the digest and nothing else");

/** Adds the flags of a command that speaks to a registry: how it is reached. */
export function addAccess<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command.addOption(plainHttp).addOption(insecure).addOption(proxy);
}

/** `--object-store` */
export const objectStore = new Option(
  "--object-store <address>",
  "folder of external files, file:///folder or a path (default: $OBJECT_STORE)",
);

/** Adds the flags of a command that moves layers from or to a registry. */
export function addTransfer<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return addAccess(command.addOption(concurrency));
}

/** `--nydusify`, which scripts of earlier tools still carry. */
export const nydusify = new Option("--nydusify").hideHelp();

/** `--dragonfly-endpoint`, which scripts of earlier tools still carry. */
export const dragonflyEndpoint = new Option("--dragonfly-endpoint <path>").hideHelp();

/** Says that a flag changes nothing. */
export function noteIgnored(output: Output, flag: string, given: unknown): void {
  if (given) output.note(`note: ${flag} has no effect`);
}
