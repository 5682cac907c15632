/** Password hashes as `htpasswd -B` writes them. @module */
export { compare as compareBcrypt } from "npm:bcryptjs@3.0.3";
