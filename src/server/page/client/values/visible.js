/**
 * Text from outside, with what nobody sees made visible.
 * @module
 */

/**
 * Controls, what turns or marks the direction of writing, ends of lines of other kinds, and marks
 * without a width: with them one name looks like another. Joiners stay, since emoji and several
 * scripts are written with them.
 */
const UNSEEN =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * Shows as an escape what nobody sees, `\\u202e`; line ends and tabs stay.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(
    UNSEEN,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
