/** YAML with the lines and comments of the text. @module */
export {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "npm:yaml@2.9.1";
export type { Document, Node, Pair, ScalarTag, Tags } from "npm:yaml@2.9.1";
