/**
 * Text that is copied by a click, also where the clipboard is closed to the page.
 * @module
 */
import { announce, element, icon } from "./dom.js";

/** How long a button says that it did what it is for, in milliseconds. */
const SAID = 1600;

/**
 * A button that copies the text of an element.
 * @param {HTMLElement} source
 * @param {string} what What is copied, for those who do not see it.
 */
export function copyButton(source, what) {
  const button = element("button", {
    class: "copy",
    type: "button",
    title: "Copy",
    "aria-label": `Copy ${what}`,
    async onclick() {
      const isCopied = await copyText(source);
      button.replaceChildren(
        icon(isCopied ? "done" : "copy"),
        isCopied ? "Copied" : "Press Ctrl+C",
      );
      button.classList.toggle("did", isCopied);
      announce(isCopied ? `Copied ${what}` : `Selected ${what}: press Ctrl+C to copy`);
      setTimeout(() => show(), SAID);
    },
  });
  const show = () => {
    button.replaceChildren(icon("copy"), "Copy");
    button.classList.remove("did");
  };
  show();
  return button;
}

/**
 * Copies the text of an element, and otherwise selects it. Outside of secure contexts, as on plain
 * HTTP of another machine, there is no `clipboard`; the older command needs a selection.
 * @param {HTMLElement} source
 * @returns {Promise<boolean>} Whether it was copied.
 */
async function copyText(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return document.execCommand("copy");
  }
}
