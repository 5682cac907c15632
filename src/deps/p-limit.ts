/** Bounded concurrency. @module */
export { default as pLimit } from "npm:p-limit@7.3.3";
