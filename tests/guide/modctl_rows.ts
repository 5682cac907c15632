/** Every command line of the modctl Developer Guide, in the order of its promises. @module */
import { CI_ROWS } from "./rows/ci.ts";
import { DEVELOPMENT_ROWS } from "./rows/development.ts";
import { PRACTICE_ROWS } from "./rows/practices.ts";
import type { Row } from "./rows/row.ts";
import { TESTING_ROWS } from "./rows/testing.ts";
import { TROUBLESHOOTING_ROWS } from "./rows/troubleshooting.ts";
import { USE_CASE_ROWS } from "./rows/use_cases.ts";

/** The rows, by number. */
export const MODCTL_ROWS: readonly Row[] = [
  ...DEVELOPMENT_ROWS,
  ...CI_ROWS,
  ...PRACTICE_ROWS,
  ...USE_CASE_ROWS,
  ...TESTING_ROWS,
  ...TROUBLESHOOTING_ROWS,
].sort((one, other) => one.number - other.number);
