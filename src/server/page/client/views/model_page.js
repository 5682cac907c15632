/**
 * One artifact of a repository: its name and tag, and the views of what is known of it.
 * @module
 */
import { ask } from "../parts/api.js";
import { element, icon } from "../parts/dom.js";
import { showFiles } from "./files.js";
import { showHeader } from "./header.js";
import { showOverview } from "./overview.js";
import { formatPlace } from "../values/place.js";
import { failure, loading, nothing } from "../parts/states.js";
import { Tabs } from "../parts/tabs.js";
import { showReferrers, showTags } from "./tags.js";
import { showTensors } from "./tensors.js";

/** @import { ModelAnswer } from "../answers.d.ts" */
/** @import { OtherAnswer } from "../answers.d.ts" */
/** @import { TagsAnswer } from "../answers.d.ts" */
/** @import { Place } from "../values/place.js" */
/** @import { View } from "../values/place.js" */
/** @import { Answers } from "../answers.d.ts" */

/**
 * What the views show.
 * @typedef {object} Shown
 * @property {string} repository
 * @property {string} reference Tag or digest.
 * @property {ModelAnswer | OtherAnswer} model
 * @property {TagsAnswer} tags
 * @property {<Name extends "tensors" | "readme">(name: Name) => Promise<Answers[Name]>} more
 * Asks for what takes longer; asked again it gives the same answer.
 */

/**
 * Makes the content of a panel. @type {Readonly<Record<View, (shown: Shown) => Node |
 * Promise<Node>>>}
 */
const PANELS = {
  overview: showOverview,
  files: showFiles,
  tensors: showTensors,
  tags: showTags,
  referrers: showReferrers,
};

/** The page of an artifact. */
export class ModelPage {
  content = element("article", { class: "model" });
  /** @type {Place & { repository: string }} */
  #place;
  /** @type {View} */
  #view;
  #closed = new AbortController();
  /** @type {Shown | undefined} */
  #shown;
  /** @type {Tabs | undefined} */
  #tabs;

  /** @param {Place & { repository: string }} place */
  constructor(place) {
    this.#place = place;
    this.#view = place.view;
    void this.#load();
  }

  /**
   * Whether this is the page of a place, whatever its view.
   * @param {Place} place
   */
  isOf({ repository, reference }) {
    return repository === this.#place.repository && reference === this.#place.reference;
  }

  /** Ends what is under way. */
  close() {
    this.#closed.abort();
  }

  /**
   * Shows a view.
   * @param {View} view
   */
  async show(view) {
    this.#view = view;
    const [shown, tabs] = [this.#shown, this.#tabs];
    if (shown === undefined || tabs === undefined) return;
    // Its address may have been written for another kind of artifact.
    if (!tabs.has(view)) return void await this.show("overview");
    tabs.select(view);
    const wait = setTimeout(() => tabs.panel.replaceChildren(loading()), 80);
    try {
      const content = await PANELS[view](shown);
      if (this.#view === view) tabs.panel.replaceChildren(content);
    } catch (error) {
      if (this.#closed.signal.aborted || this.#view !== view) return;
      tabs.panel.replaceChildren(failure(error, () => this.show(view)));
    } finally {
      clearTimeout(wait);
    }
  }

  async #load() {
    const { repository } = this.#place;
    this.content.replaceChildren(this.#back(), element("h1", {}, repository), loading());
    try {
      const shown = this.#shown = await this.#read();
      if (shown === undefined) return;
      this.#tabs = tabsOf(this.#place, shown);
      this.content.replaceChildren(
        this.#back(),
        ...showHeader(shown),
        this.#tabs.bar,
        this.#tabs.panel,
      );
      await this.show(this.#view);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      const other = this.#place.reference !== undefined &&
        element("a", { href: formatPlace({ repository }) }, "Show the newest of this repository");
      this.content.replaceChildren(
        this.#back(),
        element("h1", {}, repository),
        failure(error, () => this.#load(), other),
      );
    }
  }

  /**
   * @returns {Promise<Shown | undefined>} `undefined` where no tag leads anywhere, which is said.
   */
  async #read() {
    const { repository, reference: asked } = this.#place;
    const { signal } = this.#closed;
    const model = (/** @type {string} */ reference) =>
      ask("model", { repository, reference }, signal);
    // With the reference in the address both are asked for at once.
    const early = asked === undefined ? undefined : model(asked);
    early?.catch(() => {});
    const tags = await ask("tags", { repository }, signal);
    const reference = asked ?? tags.tags[0]?.tag;
    if (reference === undefined) {
      this.content.replaceChildren(this.#back(), element("h1", {}, repository), noTags(tags));
      return undefined;
    }
    /** @type {Map<string, Promise<any>>} */
    const asking = new Map();
    return {
      repository,
      reference,
      tags,
      model: await (early ?? model(reference)),
      more(name) {
        const answer = asking.get(name) ?? ask(name, { repository, reference }, signal);
        asking.set(name, answer);
        // What failed is asked for again.
        answer.catch(() => asking.delete(name));
        return answer;
      },
    };
  }

  #back() {
    return element("a", { class: "back", href: formatPlace({}) }, icon("back"), "Repositories");
  }
}

/**
 * A repository of which nothing can be shown, and why.
 * @param {TagsAnswer} tags
 */
function noTags({ total, warnings }) {
  if (total === 0) {
    return nothing(
      "It has no tags",
      element("p", {}, "What was pushed here has no name any more."),
    );
  }
  return nothing(
    "Its tags lead to nothing that can be read",
    ...warnings.map((text) => element("p", { class: "said" }, text)),
  );
}

/**
 * @param {{ repository: string, reference?: string }} place
 * @param {Shown} shown
 */
function tabsOf({ repository, reference }, { model, tags }) {
  const count = { tags: tags.total };
  if (model.facts === undefined) {
    return new Tabs({ repository, reference }, ["overview", "tags"], count);
  }
  return new Tabs(
    { repository, reference },
    ["overview", "files", "tensors", "tags", "referrers"],
    {
      ...count,
      files: model.fileCount,
      tensors: model.facts.tensorCount,
      referrers: model.referrers.length,
    },
  );
}
