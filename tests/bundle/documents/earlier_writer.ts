/** What earlier writers of bundles put into their documents. @module */
import { encodeCanonical } from "../../../src/bundle/documents/canonical.ts";
import { type Digest, digestBytes, digestHex } from "../../../src/core/digest.ts";
import { compareText } from "../../../src/core/text.ts";

/**
 * The digest that earlier writers put into a document itself: over the document without its
 * `digest` and without members that are null, its entries in order of their paths.
 */
export function selfDigest(document: Readonly<Record<string, unknown>>): Digest {
  const { digest: _, ...rest } = document;
  const entries = Array.isArray(rest["entries"]) ? { entries: byPath(rest["entries"]) } : {};
  return digestBytes(encodeCanonical(withoutNulls({ ...rest, ...entries })));
}

function byPath(entries: readonly unknown[]): unknown[] {
  const pathOf = (entry: unknown) => isRecord(entry) ? String(entry["path"]) : "";
  return entries.toSorted((a, b) => compareText(pathOf(a), pathOf(b)));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  // A key may be "__proto__", so no object literal is filled member by member.
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutNulls(member)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const digestOf = (text: string) => digestBytes(new TextEncoder().encode(text));

/** The index of layer code. */
export const CODE = {
  mediaType: "application/json",
  layer: "code",
  entries: [{ path: "src/a.py", layer: "code", oras: { digest: digestOf("print(1)\n"), size: 9 } }],
};

/** The index of layer data. */
export const DATA = {
  mediaType: "application/json",
  layer: "data",
  entries: [
    {
      path: "data/ten.bin",
      layer: "data",
      external: {
        uri: "az://cont1/b/data/ten.bin",
        sha256: digestHex(digestOf("0123456789")),
        size: 10,
        tier: "cool",
      },
      oras: null,
    },
    { path: "data/nine.bin", layer: "data", oras: { digest: digestOf("012345678"), size: 9 } },
  ],
};

/** The bundle manifest, which gives digests of the indexes without those in them. */
export const MANIFEST = {
  mediaType: "application/json",
  name: "golden",
  version: "1.0.0",
  description: null,
  roles: { training: ["code", "data"], default: ["code"] },
  layers: { code: selfDigest(CODE), data: selfDigest(DATA) },
  external_index_present: true,
};
