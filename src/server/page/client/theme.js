/**
 * Sets the theme before anything is painted, which is why it is no module. Without a choice the
 * page follows the system.
 */
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage can be switched off; then the choice lasts as long as the page.
  }
})();
