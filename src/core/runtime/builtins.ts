/**
 * Parts of the runtime that are loaded when they are first used. Each of them takes about as long
 * to load as an empty program takes to run (16 ms on two cores), and small commands can do without:
 * documents are hashed by the web's own `crypto`.
 * @module
 */
import type * as NodeCrypto from "node:crypto";
import type * as NodeDns from "node:dns";
import type * as NodeFs from "node:fs";
import type * as NodeNet from "node:net";
import type * as NodeOs from "node:os";
import type * as NodeTimers from "node:timers/promises";
import type * as NodeTls from "node:tls";
import type * as NodeV8 from "node:v8";
import type * as NodeVm from "node:vm";
import type * as NodeZlib from "node:zlib";

/** `node:crypto`. */
export function nodeCrypto(): typeof NodeCrypto {
  // deno-lint-ignore no-process-global -- the module `node:process` is one of those that take time
  return process.getBuiltinModule("node:crypto");
}

/** `node:dns`. */
export function nodeDns(): typeof NodeDns {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:dns");
}

/** `node:fs`. */
export function nodeFs(): typeof NodeFs {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:fs");
}

/** `node:net`. */
export function nodeNet(): typeof NodeNet {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:net");
}

/** `node:os`. */
export function nodeOs(): typeof NodeOs {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:os");
}

/** `node:timers/promises`. */
export function nodeTimers(): typeof NodeTimers {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:timers/promises");
}

/** `node:tls`. */
export function nodeTls(): typeof NodeTls {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:tls");
}

/** `node:v8`. */
export function nodeV8(): typeof NodeV8 {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:v8");
}

/** `node:vm`. */
export function nodeVm(): typeof NodeVm {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:vm");
}

/** `node:zlib`. */
export function nodeZlib(): typeof NodeZlib {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:zlib");
}
