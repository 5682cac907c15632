/**
 * Flags that several commands share.
 * @module
 */
import { Option } from "../deps/commander.ts";
import { DEFAULT_CONCURRENCY } from "../core/concurrency.ts";
import { positiveCount } from "./arguments.ts";
import type { Output } from "./output/writer.ts";

/** `--plain-http` */
export const plainHttp = new Option("--plain-http", "speak HTTP without TLS");

/** `--insecure` */
export const insecure = new Option(
  "--insecure",
  "accept any certificate, and HTTP where there is no TLS",
);

/** `--proxy` */
export const proxy = new Option("--proxy <url>", "proxy for every request");

/** `--concurrency` */
export const concurrency = new Option(
  "-c, --concurrency <count>",
  "layers that are worked on at once",
).argParser(positiveCount).default(DEFAULT_CONCURRENCY);

/** `--nydusify`, which scripts of earlier tools still carry. */
export const nydusify = new Option("--nydusify").hideHelp();

/** `--dragonfly-endpoint`, which scripts of earlier tools still carry. */
export const dragonflyEndpoint = new Option("--dragonfly-endpoint <path>").hideHelp();

/** Says that a flag changes nothing. */
export function noteIgnored(output: Output, flag: string, given: unknown): void {
  if (given) output.note(`note: ${flag} has no effect`);
}
