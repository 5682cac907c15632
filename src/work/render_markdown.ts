/**
 * Markdown of strangers as HTML for a page: it runs nothing, fetches nothing, and leads only where
 * a reader can see it leads. To read what somebody wrote to be slow takes seconds, which nobody
 * else should wait for.
 * See https://spec.commonmark.org/0.31.2/
 * @module
 */
import { MarkdownIt } from "../deps/markdown-it.ts";

/** The schemes of addresses that may be followed. */
const SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);

/** A longer address is none that anybody would read. */
const LONGEST_ADDRESS = 2000;

/**
 * Characters of addresses in one document. An address that is defined once can be used at every
 * fourth byte, and all of them would take much more memory than the document.
 */
const ADDRESSES_LIMIT = 256 * 1024;

/** Characters of HTML; a document that makes more of it is shown as it was written. */
const LONGEST_HTML = 768 * 1024;

/** Blocks within blocks: what is deeper the parser leaves out, with all that comes after it. */
const DEEPEST = 100;

/** What is known while one document is rendered. */
interface Rendering {
  /** Characters of addresses that may still be written. */
  left: number;
  /** Links that are open. */
  depth: number;
}

const markdown = createRenderer();

/** A text that somebody wrote. */
export interface RenderMarkdownInput {
  readonly text: string;
  /** Whether it is Markdown; plain text stays as it is. */
  readonly isMarkdown: boolean;
}

/** Renders a document as HTML. Tags in it are text, and pictures are links to them. */
export async function renderMarkdown(
  { text, isMarkdown }: RenderMarkdownInput,
): Promise<string> {
  const html = isMarkdown ? htmlOf(text) : undefined;
  const isShown = html !== undefined && html.length <= LONGEST_HTML;
  return isShown ? html : `<pre>${escapeText(text)}</pre>\n`;
}

/** The HTML of Markdown; `undefined` where it would not have all of the text. */
function htmlOf(text: string): string | undefined {
  const rendering: Rendering = { left: ADDRESSES_LIMIT, depth: 0 };
  const tokens = markdown.parse(text, rendering);
  if (tokens.some(({ level }) => level >= DEEPEST - 1)) return undefined;
  return markdown.renderer.render(tokens, markdown.options, rendering);
}

function createRenderer(): MarkdownIt {
  const renderer = new MarkdownIt({ html: false, linkify: false, typographer: false });
  // Where a link leads is decided when it is written; here it would become text with brackets.
  renderer.validateLink = () => true;
  const { rules } = renderer.renderer;
  rules.link_open = (tokens, index, _options, rendering: Rendering) => {
    rendering.depth++;
    return openLink(tokens[index]?.attrGet("href"), rendering);
  };
  rules.link_close = (_tokens, _index, _options, rendering: Rendering) => {
    rendering.depth--;
    return "</a>";
  };
  rules.image = (tokens, index, options, rendering: Rendering, self) => {
    const token = tokens[index];
    const label = self.renderInlineAsText(token?.children ?? [], options, rendering);
    const text = escapeText(label.trim() || "image");
    if (rendering.depth > 0) return text;
    return `${openLink(token?.attrGet("src"), rendering)}${text}</a>`;
  };
  for (const cell of ["th_open", "td_open"]) {
    rules[cell] = (tokens, index) => {
      const [, side] = /^text-align:(left|right|center)$/.exec(
        String(tokens[index]?.attrGet("style") ?? ""),
      ) ?? [];
      // A policy that forbids styles forbids them in attributes too.
      return `<${cell.slice(0, 2)}${side === undefined ? "" : ` align="${side}"`}>`;
    };
  }
  return renderer;
}

/** The start of a link; one whose address may not be followed leads nowhere. */
function openLink(address: string | null | undefined, rendering: Rendering): string {
  const target = rendering.left > 0 ? followable(address ?? "") : undefined;
  if (target === undefined) return "<a>";
  rendering.left -= target.length;
  return `<a href="${escapeText(target)}" rel="noopener noreferrer nofollow">`;
}

/**
 * An address as browsers understand it, if a reader may follow it: one that says itself where it
 * leads, and not by a name before an `@`.
 */
function followable(address: string): string | undefined {
  if (address.length > LONGEST_ADDRESS || !URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  if (!SCHEMES.has(protocol) || username !== "" || password !== "") return undefined;
  return href;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
