/**
 * The first view of an artifact: its README, and the facts beside it.
 * @module
 */
import { RequestError } from "../parts/api.js";
import { copyButton } from "../parts/copy.js";
import { element } from "../parts/dom.js";
import {
  formatBytes,
  formatDay,
  formatMany,
  formatNumber,
  formatShare,
  shortDigest,
} from "../values/format.js";
import { SHORT_DESCRIPTION } from "./header.js";
import { kindClass, kindLabel } from "../values/kinds.js";
import { formatPlace } from "../values/place.js";
import { readmeContent } from "../parts/readme.js";
import { nothing } from "../parts/states.js";

/** @import { ModelAnswer } from "../answers.d.ts" */
/** @import { Shown } from "./model_page.js" */
/** @import { Capabilities } from "../answers.d.ts" */
/** @import { OtherAnswer } from "../answers.d.ts" */
/** @typedef {readonly [label: string, value: string | number | undefined | HTMLElement]} Row */

/** @param {Shown} shown */
export async function showOverview(shown) {
  const { model } = shown;
  if (model.facts === undefined) {
    return element("div", { class: "overview plain" }, otherFacts(model, shown.repository));
  }
  const hasReadme = model.files.some(({ path }) => /(^|\/)readme/i.test(path));
  return element(
    "div",
    { class: "overview" },
    hasReadme ? await readme(shown) : noReadme(),
    facts(model),
  );
}

/**
 * The README, the only markup of a model that is shown.
 * @param {Shown} shown
 */
async function readme({ more }) {
  try {
    const { path, html, truncated } = await more("readme");
    const { content, isCut } = readmeContent(html);
    const section = element(
      "section",
      { class: "readme", "aria-label": path },
      content,
      (truncated || isCut) &&
        element("p", { class: "note" }, `${path} goes on: this is its beginning`),
    );
    new ResizeObserver(() => letScroll(section)).observe(section);
    return section;
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
    return noReadme();
  }
}

/**
 * Lets keys scroll what is wider than its frame: not all browsers do so by themselves.
 * @param {HTMLElement} section
 */
function letScroll(section) {
  for (const part of section.querySelectorAll("pre, table")) {
    if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
    else part.removeAttribute("tabindex");
  }
}

function noReadme() {
  return element("section", { class: "readme" }, nothing("It has no README"));
}

/** @param {ModelAnswer} model */
function facts(model) {
  return element(
    "aside",
    { class: "facts", "aria-label": "Facts" },
    ...notes(model),
    composition(model),
    ...groups(model).map(([title, rows]) => group(title, rows)),
  );
}

/**
 * What has to be known before it is used.
 * @param {ModelAnswer} model
 */
function notes({ facts: { runsCode = [] }, unread, warnings }) {
  const runs = runsCode.length > 0 && element(
    "p",
    { class: "note caution" },
    element("strong", {}, "Runs code when it is loaded: "),
    runsCode.join(", "),
  );
  const partial = unread.length > 0 &&
    element("p", { class: "note" }, `Not read: ${unread.join(", ")}`);
  return [runs, partial, ...warnings.map((text) => element("p", { class: "note" }, text))].filter((
    note,
  ) => note !== false);
}

/**
 * A bar of the kinds of files, and what they are.
 * @param {ModelAnswer} model
 */
function composition({ parts }) {
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  const bar = element("div", { class: "bar", "aria-hidden": true });
  for (const { kind, size } of parts) {
    const piece = element("span", { class: kindClass(kind) });
    piece.style.flexGrow = `${size}`;
    bar.append(piece);
  }
  const list = element(
    "ul",
    { class: "legend" },
    ...parts.map(({ kind, files, size }) =>
      element(
        "li",
        {},
        element("span", { class: `dot ${kindClass(kind)}` }),
        element("span", {}, kindLabel(kind)),
        element("span", { class: "dim" }, formatMany(files, "file")),
        element("span", { class: "number", title: formatShare(size, total) }, formatBytes(size)),
      )
    ),
  );
  return element("section", {}, element("h2", {}, "What is in it"), bar, list);
}

/**
 * @param {ModelAnswer} model
 * @returns {[string, Row[]][]}
 */
function groups({ facts, source, capabilities, digest, configDigest, createdAt }) {
  const { shape = {}, adapter, tokenizer } = facts;
  const { knowledgeCutoff } = capabilities;
  return [
    ["Model", [
      ["Name", facts.name],
      ["License", facts.license],
      ["Task", facts.task],
      ["Library", facts.library],
      ["Languages", facts.languages?.join(", ")],
      ["Made from", facts.baseModels?.join(", ")],
      ["Datasets", facts.datasets?.join(", ")],
      ["Takes", capabilities.inputTypes?.join(", ")],
      ["Gives", capabilities.outputTypes?.join(", ")],
      ["Can", abilities(capabilities)],
      ["Knows until", knowledgeCutoff === undefined ? undefined : formatDay(knowledgeCutoff)],
    ]],
    ["Weights", [
      ["Family", facts.family],
      ["Architecture", facts.architecture],
      ["Class", facts.modelClass],
      [
        "Parameters",
        facts.paramCount === undefined
          ? undefined
          : `${facts.paramCountIsEstimate ? "about " : ""}${formatNumber(facts.paramCount)}`,
      ],
      ["Precision", facts.precision],
      ["Quantization", facts.quantization],
      ["Format", facts.format],
      ["Tensors", facts.tensorCount],
      ["Their bytes", facts.tensorBytes === undefined ? undefined : formatBytes(facts.tensorBytes)],
    ]],
    ["Shape", [
      ["Layers", shape.layers],
      ["Width", shape.width],
      ["Heads", shape.heads],
      ["Key-value heads", shape.keyValueHeads],
      ["Head width", shape.headWidth],
      ["Context", shape.contextLength],
      ["Vocabulary", shape.vocabularySize],
      ["Experts", shape.experts],
      ["Experts a token", shape.expertsPerToken],
    ]],
    ["Adapter", [
      ["Method", adapter?.method],
      ["Belongs to", adapter?.baseModel],
      ["Rank", adapter?.rank],
      ["Alpha", adapter?.alpha],
      ["Changes", adapter?.targets?.join(", ")],
    ]],
    ["Tokenizer", [
      ["Method", tokenizer?.method],
      ["Tokens", tokenizer?.vocabularySize],
      [
        "Chat template",
        tokenizer?.chatTemplate ? (tokenizer.tools ? "yes, with tools" : "yes") : undefined,
      ],
    ]],
    ["Source", [
      ["Authors", source.authors?.join(", ")],
      ["Vendor", source.vendor],
      ["Version", source.version],
      ["Revision", source.revision],
      ["Address", source.url],
      ["Documents", source.documentation],
      [
        "Description",
        (source.description?.length ?? 0) > SHORT_DESCRIPTION ? source.description : undefined,
      ],
    ]],
    ["Artifact", [
      ["Made on", createdAt === undefined ? undefined : formatDay(createdAt)],
      ["Digest", digestValue(digest)],
      ["Configuration", configDigest === undefined ? undefined : digestValue(configDigest)],
    ]],
  ];
}

/**
 * What a model can do beyond what it takes and gives.
 * @param {Capabilities} capabilities
 */
function abilities({ reasoning, toolUsage, reward }) {
  const words = [reasoning && "reason", toolUsage && "use tools", reward && "rate answers"];
  return words.filter(Boolean).join(", ");
}

/** @param {string} digest */
export function digestValue(digest) {
  const whole = element("span", { class: "unseen" }, digest);
  return element(
    "span",
    { class: "digest" },
    element("code", { title: digest, "aria-hidden": true }, shortDigest(digest)),
    whole,
    copyButton(whole, "the digest"),
  );
}

/**
 * @param {string} title
 * @param {readonly Row[]} rows Those without a value are left out, and the group without rows.
 */
function group(title, rows) {
  const known = rows.filter(([, value]) => value !== undefined && value !== "");
  if (known.length === 0) return undefined;
  return element(
    "section",
    {},
    element("h2", {}, title),
    element(
      "dl",
      {},
      ...known.map(([label, value]) =>
        element(
          "div",
          {},
          element("dt", {}, label),
          element("dd", {}, typeof value === "number" ? formatNumber(value) : value),
        )
      ),
    ),
  );
}

/**
 * What is known of something that is no model.
 * @param {OtherAnswer} other
 * @param {string} repository
 */
function otherFacts(
  { title, digest, mediaType, artifactType, createdAt, size, ...other },
  repository,
) {
  const { manifests, files = [] } = other;
  return element(
    "aside",
    { class: "facts", "aria-label": "Facts" },
    group("No model", [
      ["It is", title],
      ["Type", artifactType],
      ["Media type", mediaType],
      ["Size", size === undefined ? undefined : formatBytes(size)],
      ["Made on", createdAt === undefined ? undefined : formatDay(createdAt)],
      ["Digest", digestValue(digest)],
    ]),
    group("Its layers", files.map((part) => [formatBytes(part.size), part.path || part.mediaType])),
    group(
      "Its manifests",
      manifests?.map((part) => [
        formatBytes(part.size),
        element(
          "a",
          { href: formatPlace({ repository, reference: part.digest }), title: part.digest },
          element("code", {}, shortDigest(part.digest)),
        ),
      ]) ?? [],
    ),
  );
}
