/** Decoding of tar headers in all their dialects. @module */
export { type TarHeader, unpackTar } from "npm:modern-tar@0.8.6";
