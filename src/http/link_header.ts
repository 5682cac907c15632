/**
 * `Link` headers, by which a list names its next page.
 * See https://www.rfc-editor.org/rfc/rfc8288
 * @module
 */

/** The target of a `Link` header's relation `next`, resolved against the page that it came with. */
export function nextPage(link: string | null, page: URL): URL | undefined {
  for (const [, target = "", parameters = ""] of (link ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*("?)(?:[^"]*\s)?next(?:\s[^"]*)?\1\s*(?:[;,]|$)/i.test(parameters)) {
      continue;
    }
    return URL.parse(target, page) ?? undefined;
  }
  return undefined;
}
