/**
 * The README of a model, the only markup that comes from outside.
 *
 * The server has sanitised it. It is read once more into a document that neither runs nor fetches
 * anything, and what is known to be harmless is made anew from there.
 * @module
 */
import { visible } from "../values/visible.js";

/** The elements that are taken over, and their attributes. */
const ELEMENTS = /** @type {Readonly<Record<string, readonly string[]>>} */ ({
  a: ["href", "title"],
  abbr: ["title"],
  b: [],
  blockquote: [],
  br: [],
  code: [],
  dd: [],
  del: [],
  dl: [],
  dt: [],
  em: [],
  h1: [],
  h2: [],
  h3: [],
  h4: [],
  h5: [],
  h6: [],
  hr: [],
  i: [],
  kbd: [],
  li: [],
  ol: ["start"],
  p: [],
  pre: [],
  s: [],
  strong: [],
  sub: [],
  sup: [],
  table: [],
  tbody: [],
  td: ["colspan", "rowspan"],
  th: ["colspan", "rowspan"],
  thead: [],
  tr: [],
  ul: [],
});

/**
 * Elements whose text is copied or followed, and so has to be what it looks like. Words beside them
 * keep the marks that some scripts are written with.
 */
const EXACT = "a, code, kbd, pre";

/** Elements whose text is none that anybody should read. */
const SILENT = new Set(["script", "style", "template", "iframe", "object", "title"]);

/** @type {{ createHTML(html: string): string } | undefined} The only way from text to markup. */
const trusted = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("readme", {
  createHTML: (/** @type {string} */ html) => html,
});

/** The most elements and texts: with a hundred thousand a browser is busy for seconds. */
const MOST_NODES = 20_000;

/**
 * Makes the content of a README from its HTML.
 * @param {string} html
 * @returns {{ content: DocumentFragment, isCut: boolean }} What is shown, and whether that is not
 * all.
 */
export function readmeContent(html) {
  const inert = new DOMParser().parseFromString(trusted?.createHTML(html) ?? html, "text/html");
  const content = document.createDocumentFragment();
  const room = { left: MOST_NODES };
  for (const node of inert.body.childNodes) copyInto(content, node, room);
  return { content, isCut: room.left < 0 };
}

/**
 * @param {Node} parent
 * @param {Node} node
 * @param {{ left: number }} room
 */
function copyInto(parent, node, room) {
  if (--room.left < 0) return;
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.nodeValue ?? "";
    const isExact = node.parentElement?.closest(EXACT);
    parent.appendChild(document.createTextNode(isExact ? visible(text) : text));
  }
  if (!(node instanceof Element) && node.nodeType !== Node.ELEMENT_NODE) return;
  const source = /** @type {Element} */ (node);
  const tag = source.localName;
  if (SILENT.has(tag)) return;
  if (tag === "img") return void parent.appendChild(imageText(source));
  if (tag === "input") {
    return void parent.appendChild(
      document.createTextNode(source.hasAttribute("checked") ? "☑ " : "☐ "),
    );
  }
  // What is not known is left out, and not what is in it.
  const made = Object.hasOwn(ELEMENTS, tag) ? copyOf(source) : parent;
  for (const child of source.childNodes) copyInto(made, child, room);
  if (made !== parent) parent.appendChild(made);
}

/**
 * An element with the attributes that are taken over. The page has the first heading.
 * @param {Element} source
 */
function copyOf(source) {
  const tag = source.localName;
  const level = /^h([1-5])$/.exec(tag)?.[1];
  const made = document.createElement(level === undefined ? tag : `h${Number(level) + 1}`);
  for (const name of ELEMENTS[tag] ?? []) {
    const value = source.getAttribute(name);
    if (value === null || name === "href" && !isWebAddress(value)) continue;
    made.setAttribute(name, name === "title" ? visible(value) : value);
  }
  if (made.hasAttribute("href")) {
    made.setAttribute("rel", "noopener noreferrer nofollow");
    made.setAttribute("target", "_blank");
  }
  return made;
}

/**
 * Other addresses lead to files of the model or run something.
 * @param {string} text
 */
function isWebAddress(text) {
  return URL.canParse(text) && ["http:", "https:", "mailto:"].includes(new URL(text).protocol);
}

/**
 * Pictures are not fetched: they would tell others who reads this.
 * @param {Element} image
 */
function imageText(image) {
  const text = document.createElement("span");
  text.className = "picture";
  text.textContent = visible(image.getAttribute("alt") || "picture");
  return text;
}
