/**
 * Streams of the process that nothing can be written to, although the runtime does not say so.
 * @module
 */

/** The bits of the flags of `open(2)` that tell what a descriptor is for, and those of reading. */
const [ACCESS_MODE, READ_ONLY] = [3, 0];

/**
 * Whether a descriptor is open for reading only: the runtime takes what is written to it for
 * written. One that was closed it opens anew, as `/dev/null`, which others open alike to have no
 * output: those two nobody can tell apart.
 */
export function isReadOnly(descriptor: number): boolean {
  const path = `/proc/self/fdinfo/${descriptor}`;
  try {
    // Where it is not allowed the runtime would ask, and nobody was told why.
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
    const [, flags = "1"] = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(path)) ?? [];
    return (parseInt(flags, 8) & ACCESS_MODE) === READ_ONLY;
  } catch {
    // Another system has no such file.
    return false;
  }
}
