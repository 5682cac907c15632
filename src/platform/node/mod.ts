/**
 * What the package for npm has in place of globals, by their names: `scripts/npm/bundle.ts` puts
 * them there.
 * @module
 */
export { getBuiltinModule as "process.getBuiltinModule" } from "./builtins.ts";
export { Deno } from "./deno.ts";
export { addEventListener } from "./events.ts";
export {
  AsyncDisposableStack,
  DisposableStack,
  escapeRegExp as "RegExp.escape",
  fromAsync as "Array.fromAsync",
  fromBase64 as "Uint8Array.fromBase64",
  groupBy as "Map.groupBy",
  hardwareConcurrency as "navigator.hardwareConcurrency",
  parseUrl as "URL.parse",
  withResolvers as "Promise.withResolvers",
} from "./missing.ts";
export { Worker } from "./worker.ts";
