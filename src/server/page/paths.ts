/**
 * The page at `/`, for people with a browser. What it shows it asks the JSON API for.
 * @module
 */
import { digestDocument } from "../../core/digest.ts";
import { textResponse } from "../documents.ts";
import { entityTag, notModified } from "../preconditions.ts";
import type { FixedPath, FixedPaths } from "../paths.ts";
import { ASSETS, DOCUMENT } from "./assets.ts";

/**
 * Only what the page itself has runs, and nothing is fetched from elsewhere; text becomes markup in
 * one place, which has a name. See https://www.w3.org/TR/CSP3/ and
 * https://www.w3.org/TR/trusted-types/
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types readme",
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The paths of the page and of its parts. */
export function pagePaths(): FixedPaths {
  const parts = Object.entries(ASSETS).map(([path, text]) => [`/_/${path}`, asset(path, text)]);
  return { "/": { isPage: true, ...asset("index.html", DOCUMENT) }, ...Object.fromEntries(parts) };
}

/** A text that a browser keeps, and asks for again only whether it is still the same. */
function asset(path: string, text: string): FixedPath {
  return {
    async answer(request) {
      const digest = await digestDocument(new TextEncoder().encode(text));
      const headers = {
        "content-type": TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain",
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-cache",
        etag: entityTag(digest),
      };
      return notModified(request, digest, headers) ?? textResponse(text, { headers });
    },
  };
}
