/**
 * Characters that nobody sees, found in text from outside.
 * @module
 */

/** Scripts of which words are written with joiners that have no width. */
const JOINED_SCRIPTS = [
  ...["Arab", "Syrc", "Mong", "Nkoo", "Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu"],
  ...["Knda", "Mlym", "Sinh", "Khmr", "Mymr", "Tibt"],
].map((script) => `\\p{scx=${script}}`).join("");

/**
 * Controls of terminals, what turns or marks the direction of writing, ends of lines, halves of
 * pairs, and all that has no width: with these, one name looks like another.
 */
const UNSEEN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

/** A letter or mark of these scripts that can be seen. */
const JOINED = `(?!${UNSEEN})[${JOINED_SCRIPTS}]`;

/** One emoji; what asks for its colours is part of it only where they are not the usual ones. */
const EMOJI = String.raw`(?:\p{Emoji_Presentation}|\p{ExtPict}[\ufe0e\ufe0f]?)\p{EMod}?`;

/** What honest text has unseen characters for (UTS #51 and UAX #31), each kind as a pattern. */
const HONEST = [
  // Families, jobs and the like: emoji that are joined.
  String.raw`${EMOJI}(?:\u200d${EMOJI})+`,
  // Signs that are shown as emoji, and keys.
  String.raw`(?!\p{Emoji_Presentation})\p{ExtPict}[\ufe0e\ufe0f]`,
  String.raw`[0-9#*]\ufe0f\u20e3`,
  // The flags of England, Scotland and Wales: a black flag with gbeng, gbsct or gbwls after it.
  String
    .raw`\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}`,
  `(?<=${JOINED})[\\u200c\\u200d](?=${JOINED})`,
].join("|");

/**
 * Makes a function that puts another text in the place of each character that nobody sees. Those of
 * `kept` stay, and so do those that emoji and some scripts are written with, where they are.
 */
export function unseenReplacer(
  replacement: (unseen: string) => string,
  kept: "" | "\t\n" | "\t\n\r" = "",
): (text: string) => string {
  // Most of what is shown; the other patterns take a while to be made.
  const plain = new RegExp(`^[ -~${kept}]*$`);
  let patterns: { readonly unseen: RegExp; readonly parts: RegExp } | undefined;
  const replaced = (char: string) => kept.includes(char) ? char : replacement(char);
  return (text) => {
    if (plain.test(text)) return text;
    patterns ??= {
      unseen: new RegExp(kept === "" ? UNSEEN : `(?![${kept}])${UNSEEN}`, "u"),
      parts: new RegExp(`(${HONEST})|${UNSEEN}+`, "gu"),
    };
    if (!patterns.unseen.test(text)) return text;
    return text.replace(
      patterns.parts,
      (found: string, honest?: string) => honest ?? Array.from(found, replaced).join(""),
    );
  };
}
