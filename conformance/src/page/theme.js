// The switch between the system's colours, light and dark. What was chosen is remembered where the
// browser lets a page from a file remember anything.
const THEMES = { auto: "Colours: system", light: "Colours: light", dark: "Colours: dark" };

function rememberedTheme() {
  try {
    const theme = localStorage.getItem("hostproof-theme");
    return theme in THEMES ? theme : "auto";
  } catch {
    return "auto";
  }
}

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const button = document.querySelector(".theme");
  button.textContent = THEMES[theme];
  button.dataset.current = theme;
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const current = document.querySelector(".theme").dataset.current;
  const theme = names[(names.indexOf(current) + 1) % names.length];
  showTheme(theme);
  try {
    localStorage.setItem("hostproof-theme", theme);
  } catch {
    // It lasts as long as the page.
  }
}

showTheme(rememberedTheme());
document.querySelector(".theme").addEventListener("click", nextTheme);
