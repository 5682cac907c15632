/**
 * Parts of Node that are loaded when they are first used: `process.getBuiltinModule`, which Node 20
 * has since 20.16 only.
 * @module
 */
import { createRequire } from "node:module";

interface Builtins {
  readonly "node:child_process": typeof import("node:child_process");
  readonly "node:net": typeof import("node:net");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:tls": typeof import("node:tls");
  readonly "node:tty": typeof import("node:tty");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

const load = createRequire(import.meta.url);

/** A part of Node by its name. */
export function getBuiltinModule<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  return load(name);
}
