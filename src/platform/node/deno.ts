/**
 * What of `Deno` the product uses, on Node. The package for npm is built with it.
 * @module
 */
import { Command } from "./command.ts";
import { errors } from "./errors.ts";
import * as files from "./files.ts";
import { connect, startTls } from "./dial.ts";
import { listen, listenTls } from "./listener.ts";
import { create, open, openSync, SeekMode } from "./open_file.ts";
import * as terminal from "./terminal.ts";

/** The members by their names. */
export const Deno = {
  ...files,
  ...terminal,
  Command,
  SeekMode,
  connect,
  create,
  errors,
  listen,
  listenTls,
  open,
  openSync,
  startTls,
};
