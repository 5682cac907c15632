/** Patterns of files to leave out, in gitignore syntax. @module */
export { default as ignore } from "npm:ignore@7.0.16";
