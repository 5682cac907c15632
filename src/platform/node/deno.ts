/**
 * What of `Deno` the product uses, on Node. The package for npm is built with it.
 * @module
 */
import { Command } from "./command.ts";
import { errors } from "./errors.ts";
import * as files from "./files.ts";
import { open, openSync, SeekMode } from "./open_file.ts";
import { listen, listenTls } from "./net.ts";
import * as terminal from "./terminal.ts";

/** The members by their names. */
export const Deno = {
  ...files,
  ...terminal,
  Command,
  SeekMode,
  errors,
  listen,
  listenTls,
  open,
  openSync,
};
