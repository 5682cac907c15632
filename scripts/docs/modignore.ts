/**
 * The reference of `.modignore`: its example is run through the rules that builds use.
 * @module
 */
import { IgnoreRules } from "../../src/core/ignore_rules.ts";
import { IGNORE_FILE } from "../../src/model/workspace_tree.ts";

const RULES = `# notes are for us
*.tmp
/notes/
checkpoints/**/optimizer.pt
!keep.tmp
data?.csv
[Dd]raft*
`;

/** Paths that the example is asked about. */
const PATHS = [
  "model.safetensors",
  "a.tmp",
  "deep/a.tmp",
  "keep.tmp",
  "notes/today.md",
  "deep/notes/today.md",
  "checkpoints/optimizer.pt",
  "checkpoints/step-1/optimizer.pt",
  "data1.csv",
  "data10.csv",
  "Draft-2.md",
];

/** `docs/modignore.md` */
export function modignoreReference(): Promise<string> {
  const rules = new IgnoreRules(RULES.split("\n"));
  const rows = PATHS.map((path) =>
    `| \`${path}\` | ${rules.ignores(path) ? "left out" : "taken"} |`
  );
  return Promise.resolve(`# ${IGNORE_FILE}

Which files of a folder are left out of a model. Written by \`deno task generate\`; do not edit.

The file \`${IGNORE_FILE}\` lies at the top of the folder that \`build\` and \`modelfile generate\` are
given. It has one pattern a line, in the syntax of gitignore:

- a line that starts with \`#\` is a comment, an empty one means nothing
- a pattern without a slash, but at its end, matches in every folder; one with a slash is relative to
  the top
- a slash at the end matches folders alone, and with them all that is below
- \`*\`, \`?\` and \`[…]\` stop at a slash, \`[[:digit:]]\` is a class of POSIX; \`**\` is any number of folders
- \`!\` at the start takes in again what an earlier line has left out, unless a folder above is out
- the last line that matches decides

\`--exclude\` of \`build\` and \`modelfile validate\` takes the same patterns; that of
\`modelfile generate\` takes those of a Modelfile, where \`*.tmp\` means the top folder alone. \`.git\` and \`${IGNORE_FILE}\` itself are never taken.

## Example

\`\`\`
${RULES}\`\`\`

| path | |
| --- | --- |
${rows.join("\n")}
`);
}
