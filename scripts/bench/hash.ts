/** Prints the digest of the file that the argument names, hashed as a build hashes it. @module */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { hashFile } from "../../src/work/hash_file.ts";

const [path = ""] = Deno.args;
const { digest } = await hashFile({ path }, { advance() {}, throwIfStopped() {} });
console.log(digest);
