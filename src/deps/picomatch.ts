/** Glob patterns as regular expressions. @module */
// @ts-types="npm:@types/picomatch@4.0.3"
export { default as picomatch } from "npm:picomatch@4.0.7";
