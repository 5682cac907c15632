/**
 * What an exchange needs of a connection, of whichever part of the runtime.
 * @module
 */

/** A connection. */
export type Line = Pick<Deno.Conn, "read" | "write" | "close" | "ref" | "unref">;
