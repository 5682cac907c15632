/** Profiles in the format of pprof. @module */
export {
  Function as ProfileFunction,
  Line,
  Location,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from "npm:pprof-format@2.3.2";
export type { ProfileInput } from "npm:pprof-format@2.3.2";
