/** TOML. @module */
export { parse, TomlError } from "npm:smol-toml@1.9.1";
