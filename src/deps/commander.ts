/** Parsing of command lines; the types infer what an option's flags say. @module */
// @ts-types="npm:@commander-js/extra-typings@15.1.0"
export { Argument, Command, CommanderError, Help, Option } from "npm:commander@15.1.0";
export type { OptionValues } from "npm:commander@15.1.0";
