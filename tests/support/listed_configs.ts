/**
 * Configurations of artifacts, and whether modctl lists what has them: `tests/e2e/modctl_test.ts`
 * asks it.
 * @module
 */

/** Configurations, and whether modctl lists what has them. */
export const LISTED_CONFIGS: readonly (readonly [string, boolean])[] = [
  ["{}", true],
  ["null", true],
  [
    '{"architecture":"amd64","os":"linux","config":{"Env":["A=b"]},"rootfs":{"type":"layers"}}',
    true,
  ],
  ['{"config":{"format":"gguf","size":"7B"},"descriptor":{"created":1}}', true],
  ['{"descriptor":{"createdAt":null,"authors":[null]}}', true],
  ["", false],
  ["name: chart", false],
  ["[]", false],
  ['"text"', false],
  ['{"config":[]}', false],
  ['{"config":{"precision":16}}', false],
  ['{"Config":{"PARAMSIZE":7}}', false],
  ['{"descriptor":{"createdAt":"yesterday"}}', false],
  ['{"descriptor":{"licenses":"MIT"}}', false],
  ['{"modelfs":{"diffIds":[1]}}', false],
];
