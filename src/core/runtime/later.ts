/**
 * Modules that are loaded when they are first used.
 * @module
 */

/** Imports a module once: asking the runtime for one that is there takes it 40 µs each time. */
export function later<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  return () => loaded ??= load();
}
