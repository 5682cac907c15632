/**
 * The head of an artifact's page: which one it is, in a few words, and the commands that fetch it.
 * @module
 */
import { codeLine } from "../parts/code_line.js";
import { pullCommands } from "../values/commands.js";
import { element } from "../parts/dom.js";
import { formatAge, formatBytes, formatCount, formatDay, shortDigest } from "../values/format.js";
import { formatPlace } from "../values/place.js";

/** @import { Shown } from "./model_page.js" */

/**
 * @param {Shown} shown
 * @returns {HTMLElement[]}
 */
export function showHeader(shown) {
  const { repository, model } = shown;
  const slash = repository.lastIndexOf("/") + 1;
  const described = model.facts === undefined ? undefined : shortened(model.source.description);
  return [
    element(
      "header",
      { class: "head" },
      element(
        "div",
        { class: "title" },
        element(
          "h1",
          { title: repository },
          slash > 0 && element("span", { class: "dim" }, repository.slice(0, slash)),
          repository.slice(slash),
        ),
        tagChoice(shown),
      ),
      described !== undefined && element("p", { class: "described" }, described),
      element(
        "ul",
        { class: "chips", "aria-label": "In short" },
        ...chips(shown).map(([text, about]) => element("li", { title: about }, text)),
      ),
    ),
    commands(shown),
  ];
}

/** Characters of a description that stand at the head; the facts have all of it. */
export const SHORT_DESCRIPTION = 300;

/** @param {string | undefined} text */
function shortened(text) {
  if (text === undefined || text.length <= SHORT_DESCRIPTION) return text;
  // No half of a pair is left at the end.
  return `${text.slice(0, SHORT_DESCRIPTION).replace(/[\ud800-\udbff]$/, "").trimEnd()}…`;
}

/**
 * A choice among the tags. One that is asked for by its digest is no tag.
 * @param {Shown} shown
 */
function tagChoice({ repository, reference, tags }) {
  const names = tags.tags.map(({ tag }) => tag);
  const all = names.includes(reference) ? names : [reference, ...names];
  const choice = element(
    "select",
    {
      "aria-label": "Tag",
      onchange() {
        const link = element("a", {
          href: formatPlace({ repository, reference: choice.value }),
          hidden: true,
        });
        document.body.append(link);
        link.click();
        link.remove();
        document.querySelector("main")?.focus({ preventScroll: true });
      },
    },
    ...all.map((name) =>
      element("option", { value: name, selected: name === reference }, shortDigest(name))
    ),
  );
  return choice;
}

/**
 * The facts that people look for first, and what each is.
 * @param {Shown} shown
 * @returns {[text: string, about: string][]}
 */
function chips({ model }) {
  /** @type {[string | undefined, string][]} */
  const all = [[model.kind === "model" ? undefined : model.kind, "Kind"]];
  if (model.facts !== undefined) {
    const {
      license,
      task,
      family,
      paramCount,
      paramCountIsEstimate,
      precision,
      quantization,
      format,
    } = model.facts;
    all.push(
      [license, "License"],
      [task, "Task"],
      [family, "Family"],
      [
        paramCount === undefined
          ? undefined
          : `${paramCountIsEstimate ? "about " : ""}${formatCount(paramCount)} parameters`,
        "Parameters",
      ],
      [quantization ?? precision, quantization === undefined ? "Precision" : "Quantization"],
      [format, "Format"],
    );
  }
  all.push([model.size === undefined ? undefined : formatBytes(model.size), "Size"]);
  if (model.createdAt !== undefined) {
    all.push([formatAge(model.createdAt), `Made on ${formatDay(model.createdAt)}`]);
  }
  return all.flatMap(([text, about]) => text === undefined ? [] : [[text, about]]);
}

/** The tool whose command is shown; it stays the same from model to model. */
let chosenTool = "modelops";

/**
 * One command at a time, and a choice of the tool.
 * @param {Shown} shown
 */
function commands({ repository, reference, model: { kind } }) {
  const { host, protocol } = location;
  const lines = pullCommands({ host, isPlain: protocol === "http:", repository, reference, kind });
  const section = element("section", { class: "lines", "aria-label": "How to fetch it" });
  const show = () => {
    const chosen = lines.find(({ tool }) => tool === chosenTool) ?? lines[0];
    const tools = lines.map(({ tool }) =>
      element("button", {
        type: "button",
        "aria-pressed": `${tool === chosen.tool}`,
        onclick() {
          chosenTool = tool;
          show();
          /** @type {HTMLElement | null} */ (section.querySelector("[aria-pressed=true]"))?.focus();
        },
      }, tool)
    );
    const head = element("div", { class: "tools", role: "group", "aria-label": "Tool" }, ...tools);
    section.replaceChildren(codeLine(chosen.tool, chosen.line, { head }));
  };
  show();
  return section;
}
