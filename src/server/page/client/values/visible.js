/**
 * Text from outside, with what nobody sees made visible.
 * @module
 */

const JOINING =
  "Arab Syrc Mong Nkoo Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt"
    .replace(/(\w+) ?/g, "\\p{scx=$1}");
const UNSEEN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
const JOINED = `(?!${UNSEEN})[${JOINING}]`;
const EMOJI = String.raw`(?:\p{Emoji_Presentation}|\p{ExtPict}[\ufe0e\ufe0f]?)\p{EMod}?`;

/**
 * Characters without a look of their own, with which one name looks like another; before them where
 * emoji and words are honestly written with them. Exactly those of `src/core/unseen.ts`, which a
 * page cannot import; a test compares the two.
 */
const PARTS = new RegExp(
  [
    String.raw`(${EMOJI}(?:\u200d${EMOJI})+|(?!\p{Emoji_Presentation})\p{ExtPict}[\ufe0e\ufe0f]`,
    String.raw`[0-9#*]\ufe0f\u20e3|\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}`,
    String.raw`\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}`,
    `(?<=${JOINED})[\\u200c\\u200d](?=${JOINED}))`,
    `(?![\\t\\n\\r])${UNSEEN}`,
  ].join("|"),
  "gu",
);

/**
 * Shows as an escape what nobody sees, `\\u202e`; line ends and tabs stay.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(PARTS, (found, honest) => honest ?? found.split("").map(escaped).join(""));
}

/** @param {string} unit */
function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
