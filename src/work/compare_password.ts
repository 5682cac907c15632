/**
 * Whether a password has a hash. It takes a tenth of a second by design, which nobody else should
 * wait for.
 * @module
 */
import { compareBcrypt } from "../deps/bcryptjs.ts";

/** What to compare. */
export interface ComparePasswordInput {
  readonly password: string;
  /** A hash of bcrypt. */
  readonly hash: string;
}

/** Compares a password with a hash. */
export async function comparePassword({ password, hash }: ComparePasswordInput): Promise<boolean> {
  return await compareBcrypt(password, hash);
}
