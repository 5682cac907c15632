/** Redrawing of several lines on a terminal. @module */
// @ts-types="npm:@types/cli-progress@3.11.6"
export { MultiBar } from "npm:cli-progress@3.12.0";
