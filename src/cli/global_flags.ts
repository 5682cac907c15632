/**
 * The flags that every command takes; `GlobalFlags` has what the parser makes of them.
 * @module
 */
import type { Command } from "../deps/commander.ts";
import { DEFAULT_PPROF_ADDRESS } from "./settings/global.ts";

/** Adds the flags to the command that has all others below it. */
export function addGlobalFlags(root: Command) {
  return root
    .option("--storage-dir <folder>", "the local store (default: ~/.modctl)")
    .option("--log-dir <folder>", "folder of the log file (default: logs in the local store)")
    .option(
      "--log-level <level>",
      "panic, fatal, error, warn, info, debug or trace (default: info)",
    )
    .option(
      "--progress <form>",
      "plain, bar, json or none (default: bar on a terminal, else plain)",
    )
    .option("--max-rate <rate>", "most bytes a second over the network, as 20MiB or 1.5MB/s")
    .option("--no-progress", "show no progress")
    .option("--color <when>", "auto, always or never (default: auto)")
    .option("--json", "write results, errors and help as JSON")
    .option("--ca-file <file>", "trust the authorities of this PEM file as well")
    .option("--cert-file <file>", "certificate to show to registries (PEM)")
    .option("--key-file <file>", "key of that certificate (PEM)")
    .option("--allow-private-redirects", "let servers on the internet point to private addresses")
    .option("--pprof", "serve profiles of this run while it lasts")
    .option("--pprof-addr <host:port>", "where to serve them", DEFAULT_PPROF_ADDRESS);
}
