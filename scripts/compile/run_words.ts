/** How Deno runs the bundle of the program, in all forms that have one. @module */

/**
 * What Deno is told of the bundle: a configuration that lies around has nothing to do with it, and
 * `serve` has the sockets by which it notifies a service manager.
 */
export const RUNTIME_WORDS = ["--no-config", "--no-lock", "--unstable-net"] as const;

/** How Deno runs the bundle. */
export const RUN_WORDS = ["run", "--quiet", ...RUNTIME_WORDS] as const;
