/**
 * `Link` headers, by which a list names its next page.
 * See https://www.rfc-editor.org/rfc/rfc8288
 * @module
 */

/** The target of a `Link` header's relation `next`, resolved against the page that it came with. */
export function nextPage(link: string | null, page: URL): URL | undefined {
  for (const { target, parameters } of linksOf(link ?? "")) {
    if (relationsOf(parameters).includes("next")) return URL.parse(target, page) ?? undefined;
  }
  return undefined;
}

/** The links of a header, with the text that follows the target of each. */
function* linksOf(header: string): Generator<{ target: string; parameters: string }, void> {
  for (let at = header.indexOf("<"); at >= 0;) {
    const end = header.indexOf(">", at);
    if (end < 0) return;
    const next = header.indexOf("<", end);
    const parameters = header.slice(end + 1, next < 0 ? undefined : next);
    yield { target: header.slice(at + 1, end), parameters };
    at = next;
  }
}

const PARAMETER = /;[ \t]*([^\s;,="]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;,"]*))/g;

/** The relations of a link in lower case; `rel` may name several. */
function relationsOf(parameters: string): readonly string[] {
  return Array.from(
    parameters.matchAll(PARAMETER),
    ([, name = "", quoted, plain = ""]) => name.toLowerCase() === "rel" ? quoted ?? plain : "",
  ).flatMap((value) => value.toLowerCase().split(/\s+/));
}
