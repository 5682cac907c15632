/** Text that is made to look like other text. @module */
import fc from "fast-check";

/** Letters, and what nobody sees between them. */
const PARTS = [
  ..."aA1# \t\n\r\u001b\u0085\u00ad\u034f\u061c\u200b\u200c\u200d\u202e\u2060\u2066\u2800\u3164\ufe0f\ufeff",
  ..."\u{e0100}\u{e0067}\u{e007f}\u{1f3f4}👩😀❤☎\u{1f3fd}\u20e3نකි\u0dca模",
  "\ud800",
  "\udc00",
];

/** Texts of any characters, and of those that are often put together wrongly. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(...PARTS)).map((parts) => parts.join("")),
);
