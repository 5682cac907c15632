/**
 * The page: the list at the side, the model beside it, and the address that says which one.
 * @module
 */
import { byId, icon } from "./parts/dom.js";
import { ModelPage } from "./views/model_page.js";
import { parsePlace } from "./values/place.js";
import { Repositories } from "./views/repositories.js";
import { visible } from "./values/visible.js";
import { showStart } from "./views/start.js";

const main = byId("main");
const start = showStart();
const repositories = new Repositories((answer) => {
  start.count(answer);
  document.body.toggleAttribute("data-empty", answer.total === 0);
});

/** @type {ModelPage | undefined} */
let model;

/**
 * Shows what the address says.
 * @param {{ byPerson: boolean }} how Whether somebody went there: then the focus does, too.
 */
function show({ byPerson }) {
  const place = parsePlace(location.search);
  document.body.dataset.place = place.repository === undefined ? "start" : "model";
  document.title = place.repository === undefined
    ? "Models"
    : `${visible(place.repository)} · Models`;
  repositories.mark(place.repository);
  if (place.repository === undefined) {
    model?.close();
    model = undefined;
    main.replaceChildren(start.content);
    return;
  }
  if (model?.isOf(place)) return void model.show(place.view);
  model?.close();
  model = new ModelPage({ ...place, repository: place.repository });
  main.replaceChildren(model.content);
  main.scrollTop = 0;
  if (byPerson) main.focus({ preventScroll: true });
}

/** Links within the page change the address and nothing else. */
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const address = link?.getAttribute("href");
  if (!address?.startsWith("?") || link?.target || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(address, { byPerson: !link?.closest("[role=tablist]") });
});

/**
 * Goes to a place of the page.
 * @param {string} address A query.
 * @param {{ byPerson: boolean }} [how]
 */
function go(address, how = { byPerson: true }) {
  if (address !== (location.search || "?")) {
    history.pushState(null, "", address === "?" ? "./" : address);
  }
  show(how);
}

addEventListener("popstate", () => show({ byPerson: false }));

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLElement &&
    event.target.matches("input, select, textarea");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    // In a narrow window the list is elsewhere.
    if (!byId("search").checkVisibility()) go("?");
    repositories.focusSearch();
  } else if (event.key === "Escape" && main.contains(document.activeElement)) {
    repositories.focusList();
  }
});

const THEMES = /** @type {const} */ (["system", "light", "dark"]);

/** The button that goes through the themes. */
function setUpTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const label = () => {
    const theme = THEMES.find((name) => name === root.dataset.theme) ?? "system";
    button.replaceChildren(icon(theme));
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    return theme;
  };
  button.addEventListener("click", () => {
    const theme = THEMES[(THEMES.indexOf(label()) + 1) % THEMES.length];
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // It lasts as long as the page then.
    }
    label();
  });
  label();
}

byId("host").textContent = location.host;
setUpTheme();
show({ byPerson: false });
void repositories.load();
