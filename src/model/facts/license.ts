/**
 * Licenses by the names that hubs and people give them.
 * See https://spdx.org/licenses and https://hf.co/docs/hub/repositories-licenses
 * @module
 */
import { withoutEnd } from "../../core/text.ts";

/** What a license allows, in a few words. */
type Use = "permissive" | "share alike" | "not for commercial use" | "with conditions of use";

/** SPDX identifiers, and what they allow. */
const LICENSES: readonly (readonly [use: Use, identifiers: string])[] = [
  [
    "permissive",
    `Apache-2.0 MIT MIT-0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear ISC Zlib BSL-1.0 CC0-1.0
     CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 Unlicense
     WTFPL NCSA PostgreSQL AFL-3.0 Artistic-2.0 ECL-2.0 MS-PL OFL-1.1 PDDL-1.0 0BSD`,
  ],
  [
    "share alike",
    `GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.1-only LGPL-2.1-or-later
     LGPL-3.0-only LGPL-3.0-or-later AGPL-3.0-only AGPL-3.0-or-later MPL-2.0 EPL-1.0 EPL-2.0
     EUPL-1.1 EUPL-1.2 OSL-3.0 CC-BY-SA-3.0 CC-BY-SA-4.0 ODbL-1.0 CDLA-Sharing-1.0 LPPL-1.3c
     GFDL-1.3-only`,
  ],
  [
    "not for commercial use",
    `CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0
     CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0`,
  ],
  ["with conditions of use", "CC-BY-ND-4.0 CC-BY-ND-3.0"],
];

/** Names that hubs give to licenses whose identifiers are spelt otherwise. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["gpl-2.0", "GPL-2.0-only"],
  ["gpl-3.0", "GPL-3.0-only"],
  ["lgpl-2.1", "LGPL-2.1-only"],
  ["lgpl-3.0", "LGPL-3.0-only"],
  ["agpl-3.0", "AGPL-3.0-only"],
  ["gfdl", "GFDL-1.3-only"],
  ["odbl", "ODbL-1.0"],
  ["pddl", "PDDL-1.0"],
  ["apache 2.0", "Apache-2.0"],
  ["apache-2", "Apache-2.0"],
  ["apache license 2.0", "Apache-2.0"],
  ["mit license", "MIT"],
]);

const IDENTIFIERS = new Map(
  LICENSES.flatMap(([use, names]) =>
    names.split(/\s+/).map((name) => [name.toLowerCase(), { name, use }] as const)
  ),
);

/** Licenses without an identifier that forbid commercial use, by a part of their names. */
const NON_COMMERCIAL = /non-?commercial|-nc\b|research-(only|license)|academic/i;

/** Words that say nothing: `other` stands for a license that is named elsewhere. */
const NO_LICENSE = new Set(["", "other", "unknown", "none", "null"]);

/**
 * The SPDX expression for what somebody calls a license: `apache-2.0` is `Apache-2.0`, and
 * `llama3`, which has no identifier, `LicenseRef-llama3`. `undefined` for what names none.
 */
export function spdxOf(name: string): string | undefined {
  const words = name.trim().replace(/^LicenseRef-/i, "");
  const known = IDENTIFIERS.get(words.toLowerCase())?.name ?? OTHER_NAMES.get(words.toLowerCase());
  if (known !== undefined || NO_LICENSE.has(words.toLowerCase())) return known;
  const dashed = words.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-+/, "");
  const reference = withoutEnd(dashed, "-").slice(0, 80);
  return reference === "" ? undefined : `LicenseRef-${reference}`;
}

/** What the license of an SPDX expression allows, in a few words; `undefined` when nobody knows. */
export function licenseUse(expression: string): Use | undefined {
  const name = expression.toLowerCase();
  const known = IDENTIFIERS.get(name)?.use;
  if (known !== undefined || !name.startsWith("licenseref-")) return known;
  return NON_COMMERCIAL.test(name) ? "not for commercial use" : "with conditions of use";
}

/** Texts of licenses by sentences that only they have, after white space was made one blank. */
const TEXTS: readonly (readonly [license: string, sentences: readonly RegExp[]])[] = [
  ["Apache-2.0", [/apache license,? version 2\.0/i]],
  ["MIT", [
    /permission is hereby granted, free of charge, to any person/i,
    /shall be included in/i,
  ]],
  ["MIT-0", [/permission is hereby granted, free of charge, to any person/i]],
  ["AGPL-3.0-only", [/gnu affero general public license version 3/i]],
  ["LGPL-3.0-only", [/gnu lesser general public license version 3/i]],
  ["LGPL-2.1-only", [/gnu lesser general public license version 2\.1/i]],
  ["GPL-3.0-only", [/gnu general public license version 3/i]],
  ["GPL-2.0-only", [/gnu general public license version 2/i]],
  ["MPL-2.0", [/mozilla public license,? version 2\.0/i]],
  ["BSD-3-Clause", [/redistribution and use in source and binary forms/i, /neither the name/i]],
  ["BSD-2-Clause", [/redistribution and use in source and binary forms/i]],
  ["ISC", [/permission to use, copy, modify, and(\/or)? distribute this software/i]],
  ["BSL-1.0", [/boost software license - version 1\.0/i]],
  ["CC0-1.0", [/cc0 1\.0 universal/i]],
  ["CC-BY-NC-SA-4.0", [/attribution-noncommercial-sharealike 4\.0/i]],
  ["CC-BY-NC-ND-4.0", [/attribution-noncommercial-noderivatives 4\.0/i]],
  ["CC-BY-NC-4.0", [/attribution-noncommercial 4\.0/i]],
  ["CC-BY-SA-4.0", [/attribution-sharealike 4\.0/i]],
  ["CC-BY-ND-4.0", [/attribution-noderivatives 4\.0/i]],
  ["CC-BY-4.0", [/attribution 4\.0 international/i]],
  ["EUPL-1.2", [/european union public licence v\. ?1\.2/i]],
  ["Zlib", [/this software is provided 'as-is', without any express or implied warranty/i]],
  ["Unlicense", [/this is free and unencumbered software released into the public domain/i]],
  ["WTFPL", [/do what the fuck you want to public license/i]],
  ["LicenseRef-llama4", [/llama 4 community license/i]],
  ["LicenseRef-llama3.3", [/llama 3\.3 community license/i]],
  ["LicenseRef-llama3.2", [/llama 3\.2 community license/i]],
  ["LicenseRef-llama3.1", [/llama 3\.1 community license/i]],
  ["LicenseRef-llama3", [/llama 3 community license/i]],
  ["LicenseRef-llama2", [/llama 2 community license/i]],
  ["LicenseRef-gemma", [/gemma terms of use/i]],
  ["LicenseRef-openrail", [/\b(open ?rail|responsible ai license)/i]],
];

/** Bytes of the beginning of a text that {@linkcode licenseOfText} wants to see. */
export const LICENSE_START = 8 * 1024;

/** The license that a text is, by its sentences; `undefined` when it is none that is known. */
export function licenseOfText(text: string): string | undefined {
  const start = text.slice(0, LICENSE_START).replace(/[\s*#>]+/g, " ");
  const row = TEXTS.find(([, sentences]) => sentences.every((sentence) => sentence.test(start)));
  return row?.[0];
}
